#include "gateway/protocol/timeout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace penstock {
namespace {

using ::testing::HasSubstr;

TEST(GrpcTimeout, TakesWhatGrpcTakesAndNothingElse) {
  struct Row {
    const char* text;
    absl::Duration expected;  // ZeroDuration with `ok` false: refused
    bool ok;
    const char* why;
  };
  for (const Row& row : {
           Row{"1H", absl::Hours(1), true, "hours"},
           Row{"2M", absl::Minutes(2), true, "minutes"},
           Row{"3S", absl::Seconds(3), true, "seconds"},
           Row{"250m", absl::Milliseconds(250), true, "milliseconds"},
           Row{"7u", absl::Microseconds(7), true, "microseconds"},
           Row{"99999999n", absl::Nanoseconds(99999999), true, "eight digits are allowed"},
           Row{"999999999n", {}, false, "nine are not"},
           Row{"10", {}, false, "no unit"},
           Row{"S", {}, false, "no digits"},
           Row{"-1S", {}, false, "a sign"},
           Row{" 1S", {}, false, "a space"},
           Row{"1s", {}, false, "units are case-sensitive"},
           Row{"", {}, false, "empty"},
       }) {
    const auto timeout = GrpcTimeout({{"grpc-timeout", row.text}});
    ASSERT_EQ(timeout.ok(), row.ok) << row.why;
    if (row.ok) {
      EXPECT_EQ(*timeout, absl::make_optional(row.expected)) << row.why;
    }
    if (!row.ok) {
      EXPECT_THAT(std::string(timeout.status().message()), HasSubstr("Grpc-Timeout"));
    }
  }
  EXPECT_EQ(*GrpcTimeout({}), absl::nullopt);
}

}  // namespace
}  // namespace penstock
