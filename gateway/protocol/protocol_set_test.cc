#include "gateway/protocol/protocol_set.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "gateway/protocol/native_protocol.h"

namespace penstock {
namespace {

TEST(ProtocolSet, TheFirstThatClaimsARequestHasIt) {
  std::vector<std::unique_ptr<const Protocol>> two;
  two.push_back(std::make_unique<NativeProtocol>(MetadataOptions()));
  two.push_back(std::make_unique<NativeProtocol>(MetadataOptions()));
  const Protocol* const first = two.front().get();
  const ProtocolSet protocols(std::move(two));
  EXPECT_EQ(&protocols.Of(http::RequestHead()), first);
}

TEST(ProtocolSetDeathTest, NeedsOne) { EXPECT_DEATH(ProtocolSet({}), "broken promise"); }

}  // namespace
}  // namespace penstock
