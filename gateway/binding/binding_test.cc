#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "binding_test.pb.h"
#include "gateway/binding/native_request_binding.h"
#include "gateway/codec/wire_to_json.h"
#include "google/api/httpbody.pb.h"
#include "transcode_test.pb.h"
#include "transcode_test_proto2.pb.h"

namespace penstock::binding {
namespace {

namespace test = transcode::test;

constexpr size_t kNoLimit = size_t{1} << 30;

const codec::PlanSet& PlansOf(const google::protobuf::FileDescriptor* file) {
  return *codec::PlanSet::Build({file}, codec::PrintOptions{.unpopulated = false}).value().release();
}

const codec::PlanSet& Plans() {
  static const codec::PlanSet& plans = PlansOf(test::Everything::descriptor()->file());
  return plans;
}

const codec::PlanSet& BindingPlans() {
  static const codec::PlanSet& plans = PlansOf(test::PatchDocument::descriptor()->file());
  return plans;
}

const codec::MessagePlan& Plan(absl::string_view name) {
  return *Plans().Find(absl::StrCat("penstock.transcode.test.", name));
}
const codec::MessagePlan& BindingPlan(absl::string_view name) {
  return *BindingPlans().Find(absl::StrCat("penstock.transcode.test.", name));
}

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
    const auto binding =
        NativeRequestBinding::Build(Plan("UpdateBook"), {.path_variables = row.variables, .body = row.body});
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
  const auto binding =
      NativeRequestBinding::Build(Plan("UpdateBook"), {.path_variables = row.variables, .body = row.body_field});
  if (!binding.ok()) return binding.status();
  return binding->Bind({.path_values = row.values, .queries = {row.query}, .body = row.body}, wire);
}

TEST(RequestBindingTest, BindsBodyThenQueryThenPath) {
  const Request kRows[] = {
      {{}, "", {}, "", "", "{}", "nothing at all"},
      {{}, "*", {}, "", "", "{}", "an empty body is the default message"},
      {{}, "*", {}, "&&", "", "{}", "a query without a parameter, where none is taken"},
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
    ASSERT_TRUE(codec::WireToJson(Plan("UpdateBook"), wire, kNoLimit, &json).ok()) << row.reason;
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
  EXPECT_FALSE(NativeRequestBinding::Build(Plan("UpdateBook"), {})->takes_body());
  EXPECT_TRUE(NativeRequestBinding::Build(Plan("UpdateBook"), {.body = "*"})->takes_body());
  EXPECT_TRUE(NativeRequestBinding::Build(Plan("UpdateBook"), {.body = "book"})->takes_body());
}

TEST(RequestBindingTest, NeedsOneValueAVariable) {
  std::string wire;
  const auto binding = NativeRequestBinding::Build(Plan("UpdateBook"), {.path_variables = {"parent"}});
  EXPECT_EQ(binding->Bind({}, &wire).code(), absl::StatusCode::kInternal);
}

TEST(RequestBindingTest, RequiredFieldsMayComeFromAnyPart) {
  const auto plans = codec::PlanSet::Build({test::Holder::descriptor()->file()}, codec::PrintOptions()).value();
  const codec::MessagePlan& holder = *plans->Find("penstock.transcode.test.Holder");
  const auto binding =
      NativeRequestBinding::Build(holder, {.path_variables = {"strict.name"}, .body = "strict"}).value();
  std::string wire = "kept";
  EXPECT_TRUE(binding.Bind({.path_values = {"n"}, .body = R"({"children":[{"name":"c"}]})"}, &wire).ok());
  wire = "kept";
  const absl::Status status = binding.Bind({.path_values = {"n"}, .body = R"({"children":[{}]})"}, &wire);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "strict.children[0].name is required and not set");
  EXPECT_EQ(wire, "kept");
}

TEST(RequestBindingTest, SeveralQueriesCountAsOne) {
  const auto binding = NativeRequestBinding::Build(Plan("UpdateBook"), {});
  std::string wire;
  EXPECT_TRUE(binding->Bind({.queries = {"numbers=1", "numbers=2&parent=p"}}, &wire).ok());
  test::UpdateBook message;
  ASSERT_TRUE(message.ParseFromString(wire));
  EXPECT_EQ(message.ShortDebugString(), "parent: \"p\" numbers: 1 numbers: 2");
  EXPECT_EQ(std::string(binding->Bind({.queries = {"parent=p", "parent=q"}}, &wire).message()),
            "query parameter parent is given twice");
}

// Every type that a query or a path can hold, read by libprotobuf.
TEST(RequestBindingTest, BindsEveryType) {
  const struct {
    const char* type;
    const char* field;
    const char* text;
    const char* message;
  } kRows[] = {
      {"Scalars", "aDouble", "1.5e3", "a_double: 1500"},
      {"Scalars", "a_float", "-Infinity", "a_float: -inf"},
      {"Scalars", "an_int32", "-5", "an_int32: -5"},
      {"Scalars", "an_int64", "-5", "an_int64: -5"},
      {"Scalars", "a_uint32", "5", "a_uint32: 5"},
      {"Scalars", "a_uint64", "18446744073709551615", "a_uint64: 18446744073709551615"},
      {"Scalars", "a_sint32", "-5", "a_sint32: -5"},
      {"Scalars", "a_sint64", "-5", "a_sint64: -5"},
      {"Scalars", "a_fixed32", "5", "a_fixed32: 5"},
      {"Scalars", "a_fixed64", "5", "a_fixed64: 5"},
      {"Scalars", "a_sfixed32", "-5", "a_sfixed32: -5"},
      {"Scalars", "a_sfixed64", "-5", "a_sfixed64: -5"},
      {"Scalars", "a_bool", "true", "a_bool: true"},
      {"Scalars", "some_bytes", "-_8", "some_bytes: \"\\373\\377\""},
      {"Scalars", "sparse", "SPARSE_LOW", "sparse: SPARSE_LOW"},
      {"Scalars", "other-name", "x", "renamed: \"x\""},
      {"WellKnown", "time", "1970-01-01T00:00:01Z", "time { seconds: 1 }"},
      {"WellKnown", "duration", "-1.5s", "duration { seconds: -1 nanos: -500000000 }"},
      {"WellKnown", "mask", "a.b,cD", "mask { paths: \"a.b\" paths: \"c_d\" }"},
      {"WellKnown", "double_value", "1", "double_value { value: 1 }"},
      {"WellKnown", "float_value", "1", "float_value { value: 1 }"},
      {"WellKnown", "int64_value", "0", "int64_value { }"},
      {"WellKnown", "uint64_value", "1", "uint64_value { value: 1 }"},
      {"WellKnown", "int32_value", "1", "int32_value { value: 1 }"},
      {"WellKnown", "uint32_value", "1", "uint32_value { value: 1 }"},
      {"WellKnown", "bool_value", "true", "bool_value { value: true }"},
      {"WellKnown", "string_value", "", "string_value { }"},
      {"WellKnown", "bytes_value", "YQ==", "bytes_value { value: \"a\" }"},
      {"Choices", "maybe_number", "0", "maybe_number: 0"},
      {"Choices", "nothing", "NULL_VALUE", "nothing: NULL_VALUE"},
      {"Choices", "leaf.name", "n", "leaf { name: \"n\" }"},
  };
  for (const auto& row : kRows) {
    const codec::MessagePlan& plan = Plan(row.type);
    std::string by_query, by_path;
    const std::string query = absl::StrCat(row.field, "=", row.text);
    EXPECT_TRUE(NativeRequestBinding::Build(plan, {})->Bind({.queries = {query}}, &by_query).ok()) << row.field;
    const auto with_variable = NativeRequestBinding::Build(plan, {.path_variables = {row.field}});
    EXPECT_TRUE(with_variable->Bind({.path_values = {row.text}}, &by_path).ok()) << row.field;
    EXPECT_EQ(by_query, by_path) << row.field;
    const std::unique_ptr<google::protobuf::Message> message(
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(plan.descriptor())->New());
    ASSERT_TRUE(message->ParseFromString(by_query)) << row.field;
    EXPECT_EQ(message->ShortDebugString(), row.message) << row.field;
  }
}

// What the body leaves must not shine through what the path sets.
TEST(RequestBindingTest, ThePathReplacesTheBodysMessages) {
  const Request kRows[] = {
      {{"timeout"}, "*", {"2s"}, "", R"({"timeout":"1.5s"})", R"({"timeout":"2s"})", "a Duration without nanos"},
      {{"update_mask"}, "*", {"b"}, "", R"({"updateMask":"a"})", R"({"updateMask":"b"})", "a FieldMask is no union"},
      {{"limit"}, "*", {"0"}, "", R"({"limit":"5"})", R"({"limit":"0"})", "a wrapper"},
      {{"book.published"},
       "book",
       {"1970-01-01T00:00:00Z"},
       "",
       R"({"published":"2026-11-22T15:31:04.5Z","title":"t"})",
       R"({"book":{"title":"t","published":"1970-01-01T00:00:00Z"}})",
       "nested, in the body's field"},
      {{"page"},
       "*",
       {"1"},
       "",
       R"({"query":"q"})",
       "page is set while the body sets query of the oneof filter",
       "two"},
      {{"like.name"}, "*", {"n"}, "", R"({"page":1})", "like.name is set while the body sets page", "one nested"},
      {{"page"}, "*", {"1"}, "", R"({"page":2})", R"({"page":1})", "the same member of a oneof"},
      {{"like.name"},
       "*",
       {"n"},
       "",
       R"({"like":{"title":"t"}})",
       R"({"like":{"name":"n","title":"t"}})",
       "and into the same"},
  };
  for (const Request& row : kRows) {
    std::string wire, json;
    const absl::Status status = Bind(row, &wire);
    if (row.expected[0] != '{') {
      EXPECT_NE(std::string(status.message()).find(row.expected), std::string::npos) << row.reason << ": " << status;
      continue;
    }
    ASSERT_TRUE(status.ok()) << row.reason << ": " << status;
    ASSERT_TRUE(codec::WireToJson(Plan("UpdateBook"), wire, kNoLimit, &json).ok()) << row.reason;
    EXPECT_EQ(json, row.expected) << row.reason;
  }
}

TEST(RequestBindingTest, BindsMapsOfTexts) {
  std::string wire;
  const auto binding = NativeRequestBinding::Build(Plan("Maps"), {});
  ASSERT_TRUE(binding
                  ->Bind({.queries = {"times[a]=1970-01-01T00:00:01Z&bools[true]=true&int64s[-1]=-2&blobs[b]=YQ&"
                                      "colors[c]=COLOR_RED&floats[f]=NaN"}},
                         &wire)
                  .ok());
  test::Maps message;
  ASSERT_TRUE(message.ParseFromString(wire));
  EXPECT_EQ(message.times().at("a").seconds(), 1);
  EXPECT_TRUE(message.bools().at(true));
  EXPECT_EQ(message.int64s().at(-1), -2);
  EXPECT_EQ(message.blobs().at("b"), "a");
  EXPECT_EQ(message.colors().at("c"), test::COLOR_RED);
  EXPECT_TRUE(std::isnan(message.floats().at("f")));
}

TEST(RequestBindingTest, LimitsTheDepthOfNames) {
  std::string name = "outer.inner";
  while (std::count(name.begin(), name.end(), '.') < codec::kMaxDepth) name += ".outer.inner";
  std::string wire;
  const auto binding = NativeRequestBinding::Build(Plan("Everything.Inner"), {});
  EXPECT_NE(std::string(binding->Bind({.queries = {name + "=1"}}, &wire).message()).find("messages deep"),
            std::string::npos);
}

// --- PATCH -----------------------------------------------------------------------------------------------------------

// What a PATCH makes, as JSON, or the error.
std::string Patch(const char* type, absl::string_view body_field, absl::string_view query, absl::string_view body,
                  std::vector<std::string> variables = {}, std::vector<std::string> values = {}) {
  const auto binding =
      NativeRequestBinding::Build(BindingPlan(type), {.path_variables = variables, .body = body_field, .patch = true});
  if (!binding.ok()) return std::string(binding.status().message());
  std::string wire, json;
  const absl::Status status = binding->Bind({.path_values = values, .queries = {query}, .body = body}, &wire);
  if (!status.ok()) return std::string(status.message());
  EXPECT_TRUE(codec::WireToJson(BindingPlan(type), wire, kNoLimit, &json).ok());
  return json;
}

TEST(PatchTest, FillsTheMaskFromTheBody) {
  EXPECT_EQ(
      Patch("PatchDocument", "document", "note=n", R"({"title":"t","author":{"displayName":"n"}})"),
      R"({"document":{"title":"t","author":{"displayName":"n"}},"updateMask":"author.displayName,title","note":"n"})")
      << "each field that the body has";
  EXPECT_EQ(Patch("PatchDocument", "document", "", "{}"), R"({"document":{},"updateMask":""})") << "no field, no path";
  EXPECT_EQ(Patch("PatchDocument", "document", "updateMask=title,size", R"({"title":"t"})"),
            R"({"document":{"title":"t"},"updateMask":"title,size"})")
      << "the query's mask is the better one";
  EXPECT_EQ(Patch("PatchDocument", "document", "updateMask.paths=size", R"({"title":"t"})"),
            R"({"document":{"title":"t"},"updateMask":"size"})")
      << "path by path, too";
  EXPECT_EQ(Patch("PatchDocument", "document", "updateMask=", R"({"title":"t"})"),
            R"({"document":{"title":"t"},"updateMask":"title"})")
      << "an empty mask is none";
  EXPECT_EQ(Patch("PatchDocument", "document.author", "", R"({"displayName":"n"})"),
            R"({"document":{"author":{"displayName":"n"}},"updateMask":"displayName"})")
      << "paths begin at what the body is";
  EXPECT_EQ(Patch("PatchDocument", "document", "", R"({"title":"t"})", {"document.title"}, {"p"}),
            R"({"document":{"title":"p"},"updateMask":"title"})")
      << "the path does not change what the body has";
  EXPECT_EQ(Patch("PatchDocument", "document", "", R"({"nope":1})"),
            "document.nope is no field of penstock.transcode.test.Document")
      << "an unknown key";
}

TEST(PatchTest, LeavesOtherMasksAlone) {
  EXPECT_EQ(Patch("PatchDocument", "*", "", R"({"document":{"title":"t"}})"), R"({"document":{"title":"t"}})")
      << "the body is all";
  EXPECT_EQ(Patch("TwoMasks", "document", "", R"({"title":"t"})"), R"({"document":{"title":"t"}})") << "two masks";
  EXPECT_EQ(Patch("PatchDocument", "tags", "", R"(["a"])"), R"({"tags":["a"]})") << "the body is a list";
  EXPECT_EQ(Patch("PatchDocument", "document.labels", "", R"({"a":1})"), R"({"document":{"labels":{"a":1}}})")
      << "the body is a Struct";
  EXPECT_EQ(Patch("PatchDocument", "update_mask", "", R"("a")"), R"({"updateMask":"a"})") << "the body is the mask";
  EXPECT_EQ(Patch("PatchDocument", "document", "", R"({"title":"t"})", {"update_mask"}, {"size"}),
            R"({"document":{"title":"t"},"updateMask":"size"})")
      << "the path has it";
  EXPECT_EQ(Patch("PatchDocument", "document", "", ""), "{}") << "no body, nothing to name";
  const auto put = NativeRequestBinding::Build(BindingPlan("PatchDocument"), {.body = "document"});
  std::string wire;
  ASSERT_TRUE(put->Bind({.body = R"({"title":"t"})"}, &wire).ok());
  test::PatchDocument message;
  ASSERT_TRUE(message.ParseFromString(wire));
  EXPECT_FALSE(message.has_update_mask()) << "a PUT replaces everything";
}

// --- HttpBody --------------------------------------------------------------------------------------------------------

TEST(RequestHttpBodyTest, TakesTheBodyAsItIs) {
  const std::string bytes("{\"not\": json\0", 13);
  const auto field =
      NativeRequestBinding::Build(BindingPlan("Upload"), {.path_variables = {"name"}, .body = "inner.file"});
  ASSERT_TRUE(field->takes_http_body()) << "whatever its type";
  std::string wire;
  ASSERT_TRUE(field->Bind({.path_values = {"n"}, .body = bytes, .content_type = "image/png"}, &wire).ok());
  test::Upload upload;
  ASSERT_TRUE(upload.ParseFromString(wire));
  EXPECT_EQ(upload.name(), "n");
  EXPECT_EQ(upload.inner().file().content_type(), "image/png");
  EXPECT_EQ(upload.inner().file().data(), bytes);

  const auto whole = NativeRequestBinding::Build(*BindingPlans().Find("google.api.HttpBody"), {.body = "*"});
  ASSERT_TRUE(whole->takes_http_body());
  wire.clear();
  ASSERT_TRUE(whole->Bind({.body = bytes, .content_type = "text/plain"}, &wire).ok());
  google::api::HttpBody body;
  ASSERT_TRUE(body.ParseFromString(wire));
  EXPECT_EQ(body.content_type(), "text/plain");
  EXPECT_EQ(body.data(), bytes);
  wire.clear();
  ASSERT_TRUE(whole->Bind({}, &wire).ok()) << "an empty one";
  EXPECT_FALSE(whole->Bind({.content_type = "\xff"}, &wire).ok()) << "a type that no string field holds";
}

TEST(RequestHttpBodyTest, OnlyWhereTheBodyIsOne) {
  EXPECT_FALSE(NativeRequestBinding::Build(BindingPlan("Upload"), {.body = "*"})->takes_http_body());
  EXPECT_FALSE(NativeRequestBinding::Build(BindingPlan("Upload"), {.body = "parts"})->takes_http_body());
  EXPECT_FALSE(NativeRequestBinding::Build(BindingPlan("Upload"), {})->takes_http_body());
}

}  // namespace
}  // namespace penstock::binding
