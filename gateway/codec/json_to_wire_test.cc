#include "gateway/codec/json_to_wire.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gateway/codec/wire_to_json.h"
#include "transcode_test.pb.h"
#include "transcode_test_proto2.pb.h"

namespace penstock::codec {
namespace {

namespace test = transcode::test;

const PlanSet& Plans() {
  static const PlanSet& plans =
      *PlanSet::Build({test::Everything::descriptor()->file(), test::Proto2::descriptor()->file()}, PrintOptions())
           .value()
           .release();
  return plans;
}

const MessagePlan& Plan(absl::string_view name) {
  return *Plans().Find(absl::StrCat("penstock.transcode.test.", name));
}

absl::Status Read(const std::string& type, const std::string& json) {
  std::string wire = "kept";
  const absl::Status status = JsonToWire(Plan(type), json, &wire);
  EXPECT_TRUE(status.ok() || wire == "kept") << json;
  return status;
}

struct Refused {
  const char* type;
  std::string json;
  std::string message;  // a part of the error's
  const char* reason;
};

void ExpectRefused(const Refused& row) {
  const absl::Status status = Read(row.type, row.json);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << row.json << ": " << row.reason;
  EXPECT_NE(std::string(status.message()).find(row.message), std::string::npos)
      << row.reason << ": " << status << " lacks " << row.message;
}

TEST(JsonToWireTest, RefusesBrokenSyntaxByOffset) {
  const Refused kRows[] = {
      {"Scalars", "", "byte 0", "empty"},
      {"Scalars", " \n", "byte 2", "white space only"},
      {"Scalars", "{", "byte 1", "object without an end"},
      {"Scalars", "{\"text\":\"a\"", "byte 11", "object without an end behind a member"},
      {"Scalars", "{\"text\":\"a\"}}", "byte 12", "one brace too many"},
      {"Scalars", "{} {}", "byte 3", "a second value"},
      {"Scalars", "{\"text\":\"a\",}", "byte 12", "trailing comma"},
      {"Scalars", "{,}", "byte 1", "leading comma"},
      {"Scalars", "{'text':'a'}", "byte 1", "single quotes"},
      {"Scalars", "{text:\"a\"}", "byte 1", "bare key"},
      {"Scalars", "{\"text\" \"a\"}", "byte 8", "no colon"},
      {"Scalars", "{\"text\":}", "byte 8", "no value"},
      {"Scalars", "{\"text\":\"a\" \"b\"}", "byte 12", "no comma"},
      {"Scalars", "{\"text\":tru}", "byte 8", "half a literal"},
      {"Scalars", "{\"aBool\":trueish}", "byte 9", "a literal and more"},
      {"Scalars", "{\"aBool\":true\"x\"}", "byte 9", "a literal glued to a string"},
      {"Scalars", "{\"aDouble\":NaN}", "byte 11", "NaN without quotes"},
      {"Scalars", "{\"aDouble\":-Infinity}", "byte 11", "-Infinity without quotes"},
      {"Scalars", "{\"aDouble\":.5}", "byte 11", "no digit before the point"},
      {"Scalars", "{\"aDouble\":+1}", "byte 11", "a plus sign"},
      {"Scalars", "{\"text\":\"a", "byte 8", "string without an end"},
      {"Scalars", "{\"text\":\"a\nb\"}", "byte 10", "a newline in a string"},
      {"Scalars", std::string("{\"text\":\"\0\"}", 12), "byte 9", "NUL in a string"},
      {"Scalars", "{\"text\":\"\\x\"}", "byte 9", "unknown escape"},
      {"Scalars", "{\"text\":\"\\u12\"}", "byte 9", "short escape"},
      {"Scalars", "{\"text\":\"\\ud800\"}", "byte 9", "lone high surrogate"},
      {"Scalars", "{\"text\":\"\\udc00\"}", "byte 9", "lone low surrogate"},
      {"Scalars", "{\"text\":\"a\\ud800\\u0041\"}", "byte 10", "high surrogate before no low one"},
      {"Scalars", "{\"text\":\"a\xff\"}", "byte 10", "no UTF-8"},
      {"Scalars", "{\"text\":\"\xed\xa0\x80\"}", "byte 9", "a surrogate in UTF-8"},
      {"Scalars", "{\"text\":\"\xc0\x80\"}", "byte 9", "overlong UTF-8"},
      {"Scalars", "\xef\xbb\xbf{}", "byte 0", "byte order mark"},
      {"Scalars", "{\"te\xff\":1}", "byte 4", "no UTF-8 in a key"},
      {"Scalars", "{\"\\ud800\":1}", "byte 2", "half a surrogate pair in a key"},
      {"Maps", "{\"texts\":{\"\\udc00\":\"\"}}", "byte 11", "half a surrogate pair in a map's key"},
      {"Lists", "{\"int32s\":[1,]}", "byte 13", "trailing comma in a list"},
      {"Lists", "{\"int32s\":[1 2]}", "byte 13", "no comma in a list"},
      {"Lists", "{\"int32s\":[1}", "byte 12", "list closed by a brace"},
      {"Lists", "{\"int32s\":[1", "byte 12", "list without an end"},
      {"WellKnown", "{\"value\":nan}", "byte 9", "no JSON value"},
      {"WellKnown", "{\"any\":{\"a\":}}", "@type", "an Any whose members are broken"},
  };
  for (const Refused& row : kRows) ExpectRefused(row);
}

TEST(JsonToWireTest, RefusesWhatTheTypeDoesNotTakeByPath) {
  const Refused kRows[] = {
      {"Scalars", "null", "the value must be an object", "null for a message"},
      {"Scalars", "[]", "the value must be an object", "list for a message"},
      {"Scalars", "{\"nope\":1}", "nope is no field", "unknown field"},
      {"Scalars", "{\"Text\":\"\"}", "Text is no field", "a key in other case"},
      {"Scalars", "{\"anInt32\":1,\"an_int32\":1}", "anInt32 is set twice", "twice in two spellings"},
      {"Scalars", "{\"text\":null,\"text\":\"\"}", "text is set twice", "twice, once null"},
      {"Scalars", "{\"\\u0074ext\":\"\",\"text\":\"\"}", "text is set twice", "twice, once escaped"},
      {"Scalars", "{\"text\":1}", "text must be a string", "number for a string"},
      {"Scalars", "{\"text\":[\"a\"]}", "text must be a string", "list for a string"},
      {"Scalars", "{\"aBool\":\"true\"}", "aBool must be true or false", "string for a bool"},
      {"Scalars", "{\"aBool\":1}", "aBool must be true or false", "number for a bool"},
      {"Scalars", "{\"anInt32\":1.5}", "anInt32 is not a whole number", "fraction"},
      {"Scalars", "{\"anInt32\":1e-1}", "anInt32 is not a whole number", "fraction by exponent"},
      {"Scalars", "{\"anInt32\":01}", "anInt32 is not a whole number", "leading zero"},
      {"Scalars", "{\"anInt32\":\"\"}", "anInt32 is not a whole number", "empty string"},
      {"Scalars", "{\"anInt32\":\" 1\"}", "anInt32 is not a whole number", "space before the digits"},
      {"Scalars", "{\"anInt32\":\"1x\"}", "anInt32 is not a whole number", "more than digits"},
      {"Scalars", "{\"anInt32\":\"0x1\"}", "anInt32 is not a whole number", "hexadecimal"},
      {"Scalars", "{\"anInt32\":true}", "anInt32 must be a number", "bool for a number"},
      {"Scalars", "{\"aDouble\":{}}", "aDouble must be a number", "object for a number"},
      {"Scalars", "{\"someBytes\":1}", "someBytes must be a string of base64", "number for bytes"},
      {"Scalars", "{\"color\":[]}", "color must be the name of an enum value", "list for an enum"},
      {"Choices", "{\"leaf\":\"x\"}", "leaf must be an object", "string for a message"},
      {"Choices", "{\"nothing\":0.5}", "nothing is not a whole number", "a fraction for NullValue"},
      {"Lists", "{\"int32s\":[[1]]}", "int32s[0] must be a number", "a list in a list"},
      {"Maps", "{\"int32s\":{\"1\":{}}}", "int32s[\"1\"] must be a number", "object for a map's number"},
      {"WellKnown", "{\"mask\":[]}", "mask must be a string", "list for a FieldMask"},
      {"WellKnown", "{\"boolValue\":\"true\"}", "boolValue must be true or false", "string for a wrapper of bool"},
      {"WellKnown", "{\"stringValue\":{\"value\":\"\"}}", "stringValue must be a string", "a wrapper as a message"},
      {"WellKnown", "{\"any\":[]}", "any must be an object", "list for an Any"},
      {"Proto2", "{\"onegroup\":1}", "onegroup must be an object", "number for a group"},
      {"Proto2", "{\"items\":[{\"id\":1}]}", "items[0].id must be a string", "in a repeated group"},
      {"Proto2", "{\"[penstock.transcode.test.extended_number]\":\"x\"}",
       "[penstock.transcode.test.extended_number] is not a whole number", "in an extension"},
      {"Proto2", "{\"[penstock.transcode.test.nope]\":1}", "[penstock.transcode.test.nope] is no field", "extension"},
      {"Proto2", "{\"extended_number\":1}", "extended_number is no field", "an extension without brackets"},
      {"Proto2", "{\"left\":1,\"rightgroup\":{}}", "rightgroup is set while another", "oneof twice, once a group"},
      {"Scalars", "{\"anInt32\":2147483648}", "anInt32 is out of range", "overflow of int32"},
      {"Scalars", "{\"anInt32\":1e400000000000}", "anInt32 is out of range", "a huge exponent"},
      {"Scalars", "{\"aUint32\":-1}", "aUint32 is out of range", "sign of unsigned"},
      {"Scalars", "{\"anInt32\":-2147483649}", "anInt32 is out of range", "underflow of int32"},
      {"Scalars", "{\"aUint32\":4294967296}", "aUint32 is out of range", "overflow of uint32"},
      {"Scalars", "{\"aSint32\":2147483648}", "aSint32 is out of range", "overflow of sint32"},
      {"Scalars", "{\"aFixed32\":4294967296}", "aFixed32 is out of range", "overflow of fixed32"},
      {"Scalars", "{\"aSfixed32\":-2147483649}", "aSfixed32 is out of range", "underflow of sfixed32"},
      {"Scalars", "{\"anInt64\":\"-9223372036854775809\"}", "anInt64 is out of range", "underflow of int64"},
      {"Scalars", "{\"aUint64\":\"-1\"}", "aUint64 is out of range", "sign of uint64"},
      {"Scalars", "{\"aSint64\":1e19}", "aSint64 is out of range", "overflow of sint64"},
      {"Scalars", "{\"aFixed64\":18446744073709551616}", "aFixed64 is out of range", "overflow of fixed64"},
      {"Scalars", "{\"aSfixed64\":9223372036854775808}", "aSfixed64 is out of range", "overflow of sfixed64"},
      {"Scalars", "{\"color\":2147483648}", "color is out of range", "overflow of an enum"},
      {"Maps", "{\"uint32s\":{\"4294967296\":1}}", "uint32s[\"4294967296\"] as a key is out of range", "of a key"},
      {"WellKnown", "{\"uint32Value\":-1}", "uint32Value is out of range", "sign of a wrapper"},
      {"Scalars", "{\"anInt64\":9223372036854775808}", "anInt64 is out of range", "overflow of int64"},
      {"Scalars", "{\"aUint64\":\"18446744073709551616\"}", "aUint64 is out of range", "overflow of uint64"},
      {"Scalars", "{\"aDouble\":1e999}", "aDouble is out of range", "overflow of double"},
      {"Scalars", "{\"aFloat\":3.5e38}", "aFloat is out of range", "overflow of float"},
      {"Scalars", "{\"aDouble\":\"inf\"}", "aDouble is not a number", "another name of infinity"},
      {"Scalars", "{\"aDouble\":1.}", "aDouble is not a number", "no digit behind the point"},
      {"Scalars", "{\"someBytes\":\"?\"}", "someBytes is not base64", "a byte outside both alphabets"},
      {"Scalars", "{\"someBytes\":\"AAAAA\"}", "someBytes is not base64", "a length that no bytes have"},
      {"Scalars", "{\"someBytes\":\"AA=\"}", "someBytes is not base64", "half the padding"},
      {"Scalars", "{\"someBytes\":\"AA===\"}", "someBytes is not base64", "too much padding"},
      {"Scalars", "{\"color\":\"COLOR_NOPE\"}", "color is no value of its enum", "unknown enum name"},
      {"Scalars", "{\"color\":\"1\"}", "color is no value of its enum", "a number in quotes for an enum"},
      {"Scalars", "{\"color\":1.5}", "color is not a whole number", "a fraction for an enum"},
      {"Proto2", "{\"closed\":7}", "closed is no value of its enum", "unknown number of a closed enum"},
      {"Lists", "{\"int32s\":1}", "int32s must be a list", "one value for a list"},
      {"Lists", "{\"int32s\":[1,null]}", "int32s[1] must not be null", "null in a list"},
      {"Lists", "{\"leaves\":[{},{\"number\":\"x\"}]}", "leaves[1].number is not a whole number", "deep in a list"},
      {"Maps", "{\"texts\":[]}", "texts must be an object", "list for a map"},
      {"Maps", "{\"texts\":{\"a\":null}}", "texts[\"a\"] must not be null", "null in a map"},
      {"Maps", "{\"texts\":{\"a\":\"\",\"\\u0061\":\"\"}}", "texts[\"a\"] is set twice", "a key twice"},
      {"Maps", "{\"int32s\":{\"1\":1,\"1e0\":2}}", "int32s has a key twice", "a key twice in two spellings"},
      {"Maps", "{\"int32s\":{\"x\":1}}", "int32s[\"x\"] as a key is not a whole number", "key of another type"},
      {"Maps", "{\"bools\":{\"1\":true}}", "bools[\"1\"] as a key is neither", "number as a bool key"},
      {"Maps", "{\"leaves\":{\"k\":{\"x\":1}}}", "leaves[\"k\"].x is no field", "deep in a map"},
      {"Choices", "{\"text\":\"\",\"number\":0}", "number is set while another", "oneof twice"},
      {"Choices", "{\"text\":\"\",\"nothing\":null}", "nothing is set while another", "oneof twice, once NullValue"},
      {"WellKnown", "{\"time\":\"2026-11-22t15:31:04Z\"}", "time is not an RFC 3339", "lower-case t"},
      {"WellKnown", "{\"time\":\"2026-11-22T15:31:04z\"}", "time is not an RFC 3339", "lower-case z"},
      {"WellKnown", "{\"time\":\"2026-11-22T15:31:04\"}", "time is not an RFC 3339", "no offset"},
      {"WellKnown", "{\"time\":\"2026-02-29T00:00:00Z\"}", "time is not an RFC 3339", "no such day"},
      {"WellKnown", "{\"time\":\"0000-01-01T00:00:00Z\"}", "time is not an RFC 3339", "year 0"},
      {"WellKnown", "{\"time\":\"9999-12-31T23:59:59-00:01\"}", "time is not an RFC 3339", "beyond year 9999"},
      {"WellKnown", "{\"time\":\"2026-11-22T15:31:60Z\"}", "time is not an RFC 3339", "leap second"},
      {"WellKnown", "{\"time\":\"2026-11-22T15:31:04.Z\"}", "time is not an RFC 3339", "a point without digits"},
      {"WellKnown", "{\"time\":5}", "time must be a string", "number for a time"},
      {"WellKnown", "{\"time\":\"2026-11-22T15:31:04.1234567890Z\"}", "time is not an RFC 3339", "too fine"},
      {"WellKnown", "{\"time\":\"0001-01-01T00:00:00+00:01\"}", "time is not an RFC 3339", "before year 1"},
      {"WellKnown", "{\"time\":\"10000-01-01T00:00:00Z\"}", "time is not an RFC 3339", "a year of five digits"},
      {"WellKnown", "{\"duration\":\"-315576000001s\"}", "duration is not a duration", "too long"},
      {"WellKnown", "{\"duration\":\"1.s\"}", "duration is not a duration", "a point without digits"},
      {"WellKnown", "{\"duration\":\"--1s\"}", "duration is not a duration", "two signs"},
      {"WellKnown", "{\"duration\":1}", "duration must be a string", "number for a duration"},
      {"WellKnown", "{\"duration\":\"1\"}", "duration is not a duration", "no unit"},
      {"WellKnown", "{\"duration\":\"1m\"}", "duration is not a duration", "minutes"},
      {"WellKnown", "{\"duration\":\"s\"}", "duration is not a duration", "no digits"},
      {"WellKnown", "{\"duration\":\"315576000001s\"}", "duration is not a duration", "too long"},
      {"WellKnown", "{\"duration\":\"0.1234567890s\"}", "duration is not a duration", "finer than nanoseconds"},
      {"WellKnown", "{\"mask\":\"foo_bar\"}", "mask is not a list of field paths", "a name as in the .proto file"},
      {"WellKnown", "{\"mask\":\"a,,b\"}", "mask is not a list of field paths", "an empty path"},
      {"WellKnown", "{\"any\":{\"name\":\"\"}}", "any has no \"@type\"", "Any without a type"},
      {"WellKnown", "{\"any\":{\"@type\":1}}", "any.@type must be a string", "type of another type"},
      {"WellKnown", "{\"any\":{\"@type\":\"nope\"}}", "any.@type names a type", "no URL"},
      {"WellKnown", "{\"any\":{\"@type\":\"a/b.C\"}}", "any.@type names a type", "unknown type"},
      {"WellKnown", "{\"any\":{\"@type\":\"a/b\",\"@type\":\"a/b\"}}", "any.@type is set twice", "two types"},
      {"WellKnown", "{\"any\":{\"@type\":\"x/google.protobuf.Duration\"}}", "any has no \"value\"", "no value"},
      {"WellKnown", "{\"any\":{\"@type\":\"x/google.protobuf.Duration\",\"seconds\":1}}", "any.seconds", "fields"},
      {"WellKnown", "{\"any\":{\"x\":1,\"@type\":\"x/penstock.transcode.test.Leaf\"}}", "any.x is no field", "unknown"},
      {"WellKnown", "{\"structure\":{\"a\":1,\"a\":2}}", "structure[\"a\"] is set twice", "a key twice"},
      {"WellKnown", "{\"structure\":1}", "structure must be an object", "number for a Struct"},
      {"WellKnown", "{\"value\":1e999}", "value is out of range", "overflow in a Value"},
      {"WellKnown", "{\"list\":{}}", "list must be a list", "object for a ListValue"},
      {"WellKnown", "{\"int32Value\":\"x\"}", "int32Value is not a whole number", "in a wrapper"},
      {"WellKnown", "{\"empty\":{\"a\":1}}", "empty.a is no field", "a field of Empty"},
  };
  for (const Refused& row : kRows) ExpectRefused(row);
}

template <typename T>
T Parse(const std::string& type, const std::string& json) {
  std::string wire;
  const absl::Status status = JsonToWire(Plan(type), json, &wire);
  EXPECT_TRUE(status.ok()) << status << " " << json;
  T message;
  EXPECT_TRUE(message.ParseFromString(wire)) << json;
  return message;
}

TEST(JsonToWireTest, TakesEverySpellingOfANumber) {
  const auto scalars = Parse<test::Scalars>(
      "Scalars", R"( { "an_int32" : 1e5 , "anInt64":"-1.0","aUint64":18446744073709551615,"aUint32":4294967295.0,
                       "aSint32":-0,"aFixed32":"1E+2","aSfixed64":1200e-2,"aDouble":1e-999,"aFloat":"NaN" } )");
  EXPECT_EQ(scalars.an_int32(), 100000);
  EXPECT_EQ(scalars.an_int64(), -1);
  EXPECT_EQ(scalars.a_uint64(), UINT64_MAX);
  EXPECT_EQ(scalars.a_uint32(), UINT32_MAX);
  EXPECT_EQ(scalars.a_sint32(), 0);
  EXPECT_EQ(scalars.a_fixed32(), 100u);
  EXPECT_EQ(scalars.a_sfixed64(), 12);
  EXPECT_EQ(scalars.a_double(), 0);
  EXPECT_TRUE(scalars.a_float() != scalars.a_float());
}

TEST(JsonToWireTest, TakesWhatIsAtTheEdge) {
  const struct {
    const char* type;
    const char* json;
    const char* reason;
  } kRows[] = {
      {"Scalars", R"({"anInt32":-2147483648,"aSint32":2147483647,"aSfixed32":-2147483648})", "32 bits, signed"},
      {"Scalars", R"({"anInt64":"-9223372036854775808","aSint64":"9223372036854775807"})", "64 bits, signed"},
      {"Scalars", R"({"aFixed32":4294967295,"aFixed64":"18446744073709551615"})", "unsigned"},
      {"Scalars", R"({"aDouble":1.7976931348623157e+308,"aFloat":3.4028235e+38})", "the largest reals"},
      {"Scalars", R"({"aDouble":5e-324,"aFloat":1e-45})", "the smallest reals"},
      {"Scalars", R"({"aDouble":-0,"aFloat":-0})", "zero with its sign"},
      {"Scalars", R"({"aDouble":"NaN","aFloat":"-Infinity"})", "what is no number"},
      {"Scalars", R"({"text":"😀"})", "a character beyond 16 bits"},
      {"Scalars", R"({"color":"COLOR_RED","sparse":7})", "an enum number without a name"},
      {"WellKnown", R"({"time":"0001-01-01T00:00:00Z","duration":"-315576000000s"})", "the first moment"},
      {"WellKnown", R"({"time":"9999-12-31T23:59:59.999999999Z","duration":"315576000000s"})", "the last moment"},
      {"WellKnown", R"({"mask":"*"})", "all fields"},
      {"WellKnown", R"({"mask":"","structure":{},"value":{},"list":[],"any":{},"empty":{}})", "empty ones"},
      {"WellKnown", R"({"value":null})", "a Value that is null"},
      {"WellKnown",
       R"({"any":{"@type":"x/google.protobuf.Any","value":{"@type":"x/google.protobuf.Value","value":)"
       R"([null,{"a":"b"}]}}})",
       "an Any in an Any"},
      {"Maps", R"({"uint64s":{"18446744073709551615":"1"},"bools":{"false":true,"true":false}})", "keys"},
  };
  // Printed again it is the same text.
  static const PlanSet& plans =
      *PlanSet::Build({test::Everything::descriptor()->file()}, {.unpopulated = false}).value().release();
  for (const auto& row : kRows) {
    std::string wire, json;
    const absl::Status read = JsonToWire(Plan(row.type), row.json, &wire);
    EXPECT_TRUE(read.ok()) << row.reason << ": " << read;
    const MessagePlan& plan = *plans.Find(std::string("penstock.transcode.test.") + row.type);
    const absl::Status printed = WireToJson(plan, wire, 1 << 20, &json);
    EXPECT_TRUE(printed.ok()) << row.reason << ": " << printed;
    EXPECT_EQ(json, row.json) << row.reason;
  }
}

TEST(JsonToWireTest, TakesEveryAlphabetOfBase64) {
  for (const char* text : {"-_8=", "+/8=", "-_8", "+/8"}) {
    const auto scalars = Parse<test::Scalars>("Scalars", std::string("{\"someBytes\":\"") + text + "\"}");
    EXPECT_EQ(scalars.some_bytes(), "\xfb\xff") << text;
  }
}

TEST(JsonToWireTest, NullLeavesUnsetOrIsAValue) {
  const auto choices = Parse<test::Choices>("Choices", R"({"text":null,"number":3,"maybeNumber":null})");
  EXPECT_EQ(choices.number(), 3);
  EXPECT_FALSE(choices.has_maybe_number());
  EXPECT_TRUE(Parse<test::Choices>("Choices", R"({"nothing":null})").has_nothing());
  const auto known = Parse<test::WellKnown>("WellKnown", R"({"value":null,"time":null,"int32Value":null})");
  EXPECT_TRUE(known.value().has_null_value());
  EXPECT_FALSE(known.has_time());
  EXPECT_FALSE(known.has_int32_value());
}

TEST(JsonToWireTest, AnyTypeMayComeLastAndEmptyMayHaveAValue) {
  const std::string leaf = "type.googleapis.com/penstock.transcode.test.Leaf";
  const auto last = Parse<test::WellKnown>("WellKnown", R"({"any":{"name":"n","\u0040type":")" + leaf + "\"}}");
  test::Leaf held;
  ASSERT_TRUE(last.any().UnpackTo(&held));
  EXPECT_EQ(held.name(), "n");
  for (const char* value : {"", ",\"value\":{}"}) {
    Parse<test::WellKnown>("WellKnown", std::string("{\"any\":{\"@type\":\"x/google.protobuf.Empty\"") + value + "}}");
  }
  EXPECT_EQ(Parse<test::WellKnown>("WellKnown", "{\"any\":{}}").any().type_url(), "");
}

// 90 Anys in each other, each with its type behind 20,000 members' worth of what is inside: linear work.
TEST(JsonToWireTest, NestedAnysWithTypeLastAreLinear) {
  std::string json = "{\"@type\":\"x/penstock.transcode.test.Lists\",\"int32s\":[1";
  for (int i = 0; i < 200000; ++i) json += ",1";
  json += "]}";
  const std::string any = "\"@type\":\"x/google.protobuf.Any\"";
  for (int i = 0; i < 90; ++i) json = "{\"value\":" + json + "," + any + "}";
  std::string wire;
  const absl::Status status = JsonToWire(*Plans().Find("google.protobuf.Any"), json, &wire);
  EXPECT_TRUE(status.ok()) << status;
}

TEST(JsonToWireTest, IgnoresWhatIsUnknownOnDemand) {
  const struct {
    const char* type;
    const char* json;
    const char* same;  // what it reads as without the option
    const char* reason;
  } kRows[] = {
      {"Leaf", R"({"x":null,"number":2})", R"({"number":2})", "null"},
      {"Leaf", R"({"x":true,"x":false,"number":2})", R"({"number":2})", "an unknown key twice"},
      {"Leaf", R"({"x":-1.5e+300,"y":1e999})", "{}", "a number, and one that no type holds"},
      {"Leaf", R"({"x":"\u00e9\ud83d\ude00"})", "{}", "a string with escapes"},
      {"Leaf", R"({"x":[],"y":[1,[{}],"a"],"z":{"number":{"b":[]}},"name":"n"})", R"({"name":"n"})", "what nests"},
      {"Everything", R"({"inner":{"x":1,"id":7}})", R"({"inner":{"id":"7"}})", "not at the top"},
      {"WellKnown", R"({"empty":{"x":1}})", R"({"empty":{}})", "in an Empty"},
      {"Proto2", R"({"[a.b.c]":1,"needed":1})", R"({"needed":1})", "an unknown extension"},
      {"Scalars", R"({"color":"NOPE","text":"t"})", R"({"text":"t"})", "an enum name"},
      {"Choices", R"({"color":"NOPE"})", "{}", "an enum name in a oneof"},
      {"Lists", R"({"colors":["NOPE","COLOR_RED","",2]})", R"({"colors":["COLOR_RED",2]})", "in a packed list"},
      {"Lists", R"({"colors":["NOPE"]})", "{}", "nothing left of a list"},
      {"Proto2", R"({"closedList":["NOPE","CLOSED_ONE"]})", R"({"closedList":["CLOSED_ONE"]})", "in another list"},
      {"Maps", R"({"colors":{"a":"NOPE","b":"COLOR_RED","a":1}})", R"({"colors":{"b":"COLOR_RED","a":1}})", "in a map"},
      {"WellKnown", R"({"any":{"x":[1]}})", R"({"any":{}})", "an Any without a type"},
      {"WellKnown", R"({"any":{"@type":"x/google.protobuf.Duration","x":1,"value":"1s"}})",
       R"({"any":{"@type":"x/google.protobuf.Duration","value":"1s"}})", "beside the value of an Any"},
      {"WellKnown", R"({"any":{"x":1,"@type":"x/penstock.transcode.test.Leaf"}})",
       R"({"any":{"@type":"x/penstock.transcode.test.Leaf"}})", "among an Any's fields"},
  };
  for (const auto& row : kRows) {
    EXPECT_FALSE(Read(row.type, row.json).ok()) << row.reason;
    std::string wire, same;
    const absl::Status status = JsonToWire(Plan(row.type), row.json, &wire, {.ignore_unknown = true});
    EXPECT_TRUE(status.ok()) << row.reason << ": " << status;
    EXPECT_TRUE(JsonToWire(Plan(row.type), row.same, &same).ok()) << row.reason;
    EXPECT_EQ(wire, same) << row.reason;
  }
  std::string wire;
  EXPECT_TRUE(JsonToWireField(*Plan("Scalars").FindByName("color"), "\"NOPE\"", &wire, {.ignore_unknown = true}).ok());
  EXPECT_EQ(wire, "");
  // Unknown to who reads it, and written as it is.
  EXPECT_TRUE(JsonToWire(Plan("Proto2"), R"({"closed":7})", &wire, {.ignore_unknown = true}).ok());
  EXPECT_EQ(wire, "\x30\x07");
}

TEST(JsonToWireTest, WhatIsIgnoredMustBeJson) {
  const Refused kRows[] = {
      {"Leaf", R"({"x":})", "byte 5", "no value"},
      {"Leaf", R"({"x":tru})", "byte 5", "half a literal"},
      {"Leaf", R"({"x":NaN})", "byte 5", "no JSON number"},
      {"Leaf", R"({"x":01})", "byte 5", "a leading zero"},
      {"Leaf", R"({"x":[1 2]})", "byte 8", "no comma"},
      {"Leaf", R"({"x":{"a":1,}})", "byte 12", "a trailing comma"},
      {"Leaf", R"({"x":{1:2}})", "byte 6", "a key that is no string"},
      {"Leaf", R"({"x":"\ud800"})", "byte 6", "half a surrogate pair"},
      {"Leaf", R"({"x":{"\x":1}})", "byte 7", "a broken escape in a key"},
      {"Leaf", "{\"x\":" + std::string(100, '[') + std::string(100, ']') + "}", "x is nested too deeply", "too deep"},
      {"Leaf", "{\"x\":[", "byte 6", "no end"},
      {"Scalars", R"({"color":"\x"})", "byte 10", "a broken escape in an enum name"},
      {"Scalars", R"({"color":"NOPE","color":"NOPE"})", "color is set twice", "a known field twice"},
      {"Maps", R"({"colors":{"a":1,"a":2}})", "colors[\"a\"] is set twice", "a key twice"},
      {"Choices", R"({"color":"NOPE","number":1})", "number is set while another", "oneof twice, once dropped"},
      {"WellKnown", R"({"any":{"x":tru}})", "byte 12", "in an Any without a type"},
      {"WellKnown", R"({"any":{"@type":"a/b.C"}})", "any.@type names a type", "an Any of unknown type"},
  };
  for (const Refused& row : kRows) {
    std::string wire = "kept";
    const absl::Status status = JsonToWire(Plan(row.type), row.json, &wire, {.ignore_unknown = true});
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << row.json << ": " << row.reason;
    EXPECT_NE(std::string(status.message()).find(row.message), std::string::npos) << row.reason << ": " << status;
    EXPECT_EQ(wire, "kept") << row.reason;
  }
}

// Takes ISO week numbers only: what no reader of protobuf's JSON knows.
bool ReadWeek(absl::string_view text, int64_t* seconds, int32_t* nanos) {
  if (text != "1970-W02") return false;
  *seconds = 4 * 24 * 60 * 60;
  *nanos = 0;
  return true;
}

TEST(JsonToWireTest, TimesAreWhatTheirReadersTake) {
  const JsonReadOptions options = {.timestamps = ReadWeek};
  std::string wire;
  ASSERT_TRUE(JsonToWire(Plan("WellKnown"), R"({"time":"1970-W02","duration":"1.5s"})", &wire, options).ok());
  test::WellKnown message;
  ASSERT_TRUE(message.ParseFromString(wire));
  EXPECT_EQ(message.time().seconds(), 345600);
  EXPECT_EQ(message.duration().seconds(), 1) << "durations have a reader of their own";
  const absl::Status status = JsonToWire(Plan("WellKnown"), R"({"time":"1970-01-05T00:00:00Z"})", &wire, options);
  EXPECT_EQ(status.message(), "time is not an RFC 3339 time of the years 0001 to 9999");
}

TEST(JsonToWireTest, DepthIsBoundedWithoutUsingTheStack) {
  const auto nested = [](int depth) {
    std::string json;
    for (int i = 0; i < depth; ++i) json += "{\"inner\":{\"outer\":";
    json += "{}";
    for (int i = 0; i < depth; ++i) json += "}}";
    return json;
  };
  EXPECT_TRUE(Read("Everything", nested(49)).ok());
  for (const int depth : {50, 51, 100000}) {
    const absl::Status status = Read("Everything", nested(depth));
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << depth;
    EXPECT_NE(std::string(status.message()).find("nested too deeply"), std::string::npos) << status;
  }
  EXPECT_FALSE(Read("WellKnown", "{\"value\":" + std::string(100000, '[') + std::string(100000, ']') + "}").ok());
  EXPECT_FALSE(Read("WellKnown", "{\"any\":" + std::string(100000, '[')).ok());
}

TEST(JsonToWireTest, EveryCutIsRefused) {
  const std::string json =
      R"({"scalars":{"text":"h\u00e9\ud83d\ude00","anInt32":-12},"lists":{"values":[null,true,{"a":[1.5]}]},)"
      R"("maps":{"leaves":{"k":{"name":"x"}}},"wellKnown":{"any":{"@type":"x/penstock.transcode.test.Leaf"}}})";
  EXPECT_TRUE(Read("Everything", json).ok());
  for (size_t cut = 0; cut < json.size(); ++cut) {
    EXPECT_EQ(Read("Everything", json.substr(0, cut)).code(), absl::StatusCode::kInvalidArgument) << cut;
  }
}

// simdjson's own parsers want padding behind the text; the tokenizer must do without.
TEST(JsonToWireTest, NothingBehindTheTextIsRead) {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  void* const memory = mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  char* const end = static_cast<char*>(memory) + page;
  ASSERT_EQ(mprotect(end, page, PROT_NONE), 0);
  for (size_t size = 0; size < 300; ++size) {
    for (const std::string& json :
         {"{\"text\":\"" + std::string(size, 'x') + "\"}", "{\"text\":\"" + std::string(size, 'x'),
          "{\"anInt32\":" + std::string(size, '1')}) {
      char* const begin = end - json.size();
      std::memcpy(begin, json.data(), json.size());
      std::string wire;
      const bool whole = json.back() == '}';
      EXPECT_EQ(JsonToWire(Plan("Scalars"), absl::string_view(begin, json.size()), &wire).ok(), whole) << json;
    }
  }
  munmap(memory, 2 * page);
}

TEST(JsonToWireTest, AFieldIsReadWithItsTag) {
  const FieldPlan& leaves = *Plan("Lists").FindByName("leaves");
  std::string wire;
  ASSERT_TRUE(JsonToWireField(leaves, R"([{"name":"a"},{}])", &wire).ok());
  test::Lists lists;
  ASSERT_TRUE(lists.ParseFromString(wire));
  EXPECT_EQ(lists.leaves_size(), 2);
  EXPECT_TRUE(JsonToWireField(leaves, "null", &wire).ok());
  EXPECT_FALSE(JsonToWireField(leaves, "null null", &wire).ok());
  EXPECT_EQ(JsonToWireField(leaves, R"([{"x":1}])", &wire).message(),
            "leaves[0].x is no field of penstock.transcode.test.Leaf");
}

TEST(JsonToWireTest, PackedAsTheDescriptorSays) {
  std::string wire;
  ASSERT_TRUE(JsonToWire(Plan("Lists"), R"({"int32s":[1,2],"unpacked":[1,2],"doubles":[]})", &wire).ok());
  EXPECT_EQ(wire, std::string("\x1a\x02\x01\x02\x90\x01\x01\x90\x01\x02"));
}

}  // namespace
}  // namespace penstock::codec
