#include "gateway/grpc_gateway/go_response_binding.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "binding_test.pb.h"
#include "transcode_test.pb.h"

namespace penstock::grpc_gateway {
namespace {

namespace test = transcode::test;

constexpr size_t kNoLimit = size_t{1} << 30;

const codec::PlanSet& Plans() {
  static const codec::PlanSet& plans =
      *codec::PlanSet::Build({test::Everything::descriptor()->file(), test::Results::descriptor()->file()},
                             codec::PrintOptions{.unpopulated = false})
           .value()
           .release();
  return plans;
}

const codec::MessagePlan& Plan(absl::string_view name) {
  return *Plans().Find(absl::StrCat("penstock.transcode.test.", name));
}

std::string Print(const google::protobuf::Message& message, const char* field) {
  const auto binding = GoResponseBinding::Build(Plan(message.GetDescriptor()->name()), field);
  if (!binding.ok()) return std::string(binding.status().message());
  std::string json = "kept ";
  EXPECT_TRUE(binding->Print(message.SerializeAsString(), kNoLimit, &json).ok()) << field;
  return json.substr(5);
}

TEST(GoResponseBindingTest, PrintsFieldsAsEncodingJsonDoes) {
  test::Results full;
  full.set_count(-9007199254740993);
  full.add_ids(18446744073709551615u);
  full.add_ids(0);
  (*full.mutable_totals())["\"1\":\\"] = 1;
  (*full.mutable_totals())["b"] = -2;
  full.set_html("<a&b>");
  full.set_blob("b");
  full.set_maybe(0);
  full.mutable_document()->set_title("<t>");
  full.mutable_document()->add_pages(5);
  full.add_documents()->set_title("<t>");
  (*full.mutable_names())[7] = "7";
  const struct {
    const test::Results message;
    const char* field;
    const char* json;
    const char* reason;
  } kRows[] = {
      {full, "count", "-9007199254740993", "64 bits are a number"},
      {full, "ids", "[18446744073709551615,0]", "in a list, too"},
      {full, "totals", R"({"\"1\":\\":1,"b":-2})", "in a map, whatever its keys look like"},
      {full, "names", R"({"7":"7"})", "keys are strings, and strings stay"},
      {full, "html", R"("\u003ca\u0026b\u003e")", "fit for HTML"},
      {full, "blob", R"("Yg==")", "bytes"},
      {full, "maybe", "0", "an optional that is set"},
      {full, "document", R"({"title":"<t>","pages":["5"]})", "a message is protojson's"},
      {full, "document.pages", "[5]", "a nested list is not"},
      {full, "documents", R"([{"title":"<t>"}])", "messages in a list are"},
      {{}, "count", "0", "unset"},
      {{}, "maybe", "null", "an unset optional"},
      {{}, "blob", "[]", "unset bytes are an empty slice"},
      {{}, "ids", "[]", "an unset list"},
      {{}, "totals", "{}", "an unset map"},
      {{}, "document", "{}", "an unset message has its defaults"},
  };
  for (const auto& row : kRows) {
    EXPECT_EQ(Print(row.message, row.field), row.json) << row.reason;
  }
  test::Results small;
  small.set_count(5);
  EXPECT_EQ(Print(small, "*"), R"({"count":"5"})") << "the whole is protojson's";
}

TEST(GoResponseBindingTest, WhatGoCannotPrintIsUnknown) {
  const auto print = [](absl::string_view field, absl::string_view wire) {
    const auto binding = GoResponseBinding::Build(*Plans().Find("google.protobuf.DoubleValue"), field);
    std::string json;
    return binding->Print(wire, kNoLimit, &json);
  };
  const absl::string_view kInfinity("\x09\0\0\0\0\0\0\xf0\x7f", 9);
  EXPECT_EQ(print("value", kInfinity), absl::UnknownError("json: unsupported value: +Inf"));
  EXPECT_EQ(print("", kInfinity), absl::OkStatus()) << "a message is protojson's";
  EXPECT_EQ(print("", "\x09").code(), absl::StatusCode::kUnknown) << "broken wire";
}

}  // namespace
}  // namespace penstock::grpc_gateway
