#include "gateway/grpc_gateway/go_time.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace penstock::grpc_gateway {
namespace {

struct Row {
  const char* text;
  int64_t seconds;
  int32_t nanos;
  const char* error;  // behind what all errors begin with; empty: none
  const char* reason;
};

TEST(ParseGoTimeTest, ReadsRfc3339AndSomeMore) {
  const std::string as = " as \"2006-01-02T15:04:05.999999999Z07:00\": cannot parse ";
  const struct {
    const char* text;
    int64_t seconds;
    int32_t nanos;
    std::string error;  // behind `parsing time "…"`; empty: none
    const char* reason;
  } kRows[] = {
      {"1970-01-01T00:00:00Z", 0, 0, "", "the epoch"},
      {"2026-11-22T15:31:04.362719363Z", 1795361464, 362719363, "", "nanoseconds"},
      {"2026-11-22T15:31:04,5Z", 1795361464, 500000000, "", "a comma"},
      {"1970-01-01T00:00:00.1234567891Z", 0, 123456789, "", "the tenth digit is dropped"},
      {"1970-01-01T5:00:00Z", 18000, 0, "", "an hour of one digit"},
      {"1970-01-01T00:00:00+01:30", -5400, 0, "", "east"},
      {"1970-01-01T00:00:00-24:60", 90000, 0, "", "as far as offsets go"},
      {"0001-01-01T00:00:00Z", -62135596800, 0, "", "the first"},
      {"2000-02-29T00:00:00Z", 951782400, 0, "", "a leap day"},
      {"", 0, 0, as + "\"\" as \"2006\"", "nothing"},
      {"1970", 0, 0, as + "\"\" as \"-\"", "a year alone"},
      {"19x0-01-01T00:00:00Z", 0, 0, as + "\"19x0-01-01T00:00:00Z\" as \"2006\"", "no year"},
      {"1970-1-01T00:00:00Z", 0, 0, as + "\"1-01T00:00:00Z\" as \"01\"", "a month of one digit"},
      {"1970-01-1T00:00:00Z", 0, 0, as + "\"1T00:00:00Z\" as \"02\"", "a day of one digit"},
      {"1970-01-01t00:00:00Z", 0, 0, as + "\"t00:00:00Z\" as \"T\"", "a small t"},
      {"1970-01-01T00:00:00z", 0, 0, as + "\"z\" as \"Z07:00\"", "a small z"},
      {"1970-01-01T00:00:00.Z", 0, 0, as + "\".Z\" as \"Z07:00\"", "a point alone"},
      {"1970-01-01T00:00:00*01:00", 0, 0, as + "\"*01:00\" as \"Z07:00\"", "an offset without a sign"},
      {"1970-01-01T00:00:00+0a:00", 0, 0, as + "\"+0a:00\" as \"Z07:00\"", "an offset that is no number"},
      {"1970-13-01T00:00:00Z", 0, 0, ": month out of range", "month 13"},
      {"1970-00-01T00:00:00Z", 0, 0, ": month out of range", "month 0"},
      {"1970-02-29T00:00:00Z", 0, 0, ": day out of range", "no leap year"},
      {"1970-01-00T00:00:00Z", 0, 0, ": day out of range", "day 0"},
      {"1970-01-01T24:00:00Z", 0, 0, ": hour out of range", "hour 24"},
      {"1970-01-01T00:60:00Z", 0, 0, ": minute out of range", "minute 60"},
      {"1970-01-01T00:00:60Z", 0, 0, ": second out of range", "a leap second"},
      {"1970-01-01T00:00:00+25:00", 0, 0, ": time zone offset hour out of range", "an offset of 25 hours"},
      {"1970-01-01T00:00:00+00:61", 0, 0, ": time zone offset minute out of range", "of 61 minutes"},
      {"1970-01-01T00:00:00Z ", 0, 0, ": extra text: \" \"", "something behind"},
  };
  for (const auto& row : kRows) {
    int64_t seconds = 0;
    int32_t nanos = 0;
    const GoError error = ParseGoTime(row.text, &seconds, &nanos);
    if (!row.error.empty()) {
      EXPECT_EQ(error, std::string("parsing time \"") + row.text + "\"" + row.error) << row.reason;
      continue;
    }
    EXPECT_EQ(error, "") << row.reason;
    EXPECT_EQ(seconds, row.seconds) << row.reason;
    EXPECT_EQ(nanos, row.nanos) << row.reason;
  }
  int64_t seconds;
  int32_t nanos;
  EXPECT_EQ(ParseGoTime("0000-12-31T00:00:00Z", &seconds, &nanos), "0000-12-31T00:00:00Z before 0001-01-01");
  EXPECT_EQ(ParseGoTime("9999-12-31T23:59:59-01:00", &seconds, &nanos), "9999-12-31T23:59:59-01:00 before 0001-01-01")
      << "after the last, too";
}

TEST(ParseGoDurationTest, ReadsUnits) {
  const Row kRows[] = {
      {"1h30m", 5400, 0, "", "two terms"},
      {"-1.5s", -1, -500000000, "", "negative"},
      {"+300ms", 0, 300000000, "", "a plus"},
      {"0", 0, 0, "", "zero needs no unit"},
      {"-0", 0, 0, "", "even with a sign"},
      {"1us1\xc2\xb5s1\xce\xbcs1ns", 0, 3001, "", "three spellings of microseconds"},
      {".5h", 1800, 0, "", "nothing before the point"},
      {"1.s", 1, 0, "", "nothing behind it"},
      {"0.3333333333333333333h", 1200, 0, "", "more digits than fit"},
      {"1s1h1s", 3602, 0, "", "in any order, and twice"},
      {"9223372036854775807ns", 9223372036, 854775807, "", "the largest"},
      {"-9223372036854775808ns", -9223372036, -854775808, "", "the smallest"},
      {"9223372036854775808ns", 0, 0, "invalid duration", "one more"},
      {"2562048h", 0, 0, "invalid duration", "too many hours"},
      {"99999999999999999999s", 0, 0, "invalid duration", "too many digits"},
      {"2562047h2562047h", 0, 0, "invalid duration", "too much together"},
      {"", 0, 0, "invalid duration", "nothing"},
      {"-", 0, 0, "invalid duration", "a sign"},
      {".s", 0, 0, "invalid duration", "no digits"},
      {"s", 0, 0, "invalid duration", "a unit"},
      {"1s-1s", 0, 0, "unknown unit \"s-\" in duration", "a sign within"},
      {"5", 0, 0, "missing unit in duration", "no unit"},
      {"1.5", 0, 0, "missing unit in duration", "no unit behind a point"},
      {"1d", 0, 0, "unknown unit \"d\" in duration", "days"},
      {"1S", 0, 0, "unknown unit \"S\" in duration", "a capital"},
  };
  for (const Row& row : kRows) {
    int64_t seconds = 0;
    int32_t nanos = 0;
    const GoError error = ParseGoDuration(row.text, &seconds, &nanos);
    if (row.error[0] != '\0') {
      EXPECT_EQ(error, std::string("time: ") + row.error + " \"" + row.text + "\"") << row.reason;
      continue;
    }
    EXPECT_EQ(error, "") << row.reason;
    EXPECT_EQ(seconds, row.seconds) << row.reason;
    EXPECT_EQ(nanos, row.nanos) << row.reason;
  }
}

TEST(ParseGoJsonTimeTest, IsStricterAboutDigits) {
  int64_t seconds = 0;
  int32_t nanos = 0;
  EXPECT_EQ(ParseGoJsonTime("1970-01-01T00:00:01.000000002Z", &seconds, &nanos), "");
  EXPECT_EQ(seconds, 1);
  EXPECT_EQ(nanos, 2);
  EXPECT_EQ(ParseGoJsonTime("\"1970-01-01T00:00:03Z\"", &seconds, &nanos), "") << "its quotes may be there";
  EXPECT_EQ(seconds, 3);
  EXPECT_EQ(ParseGoJsonTime("1970-01-01T00:00:01.0000000020Z", &seconds, &nanos),
            "proto: (line 1:1): invalid google.protobuf.Timestamp value \"1970-01-01T00:00:01.0000000020Z\"");
  EXPECT_EQ(ParseGoJsonTime("now", &seconds, &nanos),
            "proto: (line 1:1): invalid google.protobuf.Timestamp value \"now\"");
  EXPECT_EQ(ParseGoJsonTime("0000-01-01T00:00:00Z", &seconds, &nanos),
            "proto: (line 1:1): google.protobuf.Timestamp value out of range: \"0000-01-01T00:00:00Z\"");
}

TEST(ParseGoJsonDurationTest, ReadsSeconds) {
  const std::string invalid = "proto: (line 1:1): invalid google.protobuf.Duration value ";
  const Row kRows[] = {
      {"1.5s", 1, 500000000, "", "a fraction"},
      {"-1.5s", -1, -500000000, "", "negative"},
      {"+1s", 1, 0, "", "a plus"},
      {"\"1s\"", 1, 0, "", "in quotes"},
      {".5s", 0, 500000000, "", "nothing before the point"},
      {"1.s", 1, 0, "", "nothing behind it"},
      {"315576000000.999999999s", 315576000000, 999999999, "", "the longest"},
      {"1", 0, 0, "\"1\"", "no unit"},
      {"s", 0, 0, "\"s\"", "no number"},
      {"-s", 0, 0, "\"-s\"", "a sign"},
      {"01s", 0, 0, "\"01s\"", "a leading zero"},
      {"1.0000000000s", 0, 0, "\"1.0000000000s\"", "ten digits"},
      {"1h", 0, 0, "\"1h\"", "hours"},
      {"1.5.5s", 0, 0, "\"1.5.5s\"", "two points"},
      {"9223372036854775808s", 0, 0, "\"9223372036854775808s\"", "more than 63 bits"},
      {"", 0, 0, "\"\"", "nothing"},
  };
  for (const Row& row : kRows) {
    int64_t seconds = 0;
    int32_t nanos = 0;
    const GoError error = ParseGoJsonDuration(row.text, &seconds, &nanos);
    if (row.error[0] != '\0') {
      EXPECT_EQ(error, invalid + row.error) << row.reason;
      continue;
    }
    EXPECT_EQ(error, "") << row.reason;
    EXPECT_EQ(seconds, row.seconds) << row.reason;
    EXPECT_EQ(nanos, row.nanos) << row.reason;
  }
  int64_t seconds;
  int32_t nanos;
  EXPECT_EQ(ParseGoJsonDuration("315576000001s", &seconds, &nanos),
            "proto: (line 1:1): google.protobuf.Duration value out of range: \"315576000001s\"");
}

}  // namespace
}  // namespace penstock::grpc_gateway
