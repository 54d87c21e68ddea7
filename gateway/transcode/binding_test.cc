#include "gateway/transcode/binding.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gateway/transcode/wire_to_json.h"
#include "transcode_test.pb.h"
#include "transcode_test_proto2.pb.h"

namespace penstock::transcode {
namespace {

constexpr size_t kNoLimit = size_t{1} << 30;

const PlanSet& Plans() {
  static const PlanSet& plans =
      *PlanSet::Build({test::Everything::descriptor()->file()}, PrintOptions{.unpopulated = false}).value().release();
  return plans;
}

const MessagePlan& Plan(const std::string& name) { return *Plans().Find("penstock.transcode.test." + name); }

TEST(RequestBindingTest, BuildRefusesWrongPaths) {
  const struct {
    std::vector<std::string> variables;
    const char* body;
    const char* message;
    const char* reason;
  } kRows[] = {
      {{"nope"}, "", "\"nope\": \"nope\" is no field", "unknown variable"},
      {{"book.nope"}, "", "\"book.nope\": \"nope\" is no field", "unknown nested variable"},
      {{"parent.x"}, "", "parent is no single message", "a field of a string"},
      {{"shelf.name"}, "", "shelf is no single message", "a field of a map"},
      {{"times.seconds"}, "", "times is no single message", "a field of a list"},
      {{""}, "", "is no field", "an empty name"},
      {{"book"}, "", "\"book\" is a message", "a message"},
      {{"book.tags"}, "", "\"book.tags\" is a list or map", "a list"},
      {{"labels"}, "", "\"labels\" is a list or map", "a map"},
      {{"parent", "parent"}, "", "\"parent\" is bound twice", "one variable twice"},
      {{"timeout", "timeout.seconds"}, "", "bound twice", "a variable inside another"},
      {{"query", "page"}, "", "\"page\" is in a oneof with \"query\"", "two members of a oneof"},
      {{"like.name", "page"}, "", "in a oneof with", "two members of a oneof, one nested"},
      {{}, "nope", "body \"nope\"", "unknown body"},
      {{"parent"}, "parent", "bound by the path already", "body and path alike"},
      {{"page"}, "like", "in a oneof with", "body and path in one oneof"},
  };
  for (const auto& row : kRows) {
    const auto binding = RequestBinding::Build(Plans(), Plan("UpdateBook"), row.variables, row.body);
    ASSERT_FALSE(binding.ok()) << row.reason;
    EXPECT_EQ(binding.status().code(), absl::StatusCode::kInvalidArgument) << row.reason;
    EXPECT_NE(std::string(binding.status().message()).find(row.message), std::string::npos)
        << row.reason << ": " << binding.status();
  }
}

struct Request {
  std::vector<std::string> variables;
  const char* body_field;
  std::vector<std::string> values;
  const char* query;
  const char* body;
  const char* expected;  // the message's JSON, or a part of the error
  const char* reason;
};

absl::Status Bind(const Request& row, std::string* wire) {
  const auto binding = RequestBinding::Build(Plans(), Plan("UpdateBook"), row.variables, row.body_field);
  if (!binding.ok()) return binding.status();
  return binding->Bind(row.values, row.query, row.body, wire);
}

TEST(RequestBindingTest, BindsBodyThenQueryThenPath) {
  const Request kRows[] = {
      {{}, "", {}, "", "", "{}", "nothing at all"},
      {{}, "*", {}, "", "", "{}", "an empty body is the default message"},
      {{}, "", {}, "", "nonsense", "{}", "a body that no rule takes is not read"},
      {{"parent"},
       "*",
       {"p/1"},
       "",
       R"({"parent":"x","validateOnly":true})",
       R"({"parent":"p/1","validateOnly":true})",
       "the path wins over the body"},
      {{"book.pages"},
       "*",
       {"0"},
       "",
       R"({"book":{"pages":"7","title":"t"}})",
       R"({"book":{"title":"t"}})",
       "a zero in the path still wins"},
      {{"book.name"},
       "book",
       {"b"},
       "parent=p&validate_only=true",
       R"({"title":"t","name":"x"})",
       R"({"parent":"p","book":{"name":"b","title":"t"},"validateOnly":true})",
       "all three"},
      {{},
       "book.tags",
       {},
       "book.title=t",
       R"(["a","b"])",
       R"({"book":{"title":"t","tags":["a","b"]}})",
       "a nested list as the body"},
      {{}, "labels", {}, "", R"({"a":"1"})", R"({"labels":{"a":"1"}})", "a map as the body"},
      {{}, "limit", {}, "", "5", R"({"limit":"5"})", "a wrapper as the body"},
      {{}, "", {}, "numbers=1&numbers=2&numbers=-3", "", R"({"numbers":[1,2,-3]})", "a list by repeating"},
      {{},
       "",
       {},
       "labels[b]=2&labels%5Ba%5D=1&labels[x.y[z]]=3",
       "",
       R"({"labels":{"a":"1","b":"2","x.y[z]":"3"}})",
       "map entries"},
      {{}, "", {}, "color=COLOR_RED", "", R"({"color":"COLOR_RED"})", "enum by name"},
      {{}, "", {}, "color=-5", "", R"({"color":"COLOR_NEGATIVE"})", "enum by number"},
      {{}, "", {}, "limit=0", "", R"({"limit":"0"})", "a wrapper of zero is set"},
      {{},
       "",
       {},
       "timeout=1.5s&book.published=2026-11-22T15:31:04Z",
       "",
       R"({"book":{"published":"2026-11-22T15:31:04Z"},"timeout":"1.500s"})",
       "Duration and Timestamp"},
      {{},
       "",
       {},
       "updateMask=book.title,validateOnly,a_b",
       "",
       R"({"updateMask":"book.title,validateOnly,aB"})",
       "FieldMask in either spelling"},
      {{},
       "",
       {},
       "times=2026-11-22T15:31:04Z&times=1970-01-01T00:00:00Z",
       "",
       R"({"times":["2026-11-22T15:31:04Z","1970-01-01T00:00:00Z"]})",
       "a list of times"},
      {{}, "", {}, "parent=a+b%20c%2B%C3%A9", "", R"({"parent":"a b c+é"})", "plus and percent"},
      {{}, "", {}, "parent=&&parent2", "", "parent2 is unknown", "empty pairs are passed over"},
      {{}, "", {}, "query", "", R"({"query":""})", "a key without a value is the empty string"},
      {{}, "", {}, "like.name=a&like.title=b", "", R"({"like":{"name":"a","title":"b"}})", "one oneof member in parts"},
  };
  for (const Request& row : kRows) {
    std::string wire, json;
    const absl::Status status = Bind(row, &wire);
    if (row.expected[0] != '{') {
      EXPECT_NE(std::string(status.message()).find(row.expected), std::string::npos) << row.reason << status;
      continue;
    }
    ASSERT_TRUE(status.ok()) << row.reason << ": " << status;
    ASSERT_TRUE(WireToJson(Plan("UpdateBook"), wire, kNoLimit, &json).ok()) << row.reason;
    EXPECT_EQ(json, row.expected) << row.reason;
  }
}

TEST(RequestBindingTest, RefusesBadRequestsByName) {
  const Request kRows[] = {
      {{}, "*", {}, "parent=p", "{}", "no query parameter is taken", "a query where the body is all"},
      {{}, "*", {}, "", R"({"book":{"x":1}})", "book.x is no field", "an error in the body"},
      {{}, "book", {}, "", R"({"x":1})", "book.x is no field", "an error in the body's field"},
      {{}, "book", {}, "", "{", "byte 1", "broken JSON"},
      {{}, "", {}, "nope=1", "", "query parameter nope is unknown", "an unknown key"},
      {{}, "", {}, "=1", "", "query parameter \"\" is unknown", "an empty key"},
      {{}, "", {}, "book.=1", "", "query parameter book. is unknown", "an empty part of a key"},
      {{},
       "",
       {},
       "validateOnly=true&validate_only=true",
       "",
       "validate_only is given twice",
       "twice in two spellings"},
      {{}, "", {}, "labels[a]=1&labels[a]=2", "", "labels[a] is given twice", "a map key twice"},
      {{"parent"}, "", {"p"}, "parent=q", "", "parent is unknown: the URL's path sets it", "covered by the path"},
      {{"book.name"}, "", {"p"}, "book.name=q", "", "book.name is unknown", "covered by the path, nested"},
      {{}, "book", {}, "book.title=t", "", "book.title is unknown: it belongs into the body", "covered by the body"},
      {{}, "", {}, "query=a&page=1", "", "page is set while another member of the oneof filter", "oneof twice"},
      {{}, "", {}, "like.name=a&page=1", "", "page is set while", "oneof twice, once nested"},
      {{"page"}, "", {"1"}, "query=a", "", "query is set while", "oneof in path and query"},
      {{}, "like", {}, "query=a", "{}", "query is set while", "oneof in body and query"},
      {{}, "", {}, "book=x", "", "book is a message", "a message"},
      {{}, "", {}, "extra=x", "", "extra is a message", "a Struct"},
      {{}, "", {}, "labels=x", "", "labels is a map", "a map without a key"},
      {{}, "", {}, "shelf[a]=x", "", "shelf[a] is a map of messages", "a map of messages"},
      {{}, "", {}, "numbers[0]=1", "", "numbers[0] is written as a map's entry", "an index"},
      {{}, "", {}, "labels[a=1", "", "labels[a is written as a map's entry", "a bracket that stays open"},
      {{}, "", {}, "validate_only=yes", "", "validate_only is neither true nor false", "a bool in other words"},
      {{}, "", {}, "numbers=1e5", "", "numbers is not a whole number", "JSON's exponents"},
      {{}, "", {}, "numbers=2147483648", "", "numbers is out of range", "overflow"},
      {{}, "", {}, "color=COLOR_NOPE", "", "color is no value of its enum", "unknown enum name"},
      {{}, "", {}, "timeout=1h", "", "timeout is not a duration", "another unit"},
      {{}, "", {}, "updateMask=a-b", "", "updateMask is not a list of field paths", "a path that is none"},
      {{}, "", {}, "parent=%", "", "a % without two hex digits", "a lone percent"},
      {{}, "", {}, "parent=%4", "", "a % without two hex digits", "half an escape"},
      {{}, "", {}, "parent=%zz", "", "a % without two hex digits", "no hex digits"},
      {{}, "", {}, "parent=%ff", "", "parent is not UTF-8", "a value that is not UTF-8"},
      {{}, "", {}, "%ff=1", "", "\"\\xff\" is not UTF-8", "a key that is not UTF-8"},
      {{"parent"}, "", {"\xff"}, "", "", "path variable parent is not UTF-8", "a path that is not UTF-8"},
      {{"book.pages"}, "", {"x"}, "", "", "path variable book.pages is not a whole number", "a bad path value"},
  };
  for (const Request& row : kRows) {
    std::string wire = "kept";
    const absl::Status status = Bind(row, &wire);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << row.reason;
    EXPECT_NE(std::string(status.message()).find(row.expected), std::string::npos) << row.reason << ": " << status;
    EXPECT_EQ(wire, "kept") << row.reason;
  }
}

TEST(RequestBindingTest, SaysWhetherItTakesABody) {
  EXPECT_FALSE(RequestBinding::Build(Plans(), Plan("UpdateBook"), {}, "")->takes_body());
  EXPECT_TRUE(RequestBinding::Build(Plans(), Plan("UpdateBook"), {}, "*")->takes_body());
  EXPECT_TRUE(RequestBinding::Build(Plans(), Plan("UpdateBook"), {}, "book")->takes_body());
}

TEST(RequestBindingTest, NeedsOneValueAVariable) {
  std::string wire;
  EXPECT_EQ(RequestBinding::Build(Plans(), Plan("UpdateBook"), {"parent"}, "")->Bind({}, "", "", &wire).code(),
            absl::StatusCode::kInternal);
}

TEST(RequestBindingTest, RequiredFieldsMayComeFromAnyPart) {
  const auto plans = PlanSet::Build({test::Holder::descriptor()->file()}, PrintOptions()).value();
  const MessagePlan& holder = *plans->Find("penstock.transcode.test.Holder");
  const auto binding = RequestBinding::Build(*plans, holder, {"strict.name"}, "strict").value();
  std::string wire = "kept";
  EXPECT_TRUE(binding.Bind({"n"}, "", R"({"children":[{"name":"c"}]})", &wire).ok());
  wire = "kept";
  const absl::Status status = binding.Bind({"n"}, "", R"({"children":[{}]})", &wire);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "strict.children[0].name is required and not set");
  EXPECT_EQ(wire, "kept");
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
  for (const auto& row : kRows) {
    std::string json;
    const auto binding = ResponseBinding::Build(Plan("UpdateBook"), row.field);
    ASSERT_TRUE(binding.ok()) << row.reason;
    EXPECT_TRUE(binding->Print(message.SerializeAsString(), kNoLimit, &json).ok()) << row.reason;
    EXPECT_EQ(json, row.json) << row.reason;
  }
  EXPECT_FALSE(ResponseBinding::Build(Plan("UpdateBook"), "nope").ok());
}

}  // namespace
}  // namespace penstock::transcode
