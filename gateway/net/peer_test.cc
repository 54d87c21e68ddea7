#include "gateway/net/peer.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "gateway/net/testing/tcp_pair.h"
#include "gateway/net/unique_fd.h"

namespace penstock::net {
namespace {

using testing::TcpPair;

TEST(Peer, ByName) {
  TcpPair v4;
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

TEST(Peer, AV4PeerOfADualStackSocketIsWrittenAsV4) {
  const UniqueFd probe(::socket(AF_INET6, SOCK_STREAM, 0));
  TcpPair both(probe ? AF_INET6 : AF_INET);
  ASSERT_TRUE(both.server);
  EXPECT_EQ(Peer::Of(both.server.get()).ToString(), both.client_name);
}

}  // namespace
}  // namespace penstock::net
