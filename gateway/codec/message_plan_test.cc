#include "gateway/codec/message_plan.h"

#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "transcode_test.pb.h"
#include "transcode_test_proto2.pb.h"

namespace penstock::codec {
namespace {

namespace test = transcode::test;

std::unique_ptr<const PlanSet> Build(const PrintOptions& options) {
  return PlanSet::Build({test::Everything::descriptor()->file(), test::Proto2::descriptor()->file()}, options).value();
}

TEST(PlanSetTest, HoldsTheFilesAndTheirImports) {
  const auto plans = Build({});
  EXPECT_EQ(plans->Find("penstock.transcode.test.Everything.Inner")->full_name(),
            "penstock.transcode.test.Everything.Inner");
  EXPECT_EQ(plans->Find("google.protobuf.Timestamp")->well_known(), WellKnown::kTimestamp);
  EXPECT_EQ(plans->Find("google.protobuf.Empty")->well_known(), WellKnown::kNone);
  EXPECT_EQ(plans->Find("Everything"), nullptr);
  EXPECT_EQ(plans->Find("google.protobuf.FileDescriptorProto"), nullptr);
  EXPECT_EQ(plans->FindByUrl("type.googleapis.com/google.protobuf.Any"), plans->Find("google.protobuf.Any"));
  EXPECT_EQ(plans->FindByUrl("google.protobuf.Any"), nullptr);
}

TEST(PlanSetTest, KnowsTheWellKnownTypesWithoutTheirImports) {
  google::protobuf::FileDescriptorProto file;
  file.set_name("alone.proto");
  file.add_message_type()->set_name("Alone");
  google::protobuf::DescriptorPool pool;
  const auto plans = PlanSet::Build({pool.BuildFile(file)}, {}).value();
  for (const char* name : {"Any", "Duration", "Empty", "FieldMask", "Int64Value", "ListValue", "Struct", "Timestamp"}) {
    const MessagePlan* plan = plans->Find(std::string("google.protobuf.") + name);
    ASSERT_NE(plan, nullptr) << name;
  }
  // One of the schema's own pool stays the only one.
  google::protobuf::FileDescriptorProto own;
  google::protobuf::Duration::descriptor()->file()->CopyTo(&own);
  const google::protobuf::FileDescriptor* built = pool.BuildFile(own);
  EXPECT_EQ(PlanSet::Build({built}, {}).value()->Find("google.protobuf.Duration")->descriptor(),
            built->message_type(0));
}

TEST(PlanSetTest, RefusesOneTypeFromTwoPools) {
  google::protobuf::FileDescriptorProto file;
  file.set_name("other.proto");
  file.set_package("penstock.transcode.test");
  file.add_message_type()->set_name("Leaf");
  google::protobuf::DescriptorPool pool;
  const auto plans = PlanSet::Build({test::Leaf::descriptor()->file(), pool.BuildFile(file)}, {});
  EXPECT_EQ(plans.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(std::string(plans.status().message()).find("penstock.transcode.test.Leaf"), std::string::npos);
}

TEST(MessagePlanTest, FindsFieldsByNumberAndByEitherName) {
  const auto plans = Build({});
  const MessagePlan& scalars = *plans->Find("penstock.transcode.test.Scalars");
  EXPECT_EQ(scalars.fields()[0].name, "text");
  for (const FieldPlan& field : scalars.fields()) {
    EXPECT_EQ(scalars.FindByNumber(field.number), &field);
    EXPECT_EQ(scalars.FindByName(field.name), &field);
    EXPECT_EQ(scalars.FindByName(field.descriptor->name()), &field);
  }
  EXPECT_EQ(scalars.FindByName("other-name")->number, 18u);
  EXPECT_EQ(scalars.FindByNumber(19), nullptr);
  EXPECT_EQ(scalars.FindByNumber(536870910), nullptr);
  EXPECT_EQ(scalars.FindByName("TEXT"), nullptr);
  const MessagePlan& proto2 = *plans->Find("penstock.transcode.test.Proto2");
  EXPECT_EQ(proto2.FindByName("[penstock.transcode.test.Scope.scoped]"), proto2.FindByNumber(5000));
  EXPECT_EQ(proto2.FindByName("scoped"), nullptr);
}

TEST(MessagePlanTest, KnowsWhatAnUnsetFieldPrints) {
  const auto plans = Build({});
  const auto unset = [&](const char* type, const char* field) {
    return std::string(plans->Find(std::string("penstock.transcode.test.") + type)->FindByName(field)->unset.view());
  };
  EXPECT_EQ(unset("Scalars", "anInt64"), ",\"anInt64\":\"0\"");
  EXPECT_EQ(unset("Scalars", "color"), ",\"color\":\"COLOR_UNSPECIFIED\"");
  EXPECT_EQ(unset("Lists", "leaves"), ",\"leaves\":[]");
  EXPECT_EQ(unset("Maps", "leaves"), ",\"leaves\":{}");
  EXPECT_EQ(unset("Choices", "text"), "");
  EXPECT_EQ(unset("Choices", "maybeNumber"), "");
  EXPECT_EQ(unset("WellKnown", "time"), "");
  EXPECT_EQ(unset("Proto2", "text"), ",\"text\":\"a \\\"quoted\\\"\\ntext\"");
  EXPECT_EQ(unset("Proto2", "left"), "");
  EXPECT_EQ(unset("Proto2", "[penstock.transcode.test.extended_number]"), "");
}

TEST(MessagePlanTest, TakesGroupsAndExtensionsByName) {
  const auto plans = Build({}), by_name = Build({.group_type_names = true, .extensions_by_name = true});
  const MessagePlan& proto2 = *plans->Find("penstock.transcode.test.Proto2");
  const MessagePlan& named = *by_name->Find("penstock.transcode.test.Proto2");
  EXPECT_EQ(proto2.FindByName("OneGroup"), nullptr);
  EXPECT_EQ(named.FindByName("OneGroup"), named.FindByName("onegroup")) << "by its type's name as well";
  const auto last = [](const MessagePlan& plan) { return plan.fields().back().name; };
  EXPECT_EQ(last(proto2), "[penstock.transcode.test.Scope.scoped]") << "the highest number";
  EXPECT_EQ(last(named), "[penstock.transcode.test.extended_texts]") << "the last name";
}

TEST(EnumPlanTest, NamesNumbersNearAndFar) {
  const EnumPlan color(test::Color_descriptor(), {});
  EXPECT_EQ(color.Json(1), "\"COLOR_RED\"");
  EXPECT_EQ(color.Json(-5), "\"COLOR_NEGATIVE\"");
  EXPECT_EQ(color.Json(-4), "");
  EXPECT_EQ(color.Json(2), "");
  EXPECT_EQ(*color.FindByName("COLOR_CRIMSON"), 1);
  const EnumPlan sparse(test::Sparse_descriptor(), {.enum_numbers = true});
  EXPECT_EQ(sparse.Json(INT32_MIN), "-2147483648");
  EXPECT_EQ(sparse.Json(INT32_MAX), "2147483647");
  EXPECT_FALSE(sparse.Knows(1));
  EXPECT_FALSE(sparse.closed());
  EXPECT_TRUE(EnumPlan(test::Closed_descriptor(), {}).closed());
  EXPECT_FALSE(EnumPlan(test::Closed_descriptor(), {.closed_enums = false}).closed());
}

}  // namespace
}  // namespace penstock::codec
