#include "gateway/codec/wire_to_json.h"

#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "transcode_test.pb.h"
#include "transcode_test_proto2.pb.h"

namespace penstock::codec {
namespace {

namespace test = transcode::test;

using namespace std::string_literals;

constexpr size_t kNoLimit = size_t{1} << 30;

std::unique_ptr<const PlanSet> BuildPlans(const PrintOptions& options) {
  return PlanSet::Build({test::Everything::descriptor()->file(), test::Proto2::descriptor()->file()}, options).value();
}

// Unset fields left out: what a row expects is what it sets.
const MessagePlan& Plan(absl::string_view name) {
  static const PlanSet& plans = *BuildPlans({.unpopulated = false}).release();
  const MessagePlan* plan = plans.Find(absl::StrCat("penstock.transcode.test.", name));
  return plan != nullptr ? *plan : *plans.Find(absl::StrCat("google.protobuf.", name));
}

std::string Json(const MessagePlan& plan, const std::string& wire) {
  std::string json;
  const absl::Status status = WireToJson(plan, wire, kNoLimit, &json);
  return status.ok() ? json : std::string(status.message());
}

struct Row {
  const char* type;
  std::string wire;
  std::string json;
  const char* reason;
};

TEST(WireToJsonTest, ReadsTheWireAsProtobufDoes) {
  const Row kRows[] = {
      {"Leaf", "", "{}", "nothing"},
      {"Leaf", "\x10\x01\x10\x02", R"({"number":2})", "the last value wins"},
      {"Leaf", "\x10\x02\x0a\x01x", R"({"name":"x","number":2})", "printed as declared"},
      {"Leaf",
       "\x1a\x01z\x10\x01\x25"
       "abcd",
       R"({"number":1})", "unknown fields are skipped"},
      {"Leaf", "\x1b\x0b\x0c\x1c\x10\x01", R"({"number":1})", "unknown groups are skipped"},
      {"Leaf", "\x12\x01\x05\x10\x01", R"({"number":1})", "a known number in another wire type is unknown"},
      {"Leaf", "\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", R"({"number":-1})", "a negative int32 of ten bytes"},
      {"Leaf", "\x10\x81\x80\x80\x80\x10", R"({"number":1})", "an int32 keeps its lower half"},
      {"Leaf", "\x10\x80\x80\x80\x80\x10", "{}", "an int32 whose lower half is zero is unset"},
      {"Leaf", "\x10\x05\x10"s + "\0"s, "{}", "a zero is unset, though it came last"},
      {"Lists", "\x1a\x02\x01\x02\x18\x03\x1a\x01\x04", R"({"int32s":[1,2,3,4]})", "packed and unpacked alike"},
      {"Lists", "\x18\x01\x20\x07\x18\x02", R"({"int32s":[1,2],"int64s":["7"]})", "a list in two pieces"},
      {"Lists", "\x1a"s + "\0"s, "{}", "a packed list of none"},
      {"Everything", "\x0a\x02\x18\x01\x32"s + "\0"s + "\x0a\x02\x20\x02",
       R"({"scalars":{"anInt32":1,"anInt64":"2"},"inner":{}})", "two pieces of one message are merged"},
      {"Maps",
       "\x0a\x06\x0a\x01"
       "b\x12\x01"
       "1\x0a\x06\x0a\x01"
       "a\x12\x01"
       "2\x0a\x06\x0a\x01"
       "b\x12\x01"
       "3",
       R"({"texts":{"a":"2","b":"3"}})", "map keys are sorted and the last of one key wins"},
      {"Maps", "\x0a"s + "\0"s, R"({"texts":{"":""}})", "a map entry without key and value"},
      {"Maps", "\x8a\x01\x03\x0a\x01k", R"({"leaves":{"k":{}}})", "a map entry without its message"},
      {"Maps", "\x12\x04\x08\x02\x10\x01\x12\x0d\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x10\x01",
       R"({"int32s":{"-1":1,"2":1}})", "number keys are sorted by value"},
      {"Choices", "\x0a\x01x\x10\x05", R"({"number":5})", "the last member of a oneof wins"},
      {"Choices", "\x1a\x02\x10\x01\x10\x05\x1a\x03\x0a\x01n", R"({"leaf":{"name":"n"}})",
       "a member that came back starts anew"},
      {"Choices", "\x38\x00"s, R"({"maybeNumber":0})", "an optional field of zero is set"},
      {"Scalars", "\x80\x01\x09", R"({"color":9})", "an enum number without a name"},
      {"Scalars", "\x80\x01\x01", R"({"color":"COLOR_RED"})", "the first of two names"},
      {"Proto2", "\x40\x01\x30\x09", R"({"needed":"1"})", "an unknown number of a closed enum is unset"},
      {"Proto2", "\x58\x01\x58\x09\x58\x02", R"({"closedList":["CLOSED_ONE","CLOSED_TWO"]})", "and no list element"},
      {"Proto2", "\x58\x09\x5a\x02\x09\x0a", "{}", "a list of nothing else is unset"},
      {"Proto2", "\x62\x05\x0a\x01k\x10\x09", "{}", "and its map entry is none"},
      {"Proto2", "\x62\x05\x0a\x01k\x10\x09\x62\x03\x0a\x01j", R"({"closedMap":{"j":"CLOSED_ZERO"}})",
       "the others stay"},
      {"Proto2", "\x4b\x08\x05\x4c\x4b\x13\x0a\x01x\x14\x4c", R"({"onegroup":{"inside":5,"nested":{"deep":"x"}}})",
       "groups, in two pieces"},
      {"Proto2", "\xa0\x06\x07\xc2\xb8\x02\x03\x0a\x01s",
       R"({"[penstock.transcode.test.extended_number]":7,"[penstock.transcode.test.Scope.scoped]":{"name":"s"}})",
       "extensions"},
  };
  for (const Row& row : kRows) EXPECT_EQ(Json(Plan(row.type), row.wire), row.json) << row.reason;
}

TEST(WireToJsonTest, RefusesWhatHasNoJsonByPath) {
  const Row kRows[] = {
      {"Leaf", "\x0a", "broken wire", "cut behind a tag"},
      {"Leaf",
       "\x0a\x05"
       "abc",
       "broken wire", "cut inside a string"},
      {"Leaf", "\x14", "broken wire", "a group's end without its start"},
      {"Leaf", "\x0a\x01\xff", "Leaf.name: a string that is not UTF-8", "invalid UTF-8"},
      {"Leaf", "\x0a\x03\xed\xa0\x80", "Leaf.name: a string that is not UTF-8", "a surrogate"},
      {"Leaf", "\x0a\x02\xc0\x80", "Leaf.name: a string that is not UTF-8", "an overlong form"},
      {"Leaf", "\x0a\x04\xf4\x90\x80\x80", "Leaf.name: a string that is not UTF-8", "beyond U+10FFFF"},
      {"Leaf",
       "\x0a\x02"
       "a\xc3",
       "Leaf.name: a string that is not UTF-8", "a sequence cut short"},
      {"Lists", "\x8a\x01"s + "\0"s + "\x8a\x01\x03\x0a\x01\xff", "Lists.leaves[1].name:", "deep in a list"},
      {"Lists", "\x1a\x02\x01\x80", "Lists.int32s[1]: broken wire", "a packed list cut short"},
      {"Maps", "\x8a\x01\x08\x0a\x01k\x12\x03\x0a\x01\xff", "Maps.leaves[\"k\"].name:", "deep in a map"},
      {"Maps", "\x0a\x03\x0a\x01\xff", "Maps.texts: a string that is not UTF-8", "a key"},
      {"WellKnown", "\x0a\x02\x10\xff\x01", "broken wire", "cut inside a time"},
      {"WellKnown", "\x0a\x0b\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "WellKnown.time: a Timestamp",
       "nanos below zero"},
      {"WellKnown", "\x12\x0d\x08\x01\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "WellKnown.duration: a Duration",
       "two signs"},
      {"WellKnown", "\x1a\x03\x0a\x01X", "WellKnown.mask: a FieldMask path", "a path that does not come back"},
      {"WellKnown",
       "\x1a\x04\x0a\x02"
       "a_",
       "WellKnown.mask: a FieldMask path", "a path that ends in _"},
      {"WellKnown",
       "\x1a\x05\x0a\x03"
       "a,b",
       "WellKnown.mask: a FieldMask path", "a path that comes back as two"},
      {"WellKnown", "\x1a\x02\x0a\x00"s, "WellKnown.mask: a FieldMask path", "an empty path"},
      {"WellKnown",
       "\x1a\x05\x0a\x03"
       "a\nb",
       "WellKnown.mask: a FieldMask path", "a byte that no path has, and no reader takes"},
      {"WellKnown", "\x2a"s + "\0"s, "WellKnown.value: a google.protobuf.Value that holds nothing", "an empty Value"},
      {"WellKnown", "\x2a\x09\x11\0\0\0\0\0\0\xf0\x7f"s, "Value that is NaN", "infinity in a Value"},
      {"WellKnown", "\x3a\x05\x0a\x03x/y", "WellKnown.any: a google.protobuf.Any of a type", "an Any of unknown type"},
      {"WellKnown", "\x3a\x03\x12\x01x", "WellKnown.any: a google.protobuf.Any of a type", "an Any without a type"},
  };
  for (const Row& row : kRows) {
    std::string out = "kept";
    const absl::Status status = WireToJson(Plan(row.type), row.wire, kNoLimit, &out);
    EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << row.reason;
    EXPECT_NE(std::string(status.message()).find(row.json), std::string::npos) << row.reason << ": " << status;
    EXPECT_EQ(out, "kept") << row.reason;
  }
}

TEST(WireToJsonTest, PrintsWellKnownTypes) {
  test::WellKnown message;
  message.mutable_time()->set_seconds(1795361464);
  message.mutable_time()->set_nanos(362719363);
  message.mutable_duration()->set_nanos(-500000000);
  message.mutable_mask()->add_paths("foo_bar.baz");
  message.mutable_any()->PackFrom(google::protobuf::Duration());
  message.mutable_empty();
  message.mutable_int64_value();
  message.mutable_bytes_value()->set_value("\xff");
  (*message.mutable_structure()->mutable_fields())["k"].mutable_list_value()->add_values()->set_number_value(1.5);
  EXPECT_EQ(Json(Plan("WellKnown"), message.SerializeAsString()),
            R"({"time":"2026-11-22T15:31:04.362719363Z","duration":"-0.500s","mask":"fooBar.baz",)"
            R"("structure":{"k":[1.5]},"any":{"@type":"type.googleapis.com/google.protobuf.Duration","value":"0s"},)"
            R"("empty":{},"int64Value":"0","bytesValue":"/w=="})");
}

TEST(WireToJsonTest, NothingEndsALine) {
  test::Leaf leaf;
  leaf.set_name("a\n\r\t\b\f\"\\/\x01\x1f\x7f\u2027\u2028\u2029\u202a😀"s + '\0');
  EXPECT_EQ(Json(Plan("Leaf"), leaf.SerializeAsString()),
            "{\"name\":\"a\\n\\r\\t\\b\\f\\\"\\\\/\\u0001\\u001f\x7f\u2027\\u2028\\u2029\u202a😀\\u0000\"}");
}

TEST(WireToJsonTest, OptionsDecideWhatIsPrinted) {
  const std::string wire = "\x80\x01\x01";
  const auto defaults = BuildPlans({});
  const std::string all = Json(*defaults->Find("penstock.transcode.test.Scalars"), wire);
  EXPECT_NE(all.find(R"("anInt64":"0")"), std::string::npos) << all;
  const std::string choices = Json(*defaults->Find("penstock.transcode.test.Choices"), "");
  EXPECT_EQ(choices, "{}");
  const auto other = BuildPlans({.unpopulated = false, .proto_names = true, .enum_numbers = true});
  EXPECT_EQ(Json(*other->Find("penstock.transcode.test.Scalars"), wire + "\x18\x01"), R"({"an_int32":1,"color":1})");
}

TEST(WireToJsonTest, UnsetMessagesAreNullOnDemand) {
  const auto plans = BuildPlans({.unset_as_null = true});
  const auto json = [&plans](const std::string& type) {
    return Json(*plans->Find("penstock.transcode.test." + type), "");
  };
  EXPECT_EQ(json("Book"), R"({"name":"","title":"","pages":"0","tags":[],"published":null})");
  EXPECT_EQ(json("Choices"), "{}") << "members of a oneof and proto3's optional fields";
  EXPECT_EQ(json("Proto2"),
            R"({"number":null,"text":null,"blob":null,"real":null,"infinite":null,"closed":null,"flag":null,)"
            R"("needed":null,"onegroup":null,"items":[],"closedList":[],"closedMap":{},"packed":[],"unpacked":[],)"
            R"("child":null})")
      << "scalars of proto2, but no extension";
  EXPECT_NE(json("WellKnown").find(R"("value":null,"list":null,"any":null,"empty":null,"nullValue":null,)"),
            std::string::npos)
      << json("WellKnown");
  const auto alone = BuildPlans({.unpopulated = false, .unset_as_null = true});
  EXPECT_EQ(Json(*alone->Find("penstock.transcode.test.Book"), ""), R"({"published":null})");
}

TEST(WireToJsonTest, DepthIsBounded) {
  std::string any;
  for (int i = 0; i < 10000; ++i) {
    std::string outer = "\x0a\x15x/google.protobuf.Any\x12"s;
    AppendLengthDelimited(any, &outer);
    any = outer;
  }
  std::string out;
  const absl::Status status = WireToJson(Plan("Any"), any, kNoLimit, &out);
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_NE(std::string(status.message()).find("nested too deeply"), std::string::npos) << status;
}

TEST(WireToJsonTest, TheLimitIsExact) {
  test::Lists lists;
  for (int i = 0; i < 30000; ++i) lists.add_texts("text number " + std::to_string(i));
  const std::string wire = lists.SerializeAsString();
  const std::string json = Json(Plan("Lists"), wire);
  ASSERT_GT(json.size(), 500000u);
  for (const size_t limit : {size_t{0}, size_t{10}, json.size() / 2, json.size() - 1}) {
    std::string out = "kept";
    EXPECT_EQ(WireToJson(Plan("Lists"), wire, limit, &out).code(), absl::StatusCode::kResourceExhausted) << limit;
    EXPECT_EQ(out, "kept");
  }
  std::string out;
  EXPECT_TRUE(WireToJson(Plan("Lists"), wire, json.size(), &out).ok());
  EXPECT_EQ(out, json);
}

TEST(WireToJsonTest, UnknownAnysOfErrorDetailsAreShown) {
  const std::string any = "\x0a\x03x/y\x12\x02\xff\x01";
  std::string out;
  EXPECT_TRUE(AnyToJson(Plan("Leaf").plans(), any, kNoLimit, UnknownAny::kBase64, &out).ok());
  EXPECT_EQ(out, R"({"@type":"x/y","value":"/wE="})");
  EXPECT_FALSE(AnyToJson(Plan("Leaf").plans(), any, kNoLimit, UnknownAny::kRefuse, &out).ok());
}

TEST(WireToJsonTest, NumbersAreShortAndComeBack) {
  const struct {
    double value;
    const char* json;
  } kRows[] = {
      {0, "0"},
      {-0.0, "-0"},
      {1, "1"},
      {-1.5, "-1.5"},
      {0.1, "0.1"},
      {100000, "100000"},
      {1e20, "100000000000000000000"},
      {1e21, "1e+21"},
      {1.5e300, "1.5e+300"},
      {0.000001, "0.000001"},
      {0.00000123, "0.00000123"},
      {1e-7, "1e-7"},
      {5e-324, "5e-324"},
      {123456789.125, "123456789.125"},
      {9007199254740993.0, "9007199254740992"},
      {1.7976931348623157e308, "1.7976931348623157e+308"},
      {std::numeric_limits<double>::infinity(), "\"Infinity\""},
      {-std::numeric_limits<double>::infinity(), "\"-Infinity\""},
      {std::numeric_limits<double>::quiet_NaN(), "\"NaN\""},
  };
  for (const auto& row : kRows) {
    test::WellKnown message;
    message.mutable_double_value()->set_value(row.value);
    EXPECT_EQ(Json(Plan("WellKnown"), message.SerializeAsString()), std::string("{\"doubleValue\":") + row.json + "}");
  }
  test::WellKnown message;
  message.mutable_float_value()->set_value(0.1f);
  EXPECT_EQ(Json(Plan("WellKnown"), message.SerializeAsString()), R"({"floatValue":0.1})");
}

}  // namespace
}  // namespace penstock::codec
