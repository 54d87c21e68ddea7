#include "gateway/net/socket_options.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

#include "gateway/net/testing/tcp_pair.h"
#include "gateway/net/unique_fd.h"

namespace penstock::net {
namespace {

using testing::TcpPair;

int Option(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof(value);
  ::getsockopt(fd, level, name, &value, &size);
  return value;
}

void ExpectAPeerThatVanishesIsNoticed(int fd) {
  EXPECT_EQ(Option(fd, IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(Option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 30'000);
  EXPECT_EQ(Option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(Option(fd, IPPROTO_TCP, TCP_KEEPIDLE), 15);
  EXPECT_EQ(Option(fd, IPPROTO_TCP, TCP_KEEPINTVL), 5);
  EXPECT_EQ(Option(fd, IPPROTO_TCP, TCP_KEEPCNT), 3);
}

TEST(SocketOptions, OfBothSides) {
  TcpPair pair;
  ASSERT_TRUE(pair.server);
  ConfigureClientSocket(pair.server.get());
  ExpectAPeerThatVanishesIsNoticed(pair.server.get());
  EXPECT_EQ(Option(pair.server.get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT), kNotSentLowWater);
  const int kernels = Option(pair.client.get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT);
  ConfigureUpstreamSocket(pair.client.get());
  ExpectAPeerThatVanishesIsNoticed(pair.client.get());
  EXPECT_EQ(Option(pair.client.get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT), kernels);
}

TEST(SocketOptions, ResetOnCloseResets) {
  TcpPair pair;
  ASSERT_TRUE(pair.server);
  ResetOnClose(pair.server.get());
  pair.server.reset();
  char byte;
  EXPECT_EQ(::recv(pair.client.get(), &byte, 1, 0), -1);
  EXPECT_EQ(errno, ECONNRESET);
}

}  // namespace
}  // namespace penstock::net
