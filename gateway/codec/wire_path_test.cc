#include "gateway/codec/wire_path.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "transcode_test.pb.h"
#include "transcode_test_proto2.pb.h"

namespace penstock::codec {
namespace {

namespace test = transcode::test;

const MessagePlan& Plan(absl::string_view name) {
  static const PlanSet& plans =
      *PlanSet::Build({test::Everything::descriptor()->file(), test::Proto2::descriptor()->file()}, PrintOptions())
           .value()
           .release();
  return *plans.Find(absl::StrCat("penstock.transcode.test.", name));
}

FieldPath Path(const MessagePlan& plan, absl::string_view text) { return ResolveFieldPath(plan, text).value(); }

test::UpdateBook Sample() {
  test::UpdateBook message;
  message.set_parent("p");
  message.mutable_book()->set_title("t");
  message.mutable_book()->add_tags("x");
  message.mutable_book()->add_tags("y");
  message.add_numbers(1);
  message.add_numbers(2);
  (*message.mutable_labels())["k"] = 1;
  message.mutable_like()->set_name("n");
  return message;
}

TEST(WirePathTest, SeesWhatIsSet) {
  const std::string wire = Sample().SerializeAsString();
  const MessagePlan& plan = Plan("UpdateBook");
  for (const char* set : {"parent", "book", "book.title", "book.tags", "numbers", "labels", "like", "like.name"}) {
    EXPECT_TRUE(IsSet(Path(plan, set), wire)) << set;
  }
  for (const char* unset : {"validate_only", "book.name", "like.title", "timeout.seconds"}) {
    EXPECT_FALSE(IsSet(Path(plan, unset), wire)) << unset;
  }
  test::UpdateBook first, second;
  first.mutable_book()->set_name("n");
  second.mutable_book()->set_title("t");
  EXPECT_TRUE(IsSet(Path(plan, "book.title"), first.SerializeAsString() + second.SerializeAsString()))
      << "in the second piece of a message";
}

TEST(WirePathTest, ErasesOneFieldWhereverItStands) {
  const MessagePlan& plan = Plan("UpdateBook");
  const struct {
    const char* path;
    void (*expect)(test::UpdateBook*);
    const char* reason;
  } kRows[] = {
      {"parent", [](test::UpdateBook* m) { m->clear_parent(); }, "a scalar"},
      {"numbers", [](test::UpdateBook* m) { m->clear_numbers(); }, "a packed list"},
      {"book.tags", [](test::UpdateBook* m) { m->mutable_book()->clear_tags(); }, "a nested list"},
      {"like.name", [](test::UpdateBook* m) { m->mutable_like()->clear_name(); }, "what is above stays, empty"},
      {"labels", [](test::UpdateBook* m) { m->clear_labels(); }, "a map"},
      {"timeout", [](test::UpdateBook*) {}, "what is not there"},
  };
  for (const auto& row : kRows) {
    std::string wire = "kept" + Sample().SerializeAsString();
    EraseField(Path(plan, row.path), 4, &wire);
    test::UpdateBook expected = Sample(), actual;
    row.expect(&expected);
    EXPECT_EQ(wire.substr(0, 4), "kept") << row.reason;
    ASSERT_TRUE(actual.ParseFromString(wire.substr(4))) << row.reason;
    EXPECT_EQ(actual.DebugString(), expected.DebugString()) << row.reason;
  }
}

TEST(WirePathTest, GoesThroughGroups) {
  test::Proto2 message;
  message.set_needed(1);
  message.mutable_onegroup()->set_inside(5);
  message.mutable_onegroup()->mutable_nested()->set_deep("d");
  std::string wire = message.SerializeAsString();
  const FieldPath deep = Path(Plan("Proto2"), "onegroup.nested.deep");
  EXPECT_TRUE(IsSet(deep, wire));
  EraseField(deep, 0, &wire);
  message.mutable_onegroup()->mutable_nested()->clear_deep();
  EXPECT_EQ(wire, message.SerializeAsString());
}

TEST(WirePathTest, FindsTheOtherMemberOfAOneof) {
  const MessagePlan& plan = Plan("Everything");
  test::Everything message;
  message.mutable_choices()->mutable_leaf()->set_name("n");
  const std::string wire = message.SerializeAsString();
  EXPECT_EQ(OneofSetByOther(plan, Path(plan, "choices.leaf.name"), wire), nullptr) << "itself";
  EXPECT_EQ(OneofSetByOther(plan, Path(plan, "choices.yes"), wire), nullptr) << "another oneof";
  EXPECT_EQ(OneofSetByOther(plan, Path(plan, "choices.maybe_number"), wire), nullptr) << "optional is no oneof";
  const FieldPlan* other = OneofSetByOther(plan, Path(plan, "choices.number"), wire);
  ASSERT_NE(other, nullptr);
  EXPECT_EQ(other->name, "leaf");
}

TEST(WirePathTest, StopsAtBrokenWire) {
  const MessagePlan& plan = Plan("UpdateBook");
  const std::string broken = "\x0a\x7f";  // a string of 127 bytes that are not there
  EXPECT_FALSE(ForEachRecord(broken, [](const WireRecord&) { return true; }));
  EXPECT_FALSE(IsSet(Path(plan, "parent"), broken));
}

}  // namespace
}  // namespace penstock::codec
