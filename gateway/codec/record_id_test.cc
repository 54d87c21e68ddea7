#include "gateway/codec/record_id.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "transcode_test.pb.h"

namespace penstock::codec {
namespace {

namespace test = transcode::test;

using ::testing::HasSubstr;

const MessagePlan& Plan(absl::string_view name) {
  static const PlanSet& plans = *PlanSet::Build({test::Everything::descriptor()->file()}, {}).value().release();
  return *plans.Find(absl::StrCat("penstock.transcode.test.", name));
}

std::string IdIn(absl::string_view type, absl::string_view field, const google::protobuf::Message& message) {
  const auto id = RecordId::Build(Plan(type), field);
  EXPECT_TRUE(id.ok()) << id.status();
  RecordId::Digits digits;
  const std::string wire = message.SerializeAsString();
  return id.ok() ? std::string(id->Read(wire, &digits)) : "";
}

std::string TextId(const std::string& text) {
  test::Scalars message;
  message.set_a_double(1);
  message.set_text(text);
  return IdIn("Scalars", "text", message);
}

TEST(RecordId, NumbersOfEveryKind) {
  test::Scalars least;
  least.set_an_int32(std::numeric_limits<int32_t>::min());
  least.set_an_int64(std::numeric_limits<int64_t>::min());
  least.set_a_sint32(-1);
  least.set_a_sint64(std::numeric_limits<int64_t>::min());
  least.set_a_sfixed32(-2);
  least.set_a_sfixed64(-3);
  least.set_a_uint32(std::numeric_limits<uint32_t>::max());
  least.set_a_uint64(std::numeric_limits<uint64_t>::max());
  least.set_a_fixed32(4);
  least.set_a_fixed64(5);
  const struct {
    const char* field;
    const char* id;
  } kRows[] = {
      {"an_int32", "-2147483648"},
      {"an_int64", "-9223372036854775808"},
      {"a_sint32", "-1"},
      {"a_sint64", "-9223372036854775808"},
      {"a_sfixed32", "-2"},
      {"a_sfixed64", "-3"},
      {"a_uint32", "4294967295"},
      {"a_uint64", "18446744073709551615"},
      {"a_fixed32", "4"},
      {"a_fixed64", "5"},
      {"aUint64", "18446744073709551615"},
  };
  for (const auto& row : kRows) EXPECT_EQ(IdIn("Scalars", row.field, least), row.id) << row.field;
}

TEST(RecordId, APathLeadsThroughMessages) {
  test::Everything message;
  message.mutable_inner()->set_id(7);
  EXPECT_EQ(IdIn("Everything", "inner.id", message), "7");
  message.mutable_inner()->mutable_outer()->mutable_inner()->set_id(8);
  EXPECT_EQ(IdIn("Everything", "inner.id", message), "7") << "not the one further in";
  EXPECT_EQ(IdIn("Everything", "inner.outer.inner.id", message), "8");
}

TEST(RecordId, TheLastValueCountsAsInAnyMessage) {
  test::Scalars first, second;
  first.set_a_uint64(1);
  second.set_a_uint64(2);
  const auto id = RecordId::Build(Plan("Scalars"), "a_uint64").value();
  RecordId::Digits digits;
  EXPECT_EQ(id.Read(first.SerializeAsString() + second.SerializeAsString(), &digits), "2");
}

TEST(RecordId, WhatIsNotSetIsNoId) {
  EXPECT_EQ(IdIn("Scalars", "a_uint64", test::Scalars()), "");
  EXPECT_EQ(IdIn("Everything", "inner.id", test::Everything()), "");
  test::Choices present;
  present.set_maybe_number(0);
  EXPECT_EQ(IdIn("Choices", "maybe_number", present), "0") << "a field with presence that is set";
  EXPECT_EQ(IdIn("Choices", "maybe_number", test::Choices()), "");
}

TEST(RecordId, TextThatCouldNotComeBackInAHeaderIsNoId) {
  EXPECT_EQ(TextId("a b/ü\"\\"), "a b/ü\"\\");
  EXPECT_EQ(TextId(std::string(RecordId::kMaxBytes, 'x')), std::string(RecordId::kMaxBytes, 'x'));
  for (const std::string& bad :
       {std::string(), std::string(" a"), std::string("a "), std::string("a\nb"), std::string("a\rb"),
        std::string("a\0b", 3), std::string("\x7f"), std::string(RecordId::kMaxBytes + 1, 'x')}) {
    EXPECT_EQ(TextId(bad), "") << bad;
  }
}

TEST(RecordId, BrokenBytesHaveNone) {
  const auto id = RecordId::Build(Plan("Scalars"), "a_uint64").value();
  RecordId::Digits digits;
  EXPECT_EQ(id.Read("\x30", &digits), "") << "a tag without its value";
  const auto text = RecordId::Build(Plan("Scalars"), "text").value();
  EXPECT_EQ(text.Read("\x72\x01\xff", &digits), "") << "not UTF-8";
}

TEST(RecordId, FieldsThatCannotHoldOneAreRefused) {
  const struct {
    const char* type;
    const char* field;
    const char* says;
  } kRows[] = {
      {"Scalars", "nothing", "nothing"},      {"Scalars", "a_double", "one string or integer"},
      {"Scalars", "a_bool", "one string or"}, {"Scalars", "some_bytes", "one string or integer"},
      {"Scalars", "color", "one string or"},  {"Lists", "int32s", "one string or integer"},
      {"Everything", "inner", "one string"},  {"Choices", "text", "oneof choice"},
      {"Choices", "leaf.name", "oneof"},
  };
  for (const auto& row : kRows) {
    const auto id = RecordId::Build(Plan(row.type), row.field);
    ASSERT_FALSE(id.ok()) << row.field;
    EXPECT_THAT(std::string(id.status().message()), HasSubstr(row.says)) << row.field;
  }
}

}  // namespace
}  // namespace penstock::codec
