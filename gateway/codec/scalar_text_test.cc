#include "gateway/codec/scalar_text.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "transcode_test.pb.h"

namespace penstock::codec {
namespace {

namespace test = transcode::test;

const PlanSet& Plans() {
  static const PlanSet& plans =
      *PlanSet::Build({test::Everything::descriptor()->file()}, PrintOptions()).value().release();
  return plans;
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
}  // namespace penstock::codec
