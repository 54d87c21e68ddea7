#include "gateway/http/flood_guard.h"

#include <gtest/gtest.h>

#include <chrono>

namespace penstock::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr FloodGuard::Clock::time_point kStart{};

// How many events of `points` go through when `interval` lies between them, up to `most`.
int Admitted(int points, milliseconds interval, int most) {
  FloodGuard guard(kStart);
  FloodGuard::Clock::time_point now = kStart;
  for (int i = 0; i < most; ++i, now += interval) {
    if (!guard.Charge(points, now)) return i;
  }
  return most;
}

TEST(FloodGuard, ABurstIsBoundedAndASteadyRateIsNot) {
  EXPECT_EQ(Admitted(FloodGuard::kReset, milliseconds(0), 100'000), FloodGuard::kBurst / FloodGuard::kReset);
  EXPECT_EQ(Admitted(FloodGuard::kFrame, milliseconds(0), 100'000), FloodGuard::kBurst);
  EXPECT_EQ(Admitted(FloodGuard::kReset, milliseconds(1000 * FloodGuard::kReset / FloodGuard::kPerSecond), 100'000),
            100'000)
      << "as fast as points come back";
  EXPECT_LT(Admitted(FloodGuard::kReset, milliseconds(20), 100'000), 2'000) << "a little faster than that";
}

TEST(FloodGuard, TheStreamsOfAFullConnectionMayBeClosedThreeTimesAtOnce) {
  EXPECT_GE(FloodGuard::kBurst, 3 * 128 * FloodGuard::kReset);
}

TEST(FloodGuard, RestFillsItNoHigherThanTheBurst) {
  FloodGuard guard(kStart);
  const FloodGuard::Clock::time_point later = kStart + seconds(3600);
  EXPECT_TRUE(guard.Charge(FloodGuard::kBurst, later));
  EXPECT_FALSE(guard.Charge(1, later));
}

TEST(FloodGuard, WhoHasOverdrawnStaysOut) {
  FloodGuard guard(kStart);
  EXPECT_FALSE(guard.Charge(FloodGuard::kBurst + 1, kStart));
  EXPECT_FALSE(guard.Charge(0, kStart + seconds(3600)));
}

}  // namespace
}  // namespace penstock::http
