// What GoRequestBinding binds; what is expected was seen in grpc-gateway v2.33.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "binding_test.pb.h"
#include "gateway/codec/wire_to_json.h"
#include "gateway/grpc_gateway/go_request_binding.h"
#include "google/api/httpbody.pb.h"
#include "transcode_test.pb.h"
#include "transcode_test_proto2.pb.h"

namespace penstock::grpc_gateway {
namespace {

namespace test = transcode::test;

constexpr size_t kNoLimit = size_t{1} << 30;

const codec::PlanSet& Plans() {
  static const codec::PlanSet& plans =
      *codec::PlanSet::Build({test::Everything::descriptor()->file(), test::Proto2::descriptor()->file(),
                              test::PatchDocument::descriptor()->file()},
                             codec::PrintOptions{.unpopulated = false})
           .value()
           .release();
  return plans;
}

const codec::MessagePlan& Plan(absl::string_view name) {
  return *Plans().Find(absl::StrCat("penstock.transcode.test.", name));
}

struct Request {
  std::vector<std::string> variables;
  const char* body_field;
  std::vector<std::string> values;
  const char* query;
  const char* body;
  const char* expected;  // the message's JSON, or the error
  const char* reason;
};

std::string Bind(const char* type, const Request& row, bool patch = false) {
  const auto binding =
      GoRequestBinding::Build(Plan(type), {.path_variables = row.variables, .body = row.body_field, .patch = patch});
  if (!binding.ok()) return std::string(binding.status().message());
  std::string wire = "kept";
  const absl::Status status =
      binding->Bind({.path_values = row.values, .queries = {row.query}, .body = row.body}, &wire);
  if (!status.ok()) {
    EXPECT_EQ(wire, "kept") << row.reason;
    return std::string(status.message());
  }
  std::string json;
  EXPECT_TRUE(codec::WireToJson(Plan(type), absl::string_view(wire).substr(4), kNoLimit, &json).ok()) << row.reason;
  return json;
}

std::string Query(const char* type, const char* query) { return Bind(type, {{}, "", {}, query, "", "", query}); }

TEST(GoQueryTest, BindsParameters) {
  const struct {
    const char* query;
    const char* expected;
    const char* reason;
  } kRows[] = {
      {"", "{}", "nothing"},
      {"parent=a+b&validateOnly=T", R"({"parent":"a b","validateOnly":true})", "either spelling"},
      {"book.title=t&book.pages=5", R"({"book":{"title":"t","pages":"5"}})", "several of one message merge"},
      {"numbers=1&numbers=2", R"({"numbers":[1,2]})", "a list by repeating"},
      {"labels[a]=1&labels[b]=2", R"({"labels":{"a":"1","b":"2"}})", "a map"},
      {"labels=a&labels=2", R"({"labels":{"a":"2"}})", "key and value as two values"},
      {"labels[x[y]=1", R"({})", "the last bracket is the key's, so the name is another"},
      {"timeout=1h30m", R"({"timeout":"5400s"})", "Go's durations"},
      {"updateMask=book.title,parent", R"({"updateMask":"book.title,parent"})", "a FieldMask"},
      {"updateMask=", R"({"updateMask":""})", "an empty one"},
      {"update_mask.paths=a&update_mask.paths=b", R"({"updateMask":"a,b"})", "path by path"},
      {"limit=5", R"({"limit":"5"})", "a wrapper"},
      {"limit.value=5", R"({"limit":"5"})", "from inside"},
      {"extra={\"a\":1}", R"({"extra":{"a":1}})", "a Struct is JSON"},
      {"times=1970-01-01T00:00:00Z&times=1970-01-01T00:00:01Z",
       R"({"times":["1970-01-01T00:00:00Z","1970-01-01T00:00:01Z"]})", "a list of times"},
      {"nope=1&book.nope=1&=1&.=1", R"({"book":{}})", "what is unknown is passed over, what leads there is made"},
      {"like.name=n&like.title=t", R"({"like":{"name":"n","title":"t"}})", "one member of a oneof in parts"},
      {"color=COLOR_RED", R"({"color":"COLOR_RED"})", "an enum"},
      {"%70arent=p%26", R"({"parent":"p&"})", "percent-encoding"},
      {"parent", "{}", "no value is the empty one"},
  };
  for (const auto& row : kRows) EXPECT_EQ(Query("UpdateBook", row.query), row.expected) << row.reason;
}

TEST(GoQueryTest, FailsInGosWords) {
  const struct {
    const char* query;
    const char* error;
    const char* reason;
  } kRows[] = {
      {"numbers[]=1", "field \"numbers\" is not a map", "brackets on a list"},
      {"parent[a]=1", "field \"parent\" is not a map", "on a scalar"},
      {"parent=a&parent=b", "too many values for field \"parent\": a, b", "a scalar twice"},
      {"parent.x=1", "invalid path: \"parent\" is not a message", "through a scalar"},
      {"numbers.x=1", "invalid path: \"numbers\" is not a message", "through a list"},
      {"shelf.x=1", "invalid path: \"shelf\" is not a message", "through a map"},
      {"validateOnly=1&validate_only=1", "duplicate field \"validate_only\"", "one field in two spellings"},
      {"update_mask.paths[0]=1", "field \"paths\" is not a map", "nested"},
      {"query=a&page=1", "field already set for oneof \"filter\"", "a oneof twice"},
      {"like.name=a&page=1", "field already set for oneof \"filter\"", "once nested"},
      {"like.nope=a&page=1", "field already set for oneof \"filter\"", "once by what is passed over"},
      {"labels[a]=1&labels[a]=2",
       "more than one value provided for key \"a\" in map \"penstock.transcode.test.UpdateBook.labels\"",
       "a map's key twice"},
      {"labels=x", "more than one value provided for key \"x\" in map \"penstock.transcode.test.UpdateBook.labels\"",
       "a key alone"},
      {"labels[a]=x", "parsing map value \"labels\": strconv.ParseInt: parsing \"x\": invalid syntax", "a map's value"},
      {"shelf[a]=x", "parsing map value \"shelf\": unsupported message type: \"penstock.transcode.test.Book\"",
       "a map of messages"},
      {"numbers=1&numbers=x", "parsing list \"numbers\": strconv.ParseInt: parsing \"x\": invalid syntax",
       "a list's element"},
      {"numbers=2147483648", "parsing list \"numbers\": strconv.ParseInt: parsing \"2147483648\": value out of range",
       "out of range"},
      {"book.pages=0x10", "parsing field \"pages\": strconv.ParseInt: parsing \"0x10\": invalid syntax", "hexadecimal"},
      {"validate_only=yes", "parsing field \"validate_only\": strconv.ParseBool: parsing \"yes\": invalid syntax",
       "a bool"},
      {"color=NOPE", "parsing field \"color\": \"NOPE\" is not a valid value", "an enum"},
      {"book=x", "parsing field \"book\": unsupported message type: \"penstock.transcode.test.Book\"", "a message"},
      {"timeout=5", "parsing field \"timeout\": time: missing unit in duration \"5\"", "a duration"},
      {"times=now",
       "parsing list \"times\": parsing time \"now\" as \"2006-01-02T15:04:05.999999999Z07:00\": cannot parse \"now\" "
       "as \"2006\"",
       "a time"},
      {"parent=%zz", "invalid URL escape \"%zz\"", "an escape that is none"},
      {"parent=1&a%4", "invalid URL escape \"%4\"", "half an escape"},
      {"a;b&parent=%zz", "invalid semicolon separator in query", "a semicolon"},
      {"parent=%ff", "grpc: error while marshaling: string field contains invalid UTF-8", "not UTF-8"},
  };
  for (const auto& row : kRows) EXPECT_EQ(Query("UpdateBook", row.query), row.error) << row.reason;
  EXPECT_EQ(Query("Maps", "int32s[x]=1"),
            "parsing map key \"int32s\": strconv.ParseInt: parsing \"x\": invalid syntax");
}

TEST(GoQueryTest, PassesOverWhatIsBound) {
  const Request kRows[] = {
      {{"parent"}, "", {"p"}, "parent=q&parent=r", "", R"({"parent":"p"})", "what the path has"},
      {{"parent"}, "", {"p"}, "parent.x=1&parent[a]=1", "", R"({"parent":"p"})", "and all that begins like it"},
      {{"book.name"}, "", {"n"}, "book=x&book.title=t", "", R"({"book":{"name":"n","title":"t"}})", "what is above"},
      {{"limit.value"}, "", {"5"}, "limit=6", "", R"({"limit":"5"})", "and has a text"},
      {{}, "book", {}, "book.title=x&book.nope.a=1&validateOnly=1", "{}", R"({"book":{},"validateOnly":true})", "body"},
      {{}, "book", {}, "validate_only.x=1", "{}", "invalid path: \"validate_only\" is not a message", "not the others"},
      {{}, "*", {}, "parent=%zz&validate_only=maybe", "{}", "{}", "the body is all: nothing is even read"},
      {{"like.name"}, "", {"n"}, "page=1", "", "field already set for oneof \"filter\"", "but a oneof it sets"},
      {{"like.name"}, "", {"n"}, "like.title=t", "", R"({"like":{"name":"n","title":"t"}})", "is open to its own"},
      {{},
       "like",
       {},
       "query=a",
       "",
       "field already set for oneof \"filter\"",
       "a body's oneof, even of an empty body"},
  };
  for (const Request& row : kRows) EXPECT_EQ(Bind("UpdateBook", row), row.expected) << row.reason;
  EXPECT_EQ(Bind("Leaf", {{"name", "number"}, "", {"n", "1"}, "a=%zz", "", "", ""}), R"({"name":"n","number":1})")
      << "all is bound: the query is not looked at";
}

TEST(GoQueryTest, FormsAndUrlCountAsOne) {
  const auto binding = GoRequestBinding::Build(Plan("UpdateBook"), {});
  std::string wire;
  ASSERT_TRUE(binding->Bind({.queries = {"numbers=1", "numbers=2"}}, &wire).ok());
  test::UpdateBook message;
  ASSERT_TRUE(message.ParseFromString(wire));
  EXPECT_EQ(message.ShortDebugString(), "numbers: 1 numbers: 2");
  EXPECT_EQ(std::string(binding->Bind({.queries = {"parent=form", "parent=url"}}, &wire).message()),
            "too many values for field \"parent\": form, url");
}

TEST(GoQueryTest, IsBounded) {
  std::string many;
  for (int i = 0; i < 10000; ++i) many += "a=&";
  EXPECT_EQ(Query("UpdateBook", many.c_str()), "number of URL query parameters exceeded limit");
  std::string deep;
  for (int i = 0; i < 200; ++i) deep += "children.";
  EXPECT_EQ(Query("Everything", deep.c_str()), "a query parameter leads too many messages deep");
}

TEST(GoPathTest, BindsVariables) {
  const Request kRows[] = {
      {{"parent"}, "*", {"p"}, "", R"({"parent":"x"})", R"({"parent":"p"})", "after the body"},
      {{"numbers"}, "*", {"1,2"}, "", R"({"numbers":[7]})", R"({"numbers":[1,2]})", "a list replaces the body's"},
      {{"book.tags"},
       "*",
       {"a,b"},
       "",
       R"({"book":{"tags":["x"]}})",
       R"({"book":{"tags":["x","a,b"]}})",
       "a nested one is added to, and not split"},
      {{"times"},
       "",
       {"1970-01-01T00:00:00Z,1970-01-01T00:00:01Z"},
       "",
       "",
       R"({"times":["1970-01-01T00:00:00Z","1970-01-01T00:00:01Z"]})",
       "a list of times"},
      {{"timeout"}, "*", {"1s"}, "", R"({"timeout":"2.5s"})", R"({"timeout":"1s"})", "a Duration as in JSON"},
      {{"limit"}, "", {"010"}, "", "", R"({"limit":"10"})", "decimal, whatever it begins with"},
      {{"validate_only"}, "", {"1"}, "", "", R"({"validateOnly":true})", "a bool"},
      {{"color"}, "", {"-5"}, "", "", R"({"color":"COLOR_NEGATIVE"})", "an enum's number"},
      {{"book.pages"}, "book", {"0"}, "", R"({"pages":7,"title":"t"})", R"({"book":{"title":"t"}})", "zero wins"},
      {{"query"}, "*", {"q"}, "", R"({"query":"x"})", R"({"query":"q"})", "a oneof's member again"},
      {{"book"}, "", {}, "", "", "path variable \"book\" is a message; name one of its fields", "a message"},
      {{"labels"}, "", {}, "", "", "path variable \"labels\" is a list or map; a path holds one value", "a map"},
      {{"book.pages"},
       "",
       {"x"},
       "",
       "",
       "type mismatch, parameter: book.pages, error: parsing field \"pages\": strconv.ParseInt: parsing \"x\": invalid "
       "syntax",
       "nested, wrong"},
      {{"validate_only"},
       "",
       {"x"},
       "",
       "",
       "type mismatch, parameter: validate_only, error: strconv.ParseBool: parsing \"x\": invalid syntax",
       "not nested, wrong"},
      {{"numbers"},
       "",
       {"1,"},
       "",
       "",
       "type mismatch, parameter: numbers, error: strconv.ParseInt: parsing \"\": invalid syntax",
       "a list that ends in a comma"},
      {{"color"}, "", {"red"}, "", "", "type mismatch, parameter: color, error: red is not valid", "an enum, wrong"},
      {{"parent"},
       "",
       {"\xff"},
       "",
       "",
       "grpc: error while marshaling: string field contains invalid UTF-8",
       "told by the call"},
      {{"page"},
       "*",
       {"1"},
       "",
       R"({"query":"q"})",
       "type mismatch, parameter: page, error: field already set for oneof \"filter\"",
       "another member in the body"},
      {{"like.name"},
       "*",
       {"n"},
       "",
       R"({"like":{"title":"t"}})",
       R"({"like":{"name":"n","title":"t"}})",
       "into the same member"},
  };
  for (const Request& row : kRows) EXPECT_EQ(Bind("UpdateBook", row), row.expected) << row.reason;
  EXPECT_EQ(Bind("Everything", {{"choices.number"}, "*", {"1"}, "", R"({"choices":{"number":2}})", "", ""}),
            "type mismatch, parameter: choices.number, error: field already set for oneof \"choice\"")
      << "a nested scalar of a oneof may not even be set to another value";
  EXPECT_EQ(
      Bind("Proto2",
           {{"child.packed"}, "*", {"1,2"}, "", R"({"needed":1,"child":{"needed":1,"packed":[7]}})", "", "proto2"}),
      R"({"needed":"1","child":{"needed":"1","packed":[1,2]}})")
      << "what is generated for proto2 does not know nested fields as such";
}

TEST(GoBodyTest, IsLenient) {
  const Request kRows[] = {
      {{}, "*", {}, "", "", "{}", "an empty body is the default message"},
      {{}, "*", {}, "", R"({"nope":{"a":[1]},"parent":"p","color":"NOPE"})", R"({"parent":"p"})", "what is unknown"},
      {{}, "book", {}, "", "", R"({"book":{}})", "a field without a body is there"},
      {{}, "book", {}, "", R"({"nope":1,"title":"t"})", R"({"book":{"title":"t"}})", "unknown in a field"},
      {{}, "book.title", {}, "", "\"t\"", R"({"book":{"title":"t"}})", "a dotted field"},
      {{}, "numbers", {}, "", "[1,2]", R"({"numbers":[1,2]})", "a list"},
      {{}, "numbers", {}, "", "", "{}", "no list"},
      {{"parent"}, "parent", {"p"}, "", "\"x\"", R"({"parent":"p"})", "the path's own field"},
  };
  for (const Request& row : kRows) EXPECT_EQ(Bind("UpdateBook", row), row.expected) << row.reason;
  EXPECT_NE(Bind("UpdateBook", {{}, "book", {}, "", "null", "", ""})[0], '{') << "null is no message";
  EXPECT_NE(Bind("UpdateBook", {{}, "*", {}, "", R"({"parent":"a","parent":"b"})", "", ""})[0], '{') << "a duplicate";
}

TEST(GoPatchTest, FillsTheMaskBeforeTheQuery) {
  const Request kRows[] = {
      {{}, "document", {}, "", R"({"title":"t"})", R"({"document":{"title":"t"},"updateMask":"title"})", "filled"},
      {{},
       "document",
       {},
       "update_mask=size",
       R"({"title":"t"})",
       R"({"document":{"title":"t"},"updateMask":"size"})",
       "a query replaces it"},
      {{},
       "document",
       {},
       "update_mask=",
       R"({"title":"t"})",
       R"({"document":{"title":"t"},"updateMask":""})",
       "by nothing, too"},
      {{},
       "document",
       {},
       "update_mask.paths=size",
       R"({"title":"t"})",
       R"({"document":{"title":"t"},"updateMask":"title,size"})",
       "or adds to it"},
      {{}, "document", {}, "", "{}", R"({"document":{},"updateMask":""})", "no path"},
      {{}, "document", {}, "", "", R"({"document":{},"updateMask":""})", "no body"},
      {{},
       "document",
       {},
       "update_mask=size",
       R"({"nope":1})",
       "could not find field \"nope\" in \"penstock.transcode.test.Document\"",
       "unknown keys are errors here"},
      {{"document.title"},
       "document",
       {"p"},
       "",
       R"({"title":"t"})",
       R"({"document":{"title":"p"},"updateMask":"title"})",
       "a path beside it"},
  };
  for (const Request& row : kRows) EXPECT_EQ(Bind("PatchDocument", row, true), row.expected) << row.reason;
}

TEST(GoHttpBodyTest, IsJsonLikeAnyMessage) {
  const auto binding = GoRequestBinding::Build(Plan("Upload"), {.body = "file"});
  EXPECT_FALSE(binding->takes_http_body());
  std::string wire;
  const std::string json = R"({"contentType":"text/plain","data":"aGk="})";
  ASSERT_TRUE(binding->Bind({.body = json, .content_type = "image/png"}, &wire).ok());
  test::Upload upload;
  ASSERT_TRUE(upload.ParseFromString(wire));
  EXPECT_EQ(upload.file().data(), "hi");
  EXPECT_EQ(upload.file().content_type(), "text/plain");
  EXPECT_FALSE(binding->Bind({.body = "hi", .content_type = "text/plain"}, &wire).ok());
}

}  // namespace
}  // namespace penstock::grpc_gateway
