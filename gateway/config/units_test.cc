#include "gateway/config/units.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

#include "absl/time/time.h"

namespace penstock::config {
namespace {

using testing::HasSubstr;

TEST(ParseSize, ReadsWhatFlagsWrite) {
  struct Row {
    const char* text;
    uint64_t bytes;
    const char* reason;
  };
  for (const Row& row : {
           Row{"0", 0, "zero"},
           Row{"8192", 8192, "bare bytes"},
           Row{"8k", 8192, "1024-based"},
           Row{"4M", 4194304, "1024-based, squared"},
           Row{"007", 7, "leading zeros are decimal"},
           Row{"18446744073709551614", std::numeric_limits<uint64_t>::max() - 1, "the largest"},
           Row{"none", kNoSizeLimit, "no limit"},
           Row{"17592186044415M", 17592186044415ull << 20, "the largest in M"},
       }) {
    const auto parsed = ParseSize(row.text);
    ASSERT_TRUE(parsed.ok()) << row.reason << ": " << parsed.status();
    EXPECT_EQ(*parsed, row.bytes) << row.reason;
  }
}

TEST(ParseSize, RefusesTheRestAndSaysWhatIsRight) {
  struct Row {
    const char* text;
    const char* says;
  };
  for (const Row& row : {
           Row{"", "not a number"},
           Row{"k", "not a number"},
           Row{"-1", "not a number"},
           Row{" 1", "not a number"},
           Row{"0x10", "unknown unit"},
           Row{"1K", "unknown unit"},
           Row{"1m", "unknown unit"},
           Row{"1.5M", "unknown unit"},
           Row{"1 k", "unknown unit"},
           Row{"1kB", "unknown unit"},
           Row{"18446744073709551615", "too large"},
           Row{"18446744073709551616", "too large"},
           Row{"None", "not a number"},
           Row{"99999999999999999999999", "too large"},
           Row{"17592186044416M", "too large"},
       }) {
    const auto parsed = ParseSize(row.text);
    ASSERT_FALSE(parsed.ok()) << row.text;
    EXPECT_THAT(std::string(parsed.status().message()), HasSubstr(row.says)) << row.text;
    EXPECT_THAT(std::string(parsed.status().message()), HasSubstr("such as 512, 64k or 4M")) << row.text;
  }
}

TEST(PrintSize, UsesTheLargestUnitThatDivides) {
  EXPECT_EQ(PrintSize(0), "0");
  EXPECT_EQ(PrintSize(kNoSizeLimit), "none");
  EXPECT_EQ(PrintSize(1000), "1000");
  EXPECT_EQ(PrintSize(64 * 1024), "64k");
  EXPECT_EQ(PrintSize(1536 * 1024), "1536k");
  EXPECT_EQ(PrintSize(4 * 1024 * 1024), "4M");
  for (const uint64_t bytes : {uint64_t{1}, uint64_t{1023}, uint64_t{1025}, uint64_t{3} << 30, ~uint64_t{0}}) {
    EXPECT_EQ(ParseSize(PrintSize(bytes)).value(), bytes);
  }
}

TEST(ParseDuration, ReadsWhatFlagsWrite) {
  struct Row {
    const char* text;
    absl::Duration duration;
    const char* reason;
  };
  for (const Row& row : {
           Row{"0", absl::ZeroDuration(), "zero needs no unit"},
           Row{"0s", absl::ZeroDuration(), "but may have one"},
           Row{"250ms", absl::Milliseconds(250), "ms is not m"},
           Row{"1.5s", absl::Milliseconds(1500), "fraction"},
           Row{"0.25h", absl::Minutes(15), "fraction of the largest unit"},
           Row{"90m", absl::Minutes(90), "no carrying over"},
           Row{"1.000ms", absl::Milliseconds(1), "decimals that are zero"},
           Row{"999999999.999h", absl::Milliseconds(3599999999996400), "the longest fits"},
           Row{"none", absl::InfiniteDuration(), "no bound"},
       }) {
    const auto parsed = ParseDuration(row.text);
    ASSERT_TRUE(parsed.ok()) << row.reason << ": " << parsed.status();
    EXPECT_EQ(*parsed, row.duration) << row.reason;
  }
}

TEST(ParseDuration, RefusesTheRestAndSaysWhatIsRight) {
  struct Row {
    const char* text;
    const char* says;
  };
  for (const Row& row : {
           Row{"", "not a number"},
           Row{"s", "not a number"},
           Row{".5s", "not a number"},
           Row{"1.s", "not a number"},
           Row{"-1s", "not a number"},
           Row{"1", "no unit"},
           Row{"1.5", "no unit"},
           Row{"1S", "unknown unit"},
           Row{"1 s", "unknown unit"},
           Row{"1h30m", "unknown unit"},
           Row{"1us", "unknown unit"},
           Row{"0.5ms", "finer than a millisecond"},
           Row{"1.0005s", "more than three decimals"},
           Row{"1000000000s", "too long"},
       }) {
    const auto parsed = ParseDuration(row.text);
    ASSERT_FALSE(parsed.ok()) << row.text;
    EXPECT_THAT(std::string(parsed.status().message()), HasSubstr(row.says)) << row.text;
    EXPECT_THAT(std::string(parsed.status().message()), HasSubstr("such as 250ms")) << row.text;
  }
}

TEST(PrintDuration, UsesTheLargestUnitThatDivides) {
  EXPECT_EQ(PrintDuration(absl::ZeroDuration()), "0");
  EXPECT_EQ(PrintDuration(absl::Milliseconds(1500)), "1500ms");
  EXPECT_EQ(PrintDuration(absl::Seconds(75)), "75s");
  EXPECT_EQ(PrintDuration(absl::Seconds(120)), "2m");
  EXPECT_EQ(PrintDuration(absl::Hours(48)), "48h");
  EXPECT_EQ(PrintDuration(absl::InfiniteDuration()), "none");
  for (const int64_t milliseconds : {1, 999, 1000, 59999, 3600001, 86400000}) {
    const absl::Duration duration = absl::Milliseconds(milliseconds);
    EXPECT_EQ(ParseDuration(PrintDuration(duration)).value(), duration) << milliseconds;
  }
}

}  // namespace
}  // namespace penstock::config
