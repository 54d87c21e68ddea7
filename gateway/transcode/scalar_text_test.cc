#include "gateway/transcode/scalar_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>

#include "transcode_test.pb.h"

namespace penstock::transcode {
namespace {

const PlanSet& Plans() {
  static const PlanSet& plans =
      *PlanSet::Build({test::Everything::descriptor()->file()}, PrintOptions()).value().release();
  return plans;
}

TEST(ScalarTextTest, WholeNumbersInBothForms) {
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

TEST(ScalarTextTest, Reals) {
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

TEST(ScalarTextTest, Base64OfEveryShape) {
  const struct {
    const char* text;
    const char* bytes;  // null: refused
  } kRows[] = {{"", ""},
               {"YQ==", "a"},
               {"YQ", "a"},
               {"YWI=", "ab"},
               {"YWJj", "abc"},
               {"-_-_", "\xfb\xff\xbf"},
               {"+/+/", "\xfb\xff\xbf"},
               {"Y", nullptr},
               {"YQ=", nullptr},
               {"YQ===", nullptr},
               {"=", nullptr},
               {"====", nullptr},
               {"Y=Q=", nullptr},
               {"YQ==YQ==", nullptr},
               {"YQ\n", nullptr},
               {"Y Q=", nullptr}};
  for (const auto& row : kRows) {
    std::string bytes = "kept";
    EXPECT_EQ(DecodeBase64(row.text, &bytes).empty(), row.bytes != nullptr) << row.text;
    EXPECT_EQ(bytes, std::string("kept") + (row.bytes == nullptr ? "" : row.bytes)) << row.text;
  }
}

TEST(ScalarTextTest, EnumsByNameAndInUrlsByNumber) {
  const EnumPlan& color = *Plans().Find("penstock.transcode.test.Scalars")->FindByName("color")->enumeration;
  int32_t value;
  EXPECT_TRUE(ParseEnum("COLOR_CRIMSON", color, TextForm::kJson, &value).empty());
  EXPECT_EQ(value, 1);
  EXPECT_FALSE(ParseEnum("1", color, TextForm::kJson, &value).empty());
  EXPECT_TRUE(ParseEnum("77", color, TextForm::kUrl, &value).empty());
  EXPECT_EQ(value, 77);
  EXPECT_FALSE(ParseEnum("color_red", color, TextForm::kUrl, &value).empty());
}

TEST(ScalarTextTest, FieldMasksInBothForms) {
  const auto paths = [](absl::string_view text, TextForm form) {
    std::string wire;
    google::protobuf::FieldMask mask;
    if (!ParseFieldMask(text, form, &wire).empty() || !mask.ParseFromString(wire)) return std::string("refused");
    std::string joined;
    for (const std::string& path : mask.paths()) joined += path + ";";
    return joined;
  };
  EXPECT_EQ(paths("", TextForm::kJson), "");
  EXPECT_EQ(paths("fooBar.bazQux,a", TextForm::kJson), "foo_bar.baz_qux;a;");
  EXPECT_EQ(paths("foo_bar", TextForm::kJson), "refused");
  EXPECT_EQ(paths("foo_bar", TextForm::kUrl), "foo_bar;");
  EXPECT_EQ(paths("a,", TextForm::kUrl), "refused");
  EXPECT_EQ(paths("a b", TextForm::kUrl), "refused");
}

TEST(ScalarTextTest, AFieldIsAppendedWithItsTag) {
  const MessagePlan& plan = *Plans().Find("penstock.transcode.test.UpdateBook");
  std::string wire = "kept";
  EXPECT_TRUE(AppendFieldFromText(*plan.FindByName("validate_only"), "false", TextForm::kUrl, &wire).empty());
  EXPECT_EQ(wire, std::string("kept\x18\0", 6));
  EXPECT_FALSE(AppendFieldFromText(*plan.FindByName("limit"), "x", TextForm::kUrl, &wire).empty());
  EXPECT_EQ(wire, std::string("kept\x18\0", 6));
  EXPECT_TRUE(HasTextForm(*plan.FindByName("timeout")) && HasTextForm(*plan.FindByName("times")));
  EXPECT_FALSE(HasTextForm(*plan.FindByName("book")) || HasTextForm(*plan.FindByName("labels")));
}

}  // namespace
}  // namespace penstock::transcode
