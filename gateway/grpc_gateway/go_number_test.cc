#include "gateway/grpc_gateway/go_number.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

namespace penstock::grpc_gateway {
namespace {

constexpr char kInvalid[] = "invalid syntax";
constexpr char kRange[] = "value out of range";

TEST(ParseGoIntTest, ReadsDecimalOnly) {
  const struct {
    const char* text;
    int bits;
    int64_t value;
    const char* fault;  // empty: none
    const char* reason;
  } kRows[] = {
      {"0", 64, 0, "", "zero"},
      {"-0", 64, 0, "", "minus zero"},
      {"+5", 32, 5, "", "a plus"},
      {"007", 32, 7, "", "leading zeros are decimal, too"},
      {"2147483647", 32, 2147483647, "", "the largest"},
      {"-2147483648", 32, -2147483648LL, "", "the smallest"},
      {"2147483648", 32, 0, kRange, "one more"},
      {"-2147483649", 32, 0, kRange, "one less"},
      {"9223372036854775807", 64, INT64_MAX, "", "the largest of 64 bits"},
      {"-9223372036854775808", 64, INT64_MIN, "", "the smallest of 64 bits"},
      {"9223372036854775808", 64, 0, kRange, "one more"},
      {"99999999999999999999999", 64, 0, kRange, "beyond what unsigned holds"},
      {"4294967296x", 32, 0, kRange, "an overflow hides nonsense behind it"},
      {"4294967295x", 32, 0, kInvalid, "but not before it overflows"},
      {"", 32, 0, kInvalid, "nothing"},
      {"-", 32, 0, kInvalid, "a sign alone"},
      {"+-1", 32, 0, kInvalid, "two signs"},
      {"0x10", 32, 0, kInvalid, "hexadecimal"},
      {"1_000", 64, 0, kInvalid, "underscores"},
      {"1e3", 64, 0, kInvalid, "an exponent"},
      {" 1", 64, 0, kInvalid, "a space"},
  };
  for (const auto& row : kRows) {
    int64_t value = 77;
    const GoError error = ParseGoInt(row.text, row.bits, &value);
    if (row.fault[0] == '\0') {
      EXPECT_EQ(error, "") << row.reason;
      EXPECT_EQ(value, row.value) << row.reason;
    } else {
      EXPECT_EQ(error, std::string("strconv.ParseInt: parsing \"") + row.text + "\": " + row.fault) << row.reason;
      EXPECT_EQ(value, 77) << row.reason;
    }
  }
}

TEST(ParseGoUintTest, TakesNoSign) {
  uint64_t value = 0;
  EXPECT_EQ(ParseGoUint("18446744073709551615", 64, &value), "");
  EXPECT_EQ(value, UINT64_MAX);
  EXPECT_EQ(ParseGoUint("4294967295", 32, &value), "");
  EXPECT_EQ(value, UINT32_MAX);
  EXPECT_EQ(ParseGoUint("18446744073709551616", 64, &value),
            "strconv.ParseUint: parsing \"18446744073709551616\": value out of range");
  EXPECT_EQ(ParseGoUint("4294967296", 32, &value), "strconv.ParseUint: parsing \"4294967296\": value out of range");
  EXPECT_EQ(ParseGoUint("+1", 32, &value), "strconv.ParseUint: parsing \"+1\": invalid syntax");
  EXPECT_EQ(ParseGoUint("-1", 32, &value), "strconv.ParseUint: parsing \"-1\": invalid syntax");
}

TEST(ParseGoFloatTest, ReadsWhatJsonHasAndSomeMore) {
  const double kInfinity = std::numeric_limits<double>::infinity();
  const struct {
    const char* text;
    double value;
    const char* error;  // empty: none
    const char* reason;
  } kRows[] = {
      {"1.5", 1.5, "", "plain"},
      {"+1.5e-3", 0.0015, "", "a plus and an exponent"},
      {".5", 0.5, "", "nothing before the point"},
      {"5.", 5, "", "nothing behind it"},
      {"-5E2", -500, "", "a capital"},
      {"Infinity", kInfinity, "", "infinity as in JSON"},
      {"-Infinity", -kInfinity, "", "and its negative"},
      {"1e-400", 0, "", "too small is zero"},
      {"1e400", 0, "strconv.ParseFloat: parsing \"1e400\": value out of range", "too large"},
      {"-1e400", 0, "strconv.ParseFloat: parsing \"-1e400\": value out of range", "too large, negative"},
      {"", 0, "strconv.ParseFloat: parsing \"\": invalid syntax", "nothing"},
      {".", 0, "strconv.ParseFloat: parsing \".\": invalid syntax", "a point alone"},
      {"1e", 0, "strconv.ParseFloat: parsing \"1e\": invalid syntax", "an exponent without digits"},
      {"1.5.5", 0, "strconv.ParseFloat: parsing \"1.5.5\": invalid syntax", "two points"},
      {"--1", 0, "strconv.ParseFloat: parsing \"--1\": invalid syntax", "two signs"},
      {"+nan", 0, "strconv.ParseFloat: parsing \"+nan\": invalid syntax", "NaN has no sign"},
      {"infinit", 0, "strconv.ParseFloat: parsing \"infinit\": invalid syntax", "half a word"},
      {"Inf", 0, "invalid syntax \"Inf\"", "the gateway refuses what Go would take"},
      {"+infinity", 0, "invalid syntax \"+infinity\"", "likewise"},
      {"nan", 0, "invalid syntax \"nan\"", "likewise"},
      {"0x1p4", 0, "invalid syntax \"0x1p4\"", "hexadecimal"},
      {"1_000", 0, "invalid syntax \"1_000\"", "underscores"},
      {"x", 0, "invalid syntax \"x\"", "any x looks hexadecimal"},
  };
  for (const auto& row : kRows) {
    double value = 0;
    EXPECT_EQ(ParseGoFloat(row.text, &value), row.error) << row.reason;
    EXPECT_EQ(value, row.value) << row.reason;
  }
  double value = 0;
  EXPECT_EQ(ParseGoFloat("NaN", &value), "");
  EXPECT_TRUE(std::isnan(value));
  EXPECT_EQ(ParseGoFloat("-0", &value), "");
  EXPECT_TRUE(std::signbit(value));
  float narrow = 0;
  EXPECT_EQ(ParseGoFloat("1e39", &narrow), "strconv.ParseFloat: parsing \"1e39\": value out of range");
  EXPECT_EQ(ParseGoFloat("16777217", &narrow), "");
  EXPECT_EQ(narrow, 16777216.0f) << "rounded once";
}

TEST(ParseGoBoolTest, TakesTwelveWords) {
  bool value = false;
  for (const char* yes : {"1", "t", "T", "true", "TRUE", "True"}) {
    value = false;
    EXPECT_EQ(ParseGoBool(yes, &value), "") << yes;
    EXPECT_TRUE(value) << yes;
  }
  for (const char* no : {"0", "f", "F", "false", "FALSE", "False"}) {
    value = true;
    EXPECT_EQ(ParseGoBool(no, &value), "") << no;
    EXPECT_FALSE(value) << no;
  }
  for (const char* other : {"", "tRUE", "yes", "2", "true "}) {
    EXPECT_EQ(ParseGoBool(other, &value), std::string("strconv.ParseBool: parsing \"") + other + "\": invalid syntax");
  }
}

}  // namespace
}  // namespace penstock::grpc_gateway
