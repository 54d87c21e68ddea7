#include "gateway/server/drain_pace.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace penstock {
namespace {

TEST(DrainPace, SpreadsTheEndingsEvenlyAndLeavesNone) {
  constexpr absl::Duration kTick = absl::Milliseconds(20);
  for (size_t streams : {0, 1, 7, 100, 10000}) {
    size_t live = streams;
    std::vector<size_t> ended;
    for (absl::Duration left = absl::Seconds(25); left > absl::ZeroDuration(); left -= kTick) {
      ended.push_back(StreamsToEnd(live, left, kTick));
      ASSERT_LE(ended.back(), live);
      live -= ended.back();
    }
    EXPECT_EQ(live, 0u) << streams;
    // 10,000 over 1,250 ticks: eight each, and never a herd at the end.
    EXPECT_LE(*std::max_element(ended.begin(), ended.end()), streams / 1250 + 1) << streams;
  }
}

TEST(DrainPace, WithoutAWindowEverythingEndsNow) {
  EXPECT_EQ(StreamsToEnd(10000, absl::ZeroDuration(), absl::Milliseconds(20)), 10000u);
  EXPECT_EQ(StreamsToEnd(10000, -absl::Seconds(1), absl::Milliseconds(20)), 10000u);
}

}  // namespace
}  // namespace penstock
