#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "binding_test.pb.h"
#include "gateway/binding/native_response_binding.h"
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

std::string Print(const google::protobuf::Message& message, const char* field) {
  const auto binding = NativeResponseBinding::Build(Plan(message.GetDescriptor()->name()), field);
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
  for (const auto& row : kRows) EXPECT_EQ(Print(message, row.field), row.json) << row.reason;
  EXPECT_FALSE(NativeResponseBinding::Build(Plan("UpdateBook"), "nope").ok());
  EXPECT_FALSE(NativeResponseBinding::Build(Plan("UpdateBook"), "*").ok()) << "the rule says: left out";
}

TEST(ResponseBindingTest, KnowsHttpBody) {
  EXPECT_TRUE(NativeResponseBinding::Build(*Plans().Find("google.api.HttpBody"), "")->is_http_body()) << "the message";
  EXPECT_FALSE(NativeResponseBinding::Build(Plan("Upload"), "")->is_http_body()) << "a message that has one";
  EXPECT_FALSE(NativeResponseBinding::Build(Plan("Upload"), "parts")->is_http_body()) << "a list of them";
  EXPECT_FALSE(NativeResponseBinding::Build(Plan("Upload"), "name")->is_http_body()) << "a string";
  const auto binding = NativeResponseBinding::Build(Plan("Upload"), "inner.file");
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
