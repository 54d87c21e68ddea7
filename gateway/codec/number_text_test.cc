#include "gateway/codec/number_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>

namespace penstock::codec {
namespace {

TEST(NumberTextTest, WholeNumbersInBothForms) {
  const struct {
    const char* text;
    bool json, url;
    int64_t value;
  } kRows[] = {
      {"0", true, true, 0},
      {"-9223372036854775808", true, true, INT64_MIN},
      {"9223372036854775807", true, true, INT64_MAX},
      {"9223372036854775808", false, false, 0},
      {"9223372036854775807.0", true, false, INT64_MAX},
      {"9223372036854775807.5", false, false, 0},
      {"92233720368547758070e-1", true, false, INT64_MAX},
      {"0.00001e5", true, false, 1},
      {"0e999999999999", true, false, 0},
      {"1e-999999999999", false, false, 0},
      {"-0.0", true, false, 0},
      {"007", false, true, 7},
      {"-07", false, true, -7},
      {"", false, false, 0},
      {"-", false, false, 0},
      {"+1", false, false, 0},
      {"1.", false, false, 0},
      {".1e1", false, false, 0},
      {"1e", false, false, 0},
      {"1e+", false, false, 0},
      {"1 ", false, false, 0},
      {"0x1", false, false, 0},
  };
  for (const auto& row : kRows) {
    int64_t value = 0;
    EXPECT_EQ(ParseInt64(row.text, TextForm::kJson, &value).empty(), row.json) << row.text;
    EXPECT_TRUE(!row.json || value == row.value) << row.text;
    EXPECT_EQ(ParseInt64(row.text, TextForm::kUrl, &value).empty(), row.url) << row.text;
    EXPECT_TRUE(!row.url || value == row.value) << row.text;
  }
  uint32_t value;
  EXPECT_EQ(ParseUint32("-1", TextForm::kUrl, &value), "is out of range");
  EXPECT_EQ(ParseUint32("-x", TextForm::kUrl, &value), "is not a whole number");
  EXPECT_TRUE(ParseUint32("-0", TextForm::kJson, &value).empty());
  // A long text is read in linear time.
  EXPECT_FALSE(ParseUint32(std::string(1 << 20, '1'), TextForm::kJson, &value).empty());
}

TEST(NumberTextTest, Reals) {
  double value;
  EXPECT_TRUE(ParseDouble("1e-400", &value).empty());
  EXPECT_EQ(value, 0);
  EXPECT_TRUE(ParseDouble("-1e-400", &value).empty());
  EXPECT_TRUE(value == 0 && std::signbit(value));
  EXPECT_TRUE(ParseDouble("123456789012345678901234567890", &value).empty());
  EXPECT_EQ(value, 123456789012345678901234567890.0);
  EXPECT_EQ(ParseDouble("-1e400", &value), "is out of range");
  for (const char* text : {"", "nan", "Inf", "infinity", "0x1p1", "1.", ".5", "+1", "1e", "1_0", "01"}) {
    EXPECT_EQ(ParseDouble(text, &value), "is not a number") << text;
  }
  float single;
  EXPECT_EQ(ParseFloat("1e39", &single), "is out of range");
  EXPECT_TRUE(ParseFloat("-Infinity", &single).empty());
  EXPECT_EQ(single, -INFINITY);
}

}  // namespace
}  // namespace penstock::codec
