#include "service/socket_cork.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace penstock::service {
namespace {

// A connection over loopback by `family`: the accepting side's descriptor and the other's.
class Connection {
 public:
  explicit Connection(int family) {
    const int listener = socket(AF_INET6, SOCK_STREAM, 0);
    sockaddr_in6 any = {};
    any.sin6_family = AF_INET6;
    EXPECT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&any), sizeof any), 0);
    EXPECT_EQ(listen(listener, 1), 0);
    socklen_t length = sizeof any;
    getsockname(listener, reinterpret_cast<sockaddr*>(&any), &length);
    client_ = socket(family, SOCK_STREAM, 0);
    if (family == AF_INET) {
      sockaddr_in to = {};
      to.sin_family = AF_INET;
      to.sin_port = any.sin6_port;
      to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      EXPECT_EQ(connect(client_, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
      sockaddr_in own = {};
      length = sizeof own;
      getsockname(client_, reinterpret_cast<sockaddr*>(&own), &length);
      port_ = ntohs(own.sin_port);
    } else {
      any.sin6_addr = in6addr_loopback;
      EXPECT_EQ(connect(client_, reinterpret_cast<sockaddr*>(&any), sizeof any), 0);
      length = sizeof any;
      getsockname(client_, reinterpret_cast<sockaddr*>(&any), &length);
      port_ = ntohs(any.sin6_port);
    }
    server_ = accept(listener, nullptr, nullptr);
    close(listener);
  }
  ~Connection() {
    close(client_);
    close(server_);
  }
  int client() const { return client_; }
  int server() const { return server_; }
  int port() const { return port_; }

 private:
  int client_ = -1;
  int server_ = -1;
  int port_ = 0;
};

TEST(SocketCorkTest, FindsTheSocketOfAPeer) {
  const Connection ipv4(AF_INET);
  EXPECT_EQ(FindSocket(absl::StrCat("ipv4:127.0.0.1:", ipv4.port())), ipv4.server());
  EXPECT_EQ(FindSocket(absl::StrCat("ipv4:127.0.0.2:", ipv4.port())), -1) << "the same port of another host";
}

TEST(SocketCorkTest, FindsAnIpv6PeerHoweverItIsWritten) {
  const Connection ipv6(AF_INET6);
  EXPECT_EQ(FindSocket(absl::StrCat("ipv6:[::1]:", ipv6.port())), ipv6.server());
  EXPECT_EQ(FindSocket(absl::StrCat("ipv6:%5B::1%5D:", ipv6.port())), ipv6.server());
}

TEST(SocketCorkTest, WhatIsNoTcpPeerHasNoSocket) {
  for (const char* peer : {"", "unix:", "unix:/run/x.sock", "ipv4:", "ipv4:127.0.0.1", "ipv4:here:1", "ipv6:[::1]",
                           "ipv6:[fe80::1%25eth0]:7", "ipv4:127.0.0.1:x"}) {
    EXPECT_EQ(FindSocket(peer), -1) << peer;
  }
}

bool Readable(int fd, int wait_ms) {
  pollfd poller = {fd, POLLIN, 0};
  return poll(&poller, 1, wait_ms) == 1;
}

TEST(SocketCorkTest, HoldsBackUntilUncorked) {
  const Connection connection(AF_INET);
  SetCork(connection.server(), true);
  ASSERT_EQ(send(connection.server(), "ab", 2, 0), 2);
  ASSERT_EQ(send(connection.server(), "cd", 2, 0), 2);
  EXPECT_FALSE(Readable(connection.client(), 0));
  SetCork(connection.server(), false);
  ASSERT_TRUE(Readable(connection.client(), 5'000));
  char bytes[8];
  EXPECT_EQ(recv(connection.client(), bytes, sizeof bytes, 0), 4) << "one segment";
}

TEST(SocketCorkTest, OfWhatIsNoSocketNothingHappens) {
  SetCork(-1, true);
  SetCork(STDOUT_FILENO, true);
}

}  // namespace
}  // namespace penstock::service
