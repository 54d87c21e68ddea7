#include "tests/support/servers.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tests/support/raw_client.h"

namespace penstock::testing {
namespace {

[[noreturn]] void Die(const std::string& message) {
  fprintf(stderr, "%s\n", message.c_str());
  exit(EXIT_FAILURE);
}

// The value of `key=` in a ready line, up to the next space; a wildcard address becomes the loopback one.
std::string ReadyField(absl::string_view line, absl::string_view key) {
  for (absl::string_view word : absl::StrSplit(line, ' ')) {
    if (!absl::ConsumePrefix(&word, absl::StrCat(key, "="))) continue;
    for (absl::string_view any : {"0.0.0.0:", "[::]:", "localhost:"}) {
      if (absl::StartsWith(word, any)) return absl::StrCat("127.0.0.1:", word.substr(any.size()));
    }
    return std::string(word);
  }
  return "";
}

// ThreadSanitizer cannot see gRPC's own synchronisation, so what it says of a process that links gRPC means nothing.
const char kNoThreadReports[] = "TSAN_OPTIONS=report_bugs=0";

std::unique_ptr<Server> Start(std::vector<std::string> argv, absl::string_view ready, absl::string_view key,
                              std::vector<std::string> environment = {}) {
  absl::StatusOr<std::unique_ptr<Process>> process = Process::Spawn(argv, std::move(environment));
  if (!process.ok()) Die(process.status().ToString());
  const absl::optional<std::string> line = (*process)->WaitForLine(ready, Soon());
  if (!line) {
    (*process)->Signal(SIGKILL);
    (*process)->Wait(Soon());
    Die(absl::StrCat("no line \"", ready, "\" from ", argv[0], ". It wrote:\n", (*process)->Output()));
  }
  const std::string address = ReadyField(*line, key), admin_address = ReadyField(*line, "admin");
  if (address.empty() || admin_address.empty()) Die("the ready line lacks an address: " + *line);
  return std::make_unique<Server>(std::move(*process), address, admin_address);
}

std::unique_ptr<Server> StartHttp(const std::string& binary, absl::string_view ready, std::vector<std::string> flags,
                                  bool wait_ready) {
  flags.insert(flags.begin(), {binary, "--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0"});
  std::unique_ptr<Server> server = Start(std::move(flags), ready, "http");
  if (wait_ready && !WaitForReadiness(*server, 200, Soon())) {
    Die(absl::StrCat("no readiness after \"", ready, "\". It wrote:\n", server->process().Output()));
  }
  return server;
}

}  // namespace

double Server::Metric(absl::string_view name) const {
  const absl::StatusOr<Response> response = Exchange(admin_address_, Request("GET", "/metrics"), Soon());
  if (!response.ok()) return 0;
  double sum = 0;
  for (absl::string_view line : response->Lines()) {
    if (!absl::ConsumePrefix(&line, name) || (!absl::StartsWith(line, " ") && !absl::StartsWith(line, "{"))) continue;
    double value = 0;
    if (absl::SimpleAtod(line.substr(line.rfind(' ') + 1), &value)) sum += value;
  }
  return sum;
}

void Server::Kill() {
  process_->Signal(SIGKILL);
  process_->Wait(Soon());
}

std::string FindBinary(absl::string_view runfile, const char* variable) {
  if (const char* path = getenv(variable)) return path;
  // A test's working directory is its runfiles' workspace folder; `bazel run` keeps that; a path by hand may not.
  for (const char* root : {".", "bazel-bin"}) {
    const std::string path = absl::StrCat(root, "/", runfile);
    if (access(path.c_str(), R_OK) == 0) return path;
  }
  Die(absl::StrCat(runfile, " is not in the runfiles: add it to `data`, or set ", variable));
}

std::unique_ptr<Server> StartService(std::vector<std::string> flags, absl::string_view listen) {
  std::vector<std::string> argv = {FindBinary("service/penstock-ticks", "PENSTOCK_TICKS"),
                                   absl::StrCat("--listen=", listen), "--admin-listen=127.0.0.1:0"};
  argv.insert(argv.end(), flags.begin(), flags.end());
  return Start(std::move(argv), "penstock-ticks ready", "grpc", {kNoThreadReports});
}

std::unique_ptr<Server> StartEverythingServer(std::vector<std::string> flags, absl::string_view listen) {
  std::vector<std::string> argv = {FindBinary("tests/conformance/everything_server", "PENSTOCK_EVERYTHING_SERVER"),
                                   absl::StrCat("--listen=", listen), "--admin-listen=127.0.0.1:0"};
  argv.insert(argv.end(), flags.begin(), flags.end());
  return Start(std::move(argv), "everything_server ready", "grpc", {kNoThreadReports});
}

std::unique_ptr<Server> StartGateway(std::vector<std::string> flags, bool wait_ready) {
  return StartHttp(FindBinary("gateway/penstock-gateway", "PENSTOCK_GATEWAY"), "penstock-gateway ready",
                   std::move(flags), wait_ready);
}

std::unique_ptr<Server> StartReferenceGateway(std::vector<std::string> flags) {
  return StartHttp(FindBinary("tests/conformance/reference_gateway", "PENSTOCK_REFERENCE_GATEWAY"),
                   "reference_gateway ready", std::move(flags), /*wait_ready=*/true);
}

std::unique_ptr<Server> StartTickReferenceGateway(std::vector<std::string> flags) {
  return StartHttp(FindBinary("gateway/reference/reference-gateway", "PENSTOCK_TICK_REFERENCE_GATEWAY"),
                   "reference-gateway ready", std::move(flags), /*wait_ready=*/true);
}

bool WaitForReadiness(const Server& server, int status, absl::Time deadline) {
  return WaitUntil(
      [&] {
        const absl::StatusOr<Response> response = Exchange(server.admin_address(), Request("GET", "/readyz"), deadline);
        return response.ok() && response->status == status;
      },
      deadline);
}

ReservedPort::ReservedPort() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  // Bound and never listening: a connection to it is refused.
  if (bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    Die("no port to reserve");
  }
  address_ = absl::StrCat("127.0.0.1:", ntohs(address.sin_port));
}

ReservedPort::~ReservedPort() { Release(); }

void ReservedPort::Release() {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

}  // namespace penstock::testing
