// A stream's steady state: what a record costs besides its bytes. Counts every call of `operator new` in this binary.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "gateway/base/testing/counting_new.h"
#include "gateway/codec/wire_to_json.h"
#include "transcode_test.pb.h"
#include "transcode_test_proto2.pb.h"

namespace penstock::codec {
namespace {

namespace test = transcode::test;

constexpr size_t kMaxBytes = 1 << 20;
constexpr int kRecords = 100;

// How many allocations `kRecords` records of the message take once its stream runs.
size_t SteadyAllocations(const google::protobuf::Message& message) {
  const auto plans = PlanSet::Build({message.GetDescriptor()->file()}, PrintOptions()).value();
  const MessagePlan& plan = *plans->Find(message.GetDescriptor()->full_name());
  const std::string wire = message.SerializeAsString();
  std::string out;
  const auto print = [&] {
    out.clear();
    const absl::Status status = WireToJson(plan, wire, kMaxBytes, &out);
    EXPECT_TRUE(status.ok()) << status;
  };
  print();  // the thread's scratch and the buffer grow to what they stay
  const size_t before = Allocations();
  for (int i = 0; i < kRecords; ++i) print();
  return Allocations() - before;
}

TEST(AllocationTest, TheCounterCounts) {
  const size_t before = Allocations();
  const auto text = std::make_unique<std::string>(1000, 'x');
  EXPECT_GE(Allocations() - before, 2u) << text->size();
}

TEST(AllocationTest, AStreamOfTicksAllocatesNothing) {
  test::Beat beat;
  beat.mutable_time()->set_seconds(1795361464);
  beat.mutable_time()->set_nanos(362719363);
  beat.set_message("hello, \"world\" of é and 😀, longer than any small string would be");
  beat.set_sequence(123456789);
  EXPECT_EQ(SteadyAllocations(beat), 0u);
}

TEST(AllocationTest, NoKindOfFieldAllocates) {
  test::Everything message;
  message.mutable_scalars()->set_a_double(0.1);
  message.mutable_scalars()->set_a_float(1e-30f);
  message.mutable_scalars()->set_some_bytes(std::string(100, '\xff'));
  message.mutable_scalars()->set_color(test::COLOR_NEGATIVE);
  message.mutable_scalars()->set_sparse(test::SPARSE_HIGH);
  test::WellKnown& known = *message.mutable_well_known();
  known.mutable_duration()->set_seconds(-5);
  known.mutable_mask()->add_paths("a_path.that_is_longer.than_a_small_string");
  known.mutable_mask()->add_paths("another_path.of_the_same_kind");
  known.mutable_int64_value()->set_value(7);
  test::Leaf leaf;
  leaf.set_name("the name of what an Any holds, not a small string");
  known.mutable_any()->PackFrom(leaf);
  auto& structure = *known.mutable_structure()->mutable_fields();
  structure["a key that is no small string either"].mutable_list_value()->add_values()->set_number_value(1.5);
  structure["another key of that sort, for the sorting"].set_bool_value(true);
  for (int i = 0; i < 50; ++i) {
    message.mutable_lists()->add_int64s(i);
    message.mutable_lists()->add_texts("text number " + std::to_string(i));
    *message.mutable_lists()->add_leaves() = leaf;
    (*message.mutable_maps()->mutable_int64s())[-i] = i;
    (*message.mutable_maps()->mutable_leaves())["key number " + std::to_string(i)] = leaf;
  }
  message.add_children()->mutable_choices()->mutable_leaf()->set_number(1);
  EXPECT_EQ(SteadyAllocations(message), 0u);
}

TEST(AllocationTest, NothingOfProto2Allocates) {
  test::Proto2 message;
  message.set_needed(1);
  message.mutable_onegroup()->mutable_nested()->set_deep("deep inside a group, and longer than a small string");
  message.add_items()->set_id("an item of a repeated group, longer than a small string");
  message.SetExtension(test::extended_number, 5);
  message.AddExtension(test::extended_texts, "the text of an extension, longer than a small string");
  EXPECT_EQ(SteadyAllocations(message), 0u);
}

}  // namespace
}  // namespace penstock::codec
