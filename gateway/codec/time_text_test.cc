#include "gateway/codec/time_text.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/time/time.h"

namespace penstock::codec {
namespace {

std::string Timestamp(int64_t seconds, int32_t nanos) {
  char text[kMaxTimeTextBytes];
  return std::string(text, WriteTimestamp(seconds, nanos, text));
}

std::string Duration(int64_t seconds, int32_t nanos) {
  char text[kMaxTimeTextBytes];
  return std::string(text, WriteDuration(seconds, nanos, text));
}

// Every day from year 1 to 9999, at a time of day that moves.
TEST(TimeTextTest, EveryDayIsWrittenAsAbseilWritesItAndComesBack) {
  constexpr int64_t kFirst = -62135596800, kLast = 253402300799;
  for (int64_t seconds = kFirst; seconds <= kLast; seconds += 86400 + 61) {
    const std::string text = Timestamp(seconds, 0);
    ASSERT_EQ(text, absl::FormatTime("\"%E4Y-%m-%dT%H:%M:%SZ\"", absl::FromUnixSeconds(seconds), absl::UTCTimeZone()));
    int64_t read;
    int32_t nanos;
    ASSERT_TRUE(ReadTimestamp(absl::string_view(text).substr(1, text.size() - 2), &read, &nanos)) << text;
    ASSERT_EQ(read, seconds);
    ASSERT_EQ(nanos, 0);
  }
  EXPECT_EQ(Timestamp(kLast, 999999999), "\"9999-12-31T23:59:59.999999999Z\"");
  EXPECT_TRUE(IsTimestamp(kFirst, 0) && !IsTimestamp(kFirst - 1, 0) && !IsTimestamp(kLast + 1, 0));
  EXPECT_FALSE(IsTimestamp(0, -1) || IsTimestamp(0, 1000000000));
}

TEST(TimeTextTest, FractionsHaveThreeSixOrNineDigits) {
  EXPECT_EQ(Timestamp(0, 1), "\"1970-01-01T00:00:00.000000001Z\"");
  EXPECT_EQ(Timestamp(0, 1000), "\"1970-01-01T00:00:00.000001Z\"");
  EXPECT_EQ(Timestamp(0, 10000000), "\"1970-01-01T00:00:00.010Z\"");
  EXPECT_EQ(Duration(0, 0), "\"0s\"");
  EXPECT_EQ(Duration(0, -500000000), "\"-0.500s\"");
  EXPECT_EQ(Duration(-1, -1), "\"-1.000000001s\"");
  EXPECT_EQ(Duration(315576000000, 999999999), "\"315576000000.999999999s\"");
}

TEST(TimeTextTest, ReadsOffsetsAndEveryCountOfDigits) {
  const struct {
    const char* text;
    int64_t seconds;
    int32_t nanos;
  } kRows[] = {
      {"1970-01-01T01:00:00+01:00", 0, 0},
      {"1969-12-31T18:30:00-05:30", 0, 0},
      {"2000-02-29T00:00:00Z", 951782400, 0},
      {"1970-01-01T00:00:00.1Z", 0, 100000000},
      {"1970-01-01T00:00:00.123456789Z", 0, 123456789},
      {"1969-12-31T23:59:59.5Z", -1, 500000000},
  };
  for (const auto& row : kRows) {
    int64_t seconds;
    int32_t nanos;
    ASSERT_TRUE(ReadTimestamp(row.text, &seconds, &nanos)) << row.text;
    EXPECT_EQ(seconds, row.seconds) << row.text;
    EXPECT_EQ(nanos, row.nanos) << row.text;
  }
}

TEST(TimeTextTest, RefusesWhatIsNoTime) {
  int64_t seconds;
  int32_t nanos;
  for (const char* text : {"",
                           "1970-01-01",
                           "1970-01-01T00:00:00",
                           "1970-01-01 00:00:00Z",
                           "1970-13-01T00:00:00Z",
                           "1970-00-01T00:00:00Z",
                           "1970-01-32T00:00:00Z",
                           "1900-02-29T00:00:00Z",
                           "1970-01-01T24:00:00Z",
                           "1970-01-01T00:60:00Z",
                           "1970-01-01T00:00:61Z",
                           "1970-01-01T00:00:00+24:00",
                           "1970-01-01T00:00:00+01:60",
                           "1970-01-01T00:00:00+0100",
                           "1970-01-01T00:00:00ZZ",
                           "70-01-01T00:00:00Z",
                           "1970-1-01T00:00:00Z",
                           "-001-01-01T00:00:00Z",
                           "0001-01-01T00:00:00+00:01",
                           "1970-01-01T00:00:00.1234567890Z",
                           " 1970-01-01T00:00:00Z"}) {
    EXPECT_FALSE(ReadTimestamp(text, &seconds, &nanos)) << text;
  }
  for (const char* text : {"", "s", "-s", "1", "1S", "+1s", "--1s", "1.s", ".5s", "1.5", "1,5s", "1.-5s", "1 s", "1ss",
                           "315576000001s", "-315576000001s", "99999999999999999999s"}) {
    EXPECT_FALSE(ReadDuration(text, &seconds, &nanos)) << text;
  }
}

}  // namespace
}  // namespace penstock::codec
