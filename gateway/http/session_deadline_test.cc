#include "gateway/http/session_deadline.h"

#include <gtest/gtest.h>

#include <vector>

namespace penstock::http {
namespace {

using Kind = SessionDeadline::Kind;
using std::chrono::milliseconds;

SessionOptions Options() {
  SessionOptions options;
  options.idle_timeout = milliseconds(1);
  options.header_timeout = milliseconds(2);
  options.body_timeout = milliseconds(3);
  options.slow_client_timeout = milliseconds(4'500);
  options.linger_timeout = milliseconds(5);
  options.slow_client_rate = 1000;
  return options;
}

TEST(SessionDeadline, EachKindHasItsLimit) {
  const SessionOptions options = Options();
  SessionDeadline deadline;
  EXPECT_EQ(deadline.Limit(options), absl::nullopt);
  const struct {
    Kind kind;
    milliseconds limit;
  } kRows[] = {
      {Kind::kIdle, options.idle_timeout},     {Kind::kHeader, options.header_timeout},
      {Kind::kBody, options.body_timeout},     {Kind::kSlow, options.slow_client_timeout},
      {Kind::kDrain, std::chrono::seconds(1)}, {Kind::kLinger, options.linger_timeout},
  };
  for (const auto& row : kRows) {
    EXPECT_TRUE(deadline.Set(row.kind)) << static_cast<int>(row.kind);
    EXPECT_EQ(deadline.Limit(options), row.limit) << static_cast<int>(row.kind);
    EXPECT_EQ(deadline.Expire(), row.kind);
    EXPECT_EQ(deadline.Limit(options), absl::nullopt) << "expired";
  }
}

TEST(SessionDeadline, TheTimeBeginsWhenTheKindChangesOrAnew) {
  SessionDeadline deadline;
  EXPECT_FALSE(deadline.Set(Kind::kNone)) << "as at first";
  EXPECT_TRUE(deadline.Set(Kind::kBody));
  EXPECT_FALSE(deadline.Set(Kind::kBody)) << "it goes on";
  EXPECT_TRUE(deadline.Set(Kind::kBody, /*anew=*/true));
  EXPECT_TRUE(deadline.Set(Kind::kIdle));
  EXPECT_TRUE(deadline.Set(Kind::kNone)) << "the timer is to stop";
  EXPECT_TRUE(deadline.Set(Kind::kSlow));
  EXPECT_EQ(deadline.Expire(), Kind::kSlow);
  EXPECT_TRUE(deadline.Set(Kind::kSlow)) << "the next stretch";
}

TEST(SessionDeadline, SlowIsWhoeverTakesLessThanTheRateWhileTheTimeLasts) {
  const SessionOptions options = Options();  // 4,500 bytes
  SessionDeadline deadline;
  deadline.Took(1'000'000);
  deadline.Set(Kind::kSlow);
  EXPECT_TRUE(deadline.TooSlow(options)) << "what was taken before does not count";
  deadline.Took(4'000);
  deadline.Set(Kind::kSlow);
  deadline.Took(499);
  EXPECT_EQ(deadline.Expire(), Kind::kSlow);
  EXPECT_TRUE(deadline.TooSlow(options));
  deadline.Took(1);
  EXPECT_FALSE(deadline.TooSlow(options));
  deadline.Set(Kind::kSlow);
  EXPECT_TRUE(deadline.TooSlow(options)) << "the next stretch counts anew";

  SessionOptions never = options;
  never.slow_client_rate = 0;
  EXPECT_FALSE(deadline.TooSlow(never));
  EXPECT_FALSE(SessionDeadline::IsTooSlow(0, never));
  EXPECT_TRUE(SessionDeadline::IsTooSlow(4'499, options));
  EXPECT_FALSE(SessionDeadline::IsTooSlow(4'500, options));
}

}  // namespace
}  // namespace penstock::http
