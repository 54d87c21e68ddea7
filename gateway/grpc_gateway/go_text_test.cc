#include "gateway/grpc_gateway/go_text.h"

#include <gtest/gtest.h>

#include <string>

#include "transcode_test.pb.h"
#include "transcode_test_proto2.pb.h"

namespace penstock::grpc_gateway {
namespace {

namespace test = transcode::test;

const codec::PlanSet& Plans() {
  static const codec::PlanSet& plans =
      *codec::PlanSet::Build({test::Everything::descriptor()->file(), test::Proto2::descriptor()->file()},
                             codec::PrintOptions())
           .value()
           .release();
  return plans;
}

// What libprotobuf makes of the bytes of one field, or the error.
std::string Read(const google::protobuf::Message& prototype, const std::string& name, absl::string_view text,
                 GoPlace place) {
  const codec::FieldPlan* field = Plans().Find(prototype.GetDescriptor()->full_name())->FindByName(name);
  std::string wire = "kept";
  const absl::Status status = AppendFieldFromGoText(*field, text, place, &wire);
  EXPECT_EQ(wire.substr(0, 4), "kept");
  if (!status.ok()) {
    EXPECT_EQ(wire, "kept") << "nothing is left of a fault";
    return (status.code() == absl::StatusCode::kInternal ? "internal: " : "") + std::string(status.message());
  }
  const std::unique_ptr<google::protobuf::Message> message(prototype.New());
  EXPECT_TRUE(message->ParsePartialFromString(wire.substr(4)));
  return message->ShortDebugString();
}

TEST(GoTextTest, ReadsScalars) {
  const struct {
    const char* field;
    const char* text;
    const char* expected;
    const char* reason;
  } kRows[] = {
      {"a_double", "1.5", "a_double: 1.5", "double"},
      {"a_float", ".5", "a_float: 0.5", "float"},
      {"an_int32", "-7", "an_int32: -7", "int32, ten bytes long"},
      {"an_int64", "+7", "an_int64: 7", "int64"},
      {"a_uint32", "4294967295", "a_uint32: 4294967295", "uint32"},
      {"a_uint64", "18446744073709551615", "a_uint64: 18446744073709551615", "uint64"},
      {"a_sint32", "-2147483648", "a_sint32: -2147483648", "sint32"},
      {"a_sint64", "-1", "a_sint64: -1", "sint64"},
      {"a_fixed32", "1", "a_fixed32: 1", "fixed32"},
      {"a_fixed64", "1", "a_fixed64: 1", "fixed64"},
      {"a_sfixed32", "-1", "a_sfixed32: -1", "sfixed32"},
      {"a_sfixed64", "-1", "a_sfixed64: -1", "sfixed64"},
      {"a_bool", "T", "a_bool: true", "bool"},
      {"text", "a\tb", R"(text: "a\tb")", "string"},
      {"text", "\xff", "internal: grpc: error while marshaling: string field contains invalid UTF-8", "not UTF-8"},
      {"some_bytes", "YQ==", R"(some_bytes: "a")", "bytes"},
      {"color", "COLOR_CRIMSON", "color: COLOR_RED", "an enum's name, an alias"},
      {"color", "-5", "color: COLOR_NEGATIVE", "an enum's number"},
      {"color", "+1", "color: COLOR_RED", "with a sign"},
      {"color", "7", "\"7\" is not a valid value", "a number without a name"},
      {"color", "red", "\"red\" is not a valid value", "no name"},
      {"an_int32", "x", "strconv.ParseInt: parsing \"x\": invalid syntax", "no number"},
  };
  for (const auto& row : kRows) {
    EXPECT_EQ(Read(test::Scalars(), row.field, row.text, GoPlace::kQuery), row.expected) << row.reason;
  }
  EXPECT_EQ(Read(test::Scalars(), "color", "red", GoPlace::kPath), "red is not valid") << "other words in a path";
  EXPECT_EQ(Read(test::Proto2(), "text", "\xff", GoPlace::kQuery), "text: \"\\377\"") << "proto2 does not look";
  EXPECT_EQ(Read(test::Lists(), "int32s", "5", GoPlace::kQuery), "int32s: 5") << "an element";
}

TEST(GoTextTest, ReadsBase64AsGoDoes) {
  const struct {
    const char* text;
    const char* expected;
    const char* reason;
  } kRows[] = {
      {"", "", "nothing"},
      {"YWI=", "some_bytes: \"ab\"", "padded"},
      {"YWI", "some_bytes: \"ab\"", "not padded"},
      {"YQ", "some_bytes: \"a\"", "one byte, not padded"},
      {"YWJj", "some_bytes: \"abc\"", "nothing to pad"},
      {"+/+/", "some_bytes: \"\\373\\377\\277\"", "the standard alphabet"},
      {"-_-_", "some_bytes: \"\\373\\377\\277\"", "the URL's"},
      {"YW\nI=", "illegal base64 data at input byte 4", "a line break counts for whether padding is due"},
      {"YWJj\nYQ", "some_bytes: \"abca\"", "but is passed over otherwise"},
      {"YR==", "some_bytes: \"a\"", "stray bits"},
      {"+-+-", "illegal base64 data at input byte 0", "both alphabets"},
      {"Y", "illegal base64 data at input byte 0", "one digit"},
      {"YWJjY", "illegal base64 data at input byte 4", "one digit too many"},
      {"YQ=", "illegal base64 data at input byte 2", "half the padding"},
      {"YQ=a", "illegal base64 data at input byte 2", "a digit in the padding"},
      {"Y===", "illegal base64 data at input byte 1", "too much padding"},
      {"YQ==YQ==", "illegal base64 data at input byte 4", "something behind it"},
      {"YW*j", "illegal base64 data at input byte 2", "no digit"},
  };
  for (const auto& row : kRows) {
    EXPECT_EQ(Read(test::Scalars(), "some_bytes", row.text, GoPlace::kQuery), row.expected) << row.reason;
  }
}

TEST(GoTextTest, ReadsMessages) {
  const struct {
    const char* field;
    const char* text;
    const char* expected;
    const char* reason;
  } kRows[] = {
      {"time", "1970-01-01T00:00:01.5Z", "time { seconds: 1 nanos: 500000000 }", "Timestamp"},
      {"time", "1970-01-01T00:00:00Z", "time { }", "the epoch is set"},
      {"duration", "1m30s", "duration { seconds: 90 }", "Duration"},
      {"duration", "-1ns", "duration { nanos: -1 }", "a negative one"},
      {"mask", "a.b,cD,", R"(mask { paths: "a.b" paths: "cD" paths: "" })", "FieldMask, as it is"},
      {"mask", "", "mask { }", "an empty one"},
      {"double_value", "1", "double_value { value: 1 }", "DoubleValue"},
      {"float_value", "1", "float_value { value: 1 }", "FloatValue"},
      {"int64_value", "0", "int64_value { }", "Int64Value, set to its default"},
      {"uint64_value", "1", "uint64_value { value: 1 }", "UInt64Value"},
      {"int32_value", "-1", "int32_value { value: -1 }", "Int32Value"},
      {"uint32_value", "1", "uint32_value { value: 1 }", "UInt32Value"},
      {"bool_value", "t", "bool_value { value: true }", "BoolValue"},
      {"string_value", "x", R"(string_value { value: "x" })", "StringValue"},
      {"bytes_value", "YQ", R"(bytes_value { value: "a" })", "BytesValue"},
      {"value", "[1]", "value { list_value { values { number_value: 1 } } }", "Value as JSON"},
      {"structure", R"({"a":null})", R"(structure { fields { key: "a" value { null_value: NULL_VALUE } } })", "Struct"},
      {"structure", "[]", "proto: the value must be an object", "no Struct"},
      {"empty", "{}", "empty { }", "Empty"},
      {"empty", "", "empty { }", "Empty, not even braces"},
      {"empty", "x", "expected an empty value or \"{}\", got \"x\"", "no Empty"},
      {"list", "[]", "unsupported message type: \"google.protobuf.ListValue\"", "ListValue"},
      {"any", "{}", "unsupported message type: \"google.protobuf.Any\"", "Any"},
  };
  for (const auto& row : kRows) {
    EXPECT_EQ(Read(test::WellKnown(), row.field, row.text, GoPlace::kQuery), row.expected) << row.reason;
  }
  EXPECT_EQ(Read(test::WellKnown(), "duration", "1.5s", GoPlace::kPath), "duration { seconds: 1 nanos: 500000000 }");
  EXPECT_EQ(Read(test::WellKnown(), "duration", "1m", GoPlace::kPath),
            "proto: (line 1:1): invalid google.protobuf.Duration value \"1m\"")
      << "a path has JSON's durations";
  EXPECT_EQ(Read(test::Proto2(), "onegroup", "x", GoPlace::kQuery),
            "unsupported message type: \"penstock.transcode.test.Proto2.OneGroup\"");
}

}  // namespace
}  // namespace penstock::grpc_gateway
