#include "gateway/grpc_gateway/go_body.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "gateway/codec/wire_to_json.h"
#include "transcode_test.pb.h"

namespace penstock::grpc_gateway {
namespace {

namespace test = transcode::test;

constexpr size_t kNoLimit = std::numeric_limits<size_t>::max();

const codec::PlanSet& Plans() {
  static const codec::PlanSet& plans =
      *codec::PlanSet::Build({test::Everything::descriptor()->file()}, codec::PrintOptions{.unpopulated = false})
           .value()
           .release();
  return plans;
}

const codec::MessagePlan& Plan(absl::string_view name) {
  return *Plans().Find(absl::StrCat("penstock.transcode.test.", name));
}

// The message that the body makes, or the error with a ! before it.
std::string Read(absl::string_view type, absl::string_view field, absl::string_view body) {
  std::string wire;
  const absl::Status status = AppendGoBody(*Plan(type).FindByName(field), body, &wire);
  if (!status.ok()) return absl::StrCat("! ", status.message());
  std::string json;
  EXPECT_TRUE(codec::WireToJson(Plan(type), wire, kNoLimit, &json).ok()) << body;
  return json;
}

TEST(GoBodyTest, ReadsAsEncodingJsonDoes) {
  const struct {
    const char* type;
    const char* field;
    const char* body;
    const char* expected;
    const char* reason;
  } kRows[] = {
      {"Lists", "int64s", "[1, -2]", R"({"int64s":["1","-2"]})", "integers"},
      {"Lists", "int64s", "[]", "{}", "no element"},
      {"Lists", "int64s", "null", "{}", "no list"},
      {"Lists", "int64s", "[null]", R"({"int64s":["0"]})", "null is zero"},
      {"Lists", "doubles", "[null,1e3]", R"({"doubles":[0,1000]})", "of any width"},
      {"Lists", "texts", R"(["a\u00e9",null])", R"({"texts":["aé",""]})", "strings"},
      {"Lists", "blobs", R"(["YWI="])", R"({"blobs":["YWI="]})", "bytes"},
      {"Lists", "bools", "[true,false]", R"({"bools":[true,false]})", "booleans"},
      {"Lists", "colors", "[1,77]", R"({"colors":["COLOR_RED",77]})", "enums, known or not"},
      {"Maps", "texts", R"({"a":"b","c":null})", R"({"texts":{"a":"b","c":""}})", "a map"},
      {"Maps", "int32s", R"({"1":5})", R"({"int32s":{"1":5}})", "a map by numbers"},
      {"Maps", "bools", R"({"T":true})", R"({"bools":{"true":true}})", "its keys are Go's"},

      {"Lists", "int64s", R"(["1"])", "! int64s must be a number", "protobuf's JSON would take the string"},
      {"Lists", "int64s", "[1.0]", "! int64s is not a whole number", "and this"},
      {"Lists", "int64s", "[1e1]", "! int64s is not a whole number", "and this"},
      {"Lists", "int32s", "[2147483648]", "! int32s is out of range", "too large"},
      {"Lists", "doubles", R"(["NaN"])", "! doubles must be a number", "not a number"},
      {"Lists", "blobs", R"(["YWI"])", "! blobs is no base64", "unpadded"},
      {"Lists", "colors", R"(["COLOR_RED"])", "! colors must be a number", "a name"},
      {"Lists", "colors", "[null]", "! colors must be a number", "no enum"},
      {"Lists", "bools", "[1]", "! bools must be true or false", "no boolean"},
      {"Lists", "int64s", "5", "! int64s must be a list", "no list"},
      {"Lists", "int64s", "[1,]", "! invalid JSON at byte 3: a value is missing here", "a comma too many"},
      {"Lists", "int64s", "[1 2]", "! invalid JSON at byte 3: expected , or the closing bracket", "one too few"},
      {"Lists", "int64s", "[1", "! invalid JSON at byte 2: expected , or the closing bracket", "no end"},
      {"Lists", "int64s", "[1]]", "! invalid JSON at byte 3: there is something behind the value", "more than one"},
      {"Maps", "texts", R"({"a":"b","a":"c"})", "! duplicate map key \"a\"", "a key twice"},
      {"Maps", "int32s", R"({"5":1,"05":2})", "! duplicate map key \"5\"", "in another spelling, too"},
      {"Maps", "texts", R"({"a" "b"})", "! invalid JSON at byte 5: expected :", "no colon"},
      {"Maps", "int32s", R"({"x":1})", "! strconv.ParseInt: parsing \"x\": invalid syntax", "a key that is none"},
  };
  for (const auto& row : kRows) EXPECT_EQ(Read(row.type, row.field, row.body), row.expected) << row.reason;
}

TEST(GoBodyTest, IsOnlyForWhatIsNoMessage) {
  EXPECT_TRUE(IsGoBody(*Plan("Lists").FindByName("int64s")));
  EXPECT_TRUE(IsGoBody(*Plan("Maps").FindByName("texts")));
  EXPECT_FALSE(IsGoBody(*Plan("Lists").FindByName("leaves")));
  EXPECT_FALSE(IsGoBody(*Plan("Maps").FindByName("leaves")));
}

}  // namespace
}  // namespace penstock::grpc_gateway
