// everything_server --listen=HOST:PORT --admin-listen=HOST:PORT: the tests' gRPC server as a separate process. With
// --with-overlap, it serves overlap.proto too.
//
// Prints `everything_server ready grpc=ADDR admin=ADDR` and serves until a signal. Every request to the admin address
// returns the counters in Prometheus's text format, so that they are readable while gRPC hangs.
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "tests/conformance/everything_server.h"

namespace penstock::testing {
namespace {

std::string Metrics(const EverythingStats& stats) {
  return absl::StrCat("everything_live ", stats.live.load(), "\neverything_flood_bytes ", stats.flood_bytes.load(),
                      "\neverything_cancelled ", stats.cancelled.load(), "\neverything_calls ", stats.calls.load(),
                      "\neverything_deadline_milliseconds ", stats.deadline_milliseconds.load(), "\n");
}

// One client after the other: a test asks, and waits for the answer.
[[noreturn]] void ServeAdmin(int listener, const EverythingStats& stats) {
  for (;;) {
    const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    const timeval limit{1, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    char request[4096];
    const ssize_t asked = recv(fd, request, sizeof(request), 0);
    const std::string body = Metrics(stats);
    const std::string reply =
        absl::StrCat("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ", body.size(), "\r\n\r\n", body);
    if (asked > 0 && send(fd, reply.data(), reply.size(), MSG_NOSIGNAL) < 0) perror("admin");
    close(fd);
  }
}

// A listener on a port of the kernel's choice; sets its number.
int ListenOnLoopback(uint16_t* port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  if (bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(listener, SOMAXCONN) != 0 || getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    perror("everything_server: admin address");
    exit(1);
  }
  *port = ntohs(address.sin_port);
  return listener;
}

int Main(int argc, char** argv) {
  std::string listen = "127.0.0.1:0";
  bool with_overlap = false;
  for (int i = 1; i < argc; ++i) {
    absl::string_view argument = argv[i];
    if (absl::ConsumePrefix(&argument, "--listen=")) {
      listen = std::string(argument);
    } else if (argument == "--with-overlap") {
      with_overlap = true;
    } else if (!absl::ConsumePrefix(&argument, "--admin-listen=127.0.0.1:0")) {
      fprintf(stderr, "everything_server: what is %s? It takes --listen=HOST:PORT and --with-overlap\n", argv[i]);
      return 2;
    }
  }
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);  // before any thread: sigwait below is the only one to take them

  EverythingServer server(with_overlap);
  if (!server.Start(listen)) {
    fprintf(stderr, "everything_server: cannot listen on %s\n", listen.c_str());
    return 1;
  }
  uint16_t admin_port = 0;
  const int admin = ListenOnLoopback(&admin_port);
  std::thread([admin, &server] { ServeAdmin(admin, server.stats()); }).detach();
  printf("everything_server ready grpc=%s admin=127.0.0.1:%u\n", server.address().c_str(), admin_port);
  fflush(stdout);
  int signal_number = 0;
  sigwait(&ends, &signal_number);
  _exit(0);  // the admin thread refers to the server, and nothing here needs an orderly end
}

}  // namespace
}  // namespace penstock::testing

int main(int argc, char** argv) { return penstock::testing::Main(argc, argv); }
