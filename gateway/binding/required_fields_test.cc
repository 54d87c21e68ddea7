#include "gateway/binding/required_fields.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gateway/codec/json_to_wire.h"
#include "gateway/codec/wire.h"
#include "transcode_test.pb.h"
#include "transcode_test_proto2.pb.h"

namespace penstock::binding {
namespace {

namespace test = transcode::test;

const codec::PlanSet& Plans() {
  static const codec::PlanSet& plans =
      *codec::PlanSet::Build({test::Everything::descriptor()->file(), test::Holder::descriptor()->file()},
                             codec::PrintOptions())
           .value()
           .release();
  return plans;
}

const codec::MessagePlan& Plan(absl::string_view name) {
  return *Plans().Find(absl::StrCat("penstock.transcode.test.", name));
}

std::string Wire(const std::string& type, const std::string& json) {
  std::string wire;
  const absl::Status status = codec::JsonToWire(Plan(type), json, &wire);
  EXPECT_TRUE(status.ok()) << status << " " << json;
  return wire;
}

TEST(RequiredFieldsTest, NamesTheFirstThatIsUnset) {
  const struct {
    const char* type;
    const char* json;
    const char* message;  // empty: nothing is missing
    const char* reason;
  } kRows[] = {
      {"Strict", "{}", "name is required and not set", "at the top"},
      {"Strict", R"({"name":""})", "", "set to its default"},
      {"Strict", R"({"name":null})", "name is required and not set", "null is unset"},
      {"Holder", "{}", "", "no message with required fields is there"},
      {"Holder", R"({"strict":{}})", "strict.name is required and not set", "in a message"},
      {"Holder", R"({"next":{"next":{"strict":{}}}})", "next.next.strict.name is required", "deep"},
      {"Strict", R"({"name":"","children":[{"name":"a"},{}]})", "children[1].name is required", "in a list"},
      {"Holder", R"({"byId":{"-7":{"name":"a"},"9":{}}})", "byId[9].name is required", "in a map"},
      {"Holder", R"({"byName":{"a":{}}})", "byName[\"a\"].name is required", "in a map with string keys"},
      {"Holder", R"({"byName":{"a":{"name":"b"}}})", "", "a whole map"},
      {"Holder", R"({"item":[{"number":0},{}]})", "item[1].number is required", "in a group"},
      {"Holder", R"({"[penstock.transcode.test.Strict.strict_extension]":{}})",
       "[penstock.transcode.test.Strict.strict_extension].name is required", "in an extension"},
      {"Holder", R"({"any":{"@type":"x/penstock.transcode.test.Strict"}})", "", "not in an Any"},
  };
  for (const auto& row : kRows) {
    const absl::Status status = CheckRequired(Plan(row.type), Wire(row.type, row.json));
    EXPECT_EQ(status.ok(), *row.message == '\0') << row.reason << ": " << status;
    EXPECT_NE(std::string(status.message()).find(row.message), std::string::npos) << row.reason << ": " << status;
    EXPECT_TRUE(status.ok() || status.code() == absl::StatusCode::kInvalidArgument) << row.reason;
  }
}

TEST(RequiredFieldsTest, PiecesMakeOneMessage) {
  // The name in one piece of `strict`, the children in another.
  const std::string pieces = Wire("Holder", R"({"strict":{"name":"a"}})") + Wire("Holder", R"({"item":[]})") +
                             Wire("Holder", R"({"strict":{"children":[{"name":"b"}]}})");
  EXPECT_TRUE(CheckRequired(Plan("Holder"), pieces).ok());
  // A map entry without its message: an empty one.
  EXPECT_EQ(CheckRequired(Plan("Holder"), "\x1a\x02\x08\x05").message(), "byId[5].name is required and not set");
}

TEST(RequiredFieldsTest, OnlyPlansThatCanHoldOneAreLookedInto) {
  EXPECT_TRUE(Plan("Holder").has_required() && Plan("Strict").has_required() && Plan("Proto2").has_required());
  EXPECT_TRUE(Plan("Holder.ByIdEntry").has_required());
  EXPECT_FALSE(Plan("Everything").has_required() || Plan("Scope").has_required());
  EXPECT_TRUE(CheckRequired(Plan("Everything"), "\xff").ok());
}

TEST(RequiredFieldsTest, WireThatIsNoneIsAnError) {
  for (const char* wire : {"\x12\x05", "\x12\x01\xff", "\x2b\x08\x01", "\x1a\x02\x12\x05"}) {
    EXPECT_EQ(CheckRequired(Plan("Holder"), wire).code(), absl::StatusCode::kInvalidArgument);
  }
  std::string deep;
  for (int i = 0; i < 10000; ++i) {
    std::string outer = "\x0a";
    codec::AppendLengthDelimited(deep, &outer);
    deep = outer;
  }
  const absl::Status status = CheckRequired(Plan("Holder"), deep);
  EXPECT_NE(std::string(status.message()).find("nested too deeply"), std::string::npos) << status;
}

}  // namespace
}  // namespace penstock::binding
