#include "gateway/base/log_pace.h"

#include <gtest/gtest.h>

#include <vector>

namespace penstock {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(LogPace, AnHourOfFailuresIsAHundredLines) {
  LogPace pace;
  const LogPace::TimePoint start(std::chrono::hours(1000));
  std::vector<int> written;  // at which second
  size_t skipped = 0;
  for (milliseconds at{0}; at < std::chrono::hours(1); at += milliseconds(100)) {
    const auto due = pace.Due(start + at);
    if (!due) continue;
    written.push_back(static_cast<int>(at / seconds(1)));
    skipped += *due;
  }
  ASSERT_GE(written.size(), 8u);
  EXPECT_EQ((std::vector<int>{0, 1, 3, 7, 15, 31, 63, 123}), std::vector<int>(written.begin(), written.begin() + 8));
  EXPECT_LE(written.size(), 100u);
  EXPECT_GE(skipped + written.size(), 36'000u - 600) << "none is forgotten";
}

TEST(LogPace, AfterAMinuteOfQuietItStartsAnew) {
  LogPace pace;
  LogPace::TimePoint now(std::chrono::hours(1000));
  EXPECT_TRUE(pace.Due(now));
  EXPECT_TRUE(pace.Due(now += seconds(1)));
  EXPECT_FALSE(pace.Due(now += seconds(1))) << "two seconds, this time";
  EXPECT_EQ(pace.Due(now += seconds(62)), absl::make_optional<size_t>(1));
  EXPECT_TRUE(pace.Due(now + seconds(1)));
}

}  // namespace
}  // namespace penstock
