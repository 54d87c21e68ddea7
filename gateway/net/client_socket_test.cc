#include "gateway/net/client_socket.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>

#include "gateway/net/unique_fd.h"

namespace penstock::net {
namespace {

// Both ends of a loopback connection over a listener of `family`; a v6 listener is reached by a v4-mapped address.
struct Pair {
  explicit Pair(int family) {
    const UniqueFd listener(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_storage any{};
    any.ss_family = static_cast<sa_family_t>(family);
    socklen_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    const int off = 0;
    if (family == AF_INET6) ::setsockopt(listener.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    auto* raw = reinterpret_cast<sockaddr*>(&any);
    if (!listener || ::bind(listener.get(), raw, size) != 0 || ::listen(listener.get(), 1) != 0) return;
    ::getsockname(listener.get(), raw, &size);
    sockaddr_in target{};
    target.sin_family = AF_INET;
    target.sin_port = reinterpret_cast<sockaddr_in*>(&any)->sin_port;  // at the same place in both
    target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    client = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(client.get(), reinterpret_cast<sockaddr*>(&target), sizeof(target)) != 0) return;
    server = UniqueFd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    sockaddr_in own{};
    size = sizeof(own);
    ::getsockname(client.get(), reinterpret_cast<sockaddr*>(&own), &size);
    client_name = "127.0.0.1:" + std::to_string(ntohs(own.sin_port));
  }
  UniqueFd client;
  UniqueFd server;
  std::string client_name;
};

int Option(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof(value);
  ::getsockopt(fd, level, name, &value, &size);
  return value;
}

TEST(ClientSocket, PeersByName) {
  Pair v4(AF_INET);
  ASSERT_TRUE(v4.server);
  EXPECT_EQ(Peer::Of(v4.server.get()).ToString(), v4.client_name);
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  const UniqueFd left(ends[0]);
  const UniqueFd right(ends[1]);
  EXPECT_EQ(Peer::Of(left.get()).ToString(), "unix");
  EXPECT_EQ(Peer::Of(-1).ToString(), "unknown");
  EXPECT_EQ(Peer().ToString(), "unknown");
}

TEST(ClientSocket, AV4PeerOfADualStackSocketIsWrittenAsV4) {
  const UniqueFd probe(::socket(AF_INET6, SOCK_STREAM, 0));
  Pair both(probe ? AF_INET6 : AF_INET);
  ASSERT_TRUE(both.server);
  EXPECT_EQ(Peer::Of(both.server.get()).ToString(), both.client_name);
}

TEST(ClientSocket, OptionsOfATcpSocket) {
  Pair pair(AF_INET);
  ASSERT_TRUE(pair.server);
  ConfigureClientSocket(pair.server.get());
  EXPECT_EQ(Option(pair.server.get(), IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(Option(pair.server.get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT), kNotSentLowWater);
  EXPECT_EQ(Option(pair.server.get(), IPPROTO_TCP, TCP_USER_TIMEOUT), 30'000);
  EXPECT_EQ(Option(pair.server.get(), SOL_SOCKET, SO_KEEPALIVE), 1);
}

TEST(ClientSocket, ResetOnCloseResets) {
  Pair pair(AF_INET);
  ASSERT_TRUE(pair.server);
  ResetOnClose(pair.server.get());
  pair.server.reset();
  char byte;
  EXPECT_EQ(::recv(pair.client.get(), &byte, 1, 0), -1);
  EXPECT_EQ(errno, ECONNRESET);
}

}  // namespace
}  // namespace penstock::net
