#include "gateway/http/address_quota.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace penstock::http {
namespace {

sockaddr_storage Peer(const std::string& text) {
  sockaddr_storage peer{};
  auto* v4 = reinterpret_cast<sockaddr_in*>(&peer);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&peer);
  if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    peer.ss_family = AF_INET;
  } else {
    EXPECT_EQ(inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr), 1) << text;
    peer.ss_family = AF_INET6;
  }
  return peer;
}

TEST(AddressQuota, AnAddressHasSoManyAndNoMore) {
  const auto quota = std::make_shared<AddressQuota>(2);
  auto first = quota->Take(Peer("10.0.0.1"));
  auto second = quota->Take(Peer("10.0.0.1"));
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(quota->Take(Peer("10.0.0.1")));
  EXPECT_TRUE(quota->Take(Peer("10.0.0.2"))) << "another address";
  first.reset();
  EXPECT_TRUE(quota->Take(Peer("10.0.0.1"))) << "one has gone";
}

TEST(AddressQuota, WhichAddressesAreOne) {
  const struct {
    const char* one;
    const char* other;
    bool same;
    const char* reason;
  } kRows[] = {
      {"10.0.0.1", "::ffff:10.0.0.1", true, "how a listener of both families sees IPv4"},
      {"10.0.0.1", "10.0.1.1", false, "neighbours"},
      {"2001:db8::1", "2001:db8::ffff:1", true, "one network of 64 bits is one client"},
      {"2001:db8::1", "2001:db8:0:1::1", false, "two networks"},
      {"::1", "::ffff:0.0.0.1", false, "loopback is not 0.0.0.1"},
  };
  for (const auto& row : kRows) {
    const auto quota = std::make_shared<AddressQuota>(1);
    const auto place = quota->Take(Peer(row.one));
    EXPECT_EQ(quota->Take(Peer(row.other)).has_value(), !row.same) << row.reason;
  }
}

TEST(AddressQuota, UnixSocketsAreNotCounted) {
  const auto quota = std::make_shared<AddressQuota>(1);
  sockaddr_storage peer{};
  peer.ss_family = AF_UNIX;
  const auto first = quota->Take(peer);
  EXPECT_TRUE(first && quota->Take(peer));
  EXPECT_EQ(quota->addresses(), 0u);
}

TEST(AddressQuota, ASlotThatMovesIsStillOne) {
  const auto quota = std::make_shared<AddressQuota>(1);
  AddressQuota::Place kept;
  {
    auto place = quota->Take(Peer("10.0.0.1"));
    kept = *std::move(place);
  }
  EXPECT_FALSE(quota->Take(Peer("10.0.0.1")));
  kept = AddressQuota::Place();
  EXPECT_EQ(quota->addresses(), 0u) << "nothing is left of those who have gone";
}

TEST(AddressQuota, AnyThread) {
  const auto quota = std::make_shared<AddressQuota>(1000);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&quota] {
      for (int j = 0; j < 1000; ++j) EXPECT_TRUE(quota->Take(Peer("10.0.0.1")));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(quota->addresses(), 0u);
}

}  // namespace
}  // namespace penstock::http
