#include "gateway/binding/response_binding.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "binding_test.pb.h"
#include "google/api/httpbody.pb.h"
#include "transcode_test.pb.h"

namespace penstock::binding {
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

std::string Print(const google::protobuf::Message& message, const char* field, BindingRules rules) {
  const auto binding = ResponseBinding::Build(Plan(message.GetDescriptor()->name()), field, rules);
  if (!binding.ok()) return std::string(binding.status().message());
  std::string json = "kept ";
  EXPECT_TRUE(binding->Print(message.SerializeAsString(), kNoLimit, &json).ok()) << field;
  return json.substr(5);
}

TEST(ResponseBindingTest, PrintsAllOrOneField) {
  test::UpdateBook message;
  message.set_parent("p");
  message.mutable_book()->set_title("t");
  message.mutable_book()->add_tags("x");
  (*message.mutable_labels())["k"] = 1;
  const struct {
    const char* field;
    const char* json;
    const char* reason;
  } kRows[] = {
      {"", R"({"parent":"p","book":{"title":"t","tags":["x"]},"labels":{"k":"1"}})", "all of it"},
      {"book", R"({"title":"t","tags":["x"]})", "a message"},
      {"book.tags", R"(["x"])", "a nested list"},
      {"labels", R"({"k":"1"})", "a map"},
      {"parent", R"("p")", "a string"},
      {"validate_only", "false", "an unset scalar"},
      {"numbers", "[]", "an unset list"},
      {"shelf", "{}", "an unset map"},
      {"like", "null", "an unset message"},
      {"like.pages", R"("0")", "a scalar of an unset message"},
  };
  for (const auto& row : kRows) EXPECT_EQ(Print(message, row.field, BindingRules::kNative), row.json) << row.reason;
  EXPECT_FALSE(ResponseBinding::Build(Plan("UpdateBook"), "nope").ok());
  EXPECT_FALSE(ResponseBinding::Build(Plan("UpdateBook"), "*").ok()) << "the rule says: left out";
}

TEST(ResponseBindingTest, PrintsFieldsAsEncodingJsonDoes) {
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
    EXPECT_EQ(Print(row.message, row.field, BindingRules::kGrpcGateway), row.json) << row.reason;
  }
  test::Results small;
  small.set_count(5);
  EXPECT_EQ(Print(small, "*", BindingRules::kGrpcGateway), R"({"count":"5"})") << "the whole is protojson's";
}

TEST(ResponseBindingTest, WhatGoCannotPrintIsUnknown) {
  const auto print = [](absl::string_view field, absl::string_view wire) {
    const auto binding =
        ResponseBinding::Build(*Plans().Find("google.protobuf.DoubleValue"), field, BindingRules::kGrpcGateway);
    std::string json;
    return binding->Print(wire, kNoLimit, &json);
  };
  const absl::string_view kInfinity("\x09\0\0\0\0\0\0\xf0\x7f", 9);
  EXPECT_EQ(print("value", kInfinity), absl::UnknownError("json: unsupported value: +Inf"));
  EXPECT_EQ(print("", kInfinity), absl::OkStatus()) << "a message is protojson's";
  EXPECT_EQ(print("", "\x09").code(), absl::StatusCode::kUnknown) << "broken wire";
}

TEST(ResponseBindingTest, KnowsHttpBody) {
  EXPECT_TRUE(ResponseBinding::Build(*Plans().Find("google.api.HttpBody"), "")->is_http_body()) << "the message";
  EXPECT_FALSE(ResponseBinding::Build(Plan("Upload"), "")->is_http_body()) << "a message that has one";
  EXPECT_FALSE(ResponseBinding::Build(Plan("Upload"), "parts")->is_http_body()) << "a list of them";
  EXPECT_FALSE(ResponseBinding::Build(Plan("Upload"), "name")->is_http_body()) << "a string";
  const auto binding = ResponseBinding::Build(Plan("Upload"), "inner.file");
  ASSERT_TRUE(binding->is_http_body()) << "a field";
  test::Upload upload;
  upload.mutable_inner()->mutable_file()->set_content_type("text/html");
  upload.mutable_inner()->mutable_file()->set_data("<p>");
  const std::string wire = upload.SerializeAsString();
  const auto body = binding->HttpBody(wire);
  ASSERT_TRUE(body.ok());
  EXPECT_EQ(body->content_type, "text/html");
  EXPECT_EQ(body->data, "<p>");
}

}  // namespace
}  // namespace penstock::binding
