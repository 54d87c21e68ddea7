// The transcoder against libprotobuf, on random valid messages of a type that has every kind of field.
//
// Compared by value where both spellings are right (numbers, escapes), byte by byte where ours is compared with ours.
#include "gateway/codec/testing/oracle.h"

#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>

#include "gateway/codec/json_to_wire.h"
#include "gateway/codec/testing/random_message.h"
#include "gateway/codec/wire_to_json.h"
#include "transcode_test.pb.h"
#include "transcode_test_proto2.pb.h"

namespace penstock::codec {
namespace {

namespace test = transcode::test;

using google::protobuf::Message;

constexpr size_t kNoLimit = size_t{1} << 30;
constexpr int kMessages = 2000;

const PlanSet& Plans() {
  static const PlanSet& plans =
      *PlanSet::Build({test::Everything::descriptor()->file(), test::Proto2::descriptor()->file()}, PrintOptions())
           .value()
           .release();
  return plans;
}

const MessagePlan& PlanOf(const Message& message) { return *Plans().Find(message.GetDescriptor()->full_name()); }

std::string OurJson(const Message& message, absl::string_view wire) {
  std::string json;
  const absl::Status status = WireToJson(PlanOf(message), wire, kNoLimit, &json);
  EXPECT_TRUE(status.ok()) << status;
  return json;
}

google::protobuf::Value ParseJson(const std::string& json) {
  google::protobuf::Value value;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(json, &value).ok()) << json;
  return value;
}

// Sets `type` to what `json` says, through our own reader.
::testing::AssertionResult ReadOurs(const std::string& json, Message* message) {
  std::string wire;
  const absl::Status status = JsonToWire(PlanOf(*message), json, &wire);
  if (!status.ok()) return ::testing::AssertionFailure() << status << " in " << json;
  if (!message->ParseFromString(wire)) return ::testing::AssertionFailure() << "broken wire from " << json;
  return ::testing::AssertionSuccess();
}

class OracleTest : public ::testing::Test {
 protected:
  OracleTest() : seed_(std::random_device{}()), random_(seed_, leaf_) {
    RecordProperty("seed", std::to_string(seed_));
    std::cout << "seed " << seed_ << "\n";
  }

  // Maps with each key once.
  template <typename T>
  T Random() {
    T filled, message;
    random_.Fill(&filled);
    EXPECT_TRUE(message.ParseFromString(filled.SerializeAsString()));
    return message;
  }

  const test::Leaf leaf_;
  const uint64_t seed_;
  testing::RandomMessages random_;
};

TEST_F(OracleTest, PrintsWhatLibprotobufPrints) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  for (int i = 0; i < kMessages; ++i) {
    const test::Everything message = Random<test::Everything>();
    std::string theirs;
    ASSERT_TRUE(google::protobuf::util::MessageToJsonString(message, &theirs, options).ok());
    const std::string ours = OurJson(message, message.SerializeAsString());
    ASSERT_TRUE(testing::SameValue(ParseJson(ours), ParseJson(theirs))) << ours << "\n" << theirs;
    ASSERT_EQ(ours.find('\n'), std::string::npos);
  }
}

TEST_F(OracleTest, LeavesOutWhatLibprotobufLeavesOut) {
  static const PlanSet& plans =
      *PlanSet::Build({test::Everything::descriptor()->file()}, PrintOptions{.unpopulated = false}).value().release();
  for (int i = 0; i < kMessages; ++i) {
    const test::Everything message = Random<test::Everything>();
    std::string ours, theirs;
    ASSERT_TRUE(google::protobuf::util::MessageToJsonString(message, &theirs).ok());
    ASSERT_TRUE(
        WireToJson(*plans.Find("penstock.transcode.test.Everything"), message.SerializeAsString(), kNoLimit, &ours)
            .ok());
    ASSERT_TRUE(testing::SameValue(ParseJson(ours), ParseJson(theirs))) << ours << "\n" << theirs;
  }
}

TEST_F(OracleTest, LibprotobufReadsWhatWePrint) {
  for (int i = 0; i < kMessages; ++i) {
    const test::Everything message = Random<test::Everything>();
    test::Everything read;
    const std::string json = OurJson(message, message.SerializeAsString());
    const auto status = google::protobuf::util::JsonStringToMessage(json, &read);
    ASSERT_TRUE(status.ok()) << status << json;
    ASSERT_TRUE(testing::Same(message, read)) << json;
  }
}

TEST_F(OracleTest, WeReadWhatLibprotobufAndWePrint) {
  for (int i = 0; i < kMessages; ++i) {
    const test::Everything message = Random<test::Everything>();
    test::Everything from_theirs, from_ours;
    std::string theirs;
    ASSERT_TRUE(google::protobuf::util::MessageToJsonString(message, &theirs).ok());
    ASSERT_TRUE(ReadOurs(theirs, &from_theirs));
    ASSERT_TRUE(testing::Same(message, from_theirs)) << theirs;
    const std::string ours = OurJson(message, message.SerializeAsString());
    ASSERT_TRUE(ReadOurs(ours, &from_ours));
    ASSERT_TRUE(testing::Same(message, from_ours)) << ours;
  }
}

TEST_F(OracleTest, AppendedMessagesMerge) {
  for (int i = 0; i < kMessages; ++i) {
    const test::Everything a = Random<test::Everything>();
    const test::Everything b = Random<test::Everything>();
    const std::string wire = a.SerializeAsString() + b.SerializeAsString();
    test::Everything merged;
    ASSERT_TRUE(merged.ParseFromString(wire));
    // A Duration merged of two may have two signs: then both ways fail alike.
    std::string ours, theirs;
    const absl::Status appended = WireToJson(PlanOf(a), wire, kNoLimit, &ours);
    ASSERT_EQ(appended, WireToJson(PlanOf(a), merged.SerializeAsString(), kNoLimit, &theirs));
    ASSERT_EQ(ours, theirs);
  }
}

TEST_F(OracleTest, Proto2GoesThereAndBack) {
  for (int i = 0; i < kMessages; ++i) {
    test::Proto2 message = Random<test::Proto2>();
    test::Proto2 read;
    if (i % 2 == 0) message.SetExtension(test::extended_number, i);
    if (i % 3 == 0) message.AddExtension(test::extended_texts, "x");
    if (i % 5 == 0) message.MutableExtension(test::Scope::scoped)->set_name("s");
    // Unset scalars are not printed, or they would come back as set.
    static const auto& plans =
        *PlanSet::Build({test::Proto2::descriptor()->file()}, PrintOptions{.unpopulated = false}).value().release();
    std::string json;
    ASSERT_TRUE(
        WireToJson(*plans.Find("penstock.transcode.test.Proto2"), message.SerializeAsString(), kNoLimit, &json).ok());
    ASSERT_TRUE(ReadOurs(json, &read));
    ASSERT_TRUE(testing::Same(message, read)) << json;
  }
}

// Whatever is cut off or flipped, it ends with a status, within bounds, and nothing half-written is left.
TEST_F(OracleTest, DamageIsNeverFatal) {
  for (int i = 0; i < 100; ++i) {
    const test::Everything message = Random<test::Everything>();
    const std::string wire = message.SerializeAsString();
    const std::string json = OurJson(message, wire);
    for (int n = 0; n < 200; ++n) {
      std::string broken_wire = wire.substr(0, random_.Below(wire.size() + 1));
      if (!broken_wire.empty()) broken_wire[random_.Below(broken_wire.size())] = static_cast<char>(random_.Below(256));
      std::string out = "kept";
      const absl::Status printed = WireToJson(PlanOf(message), broken_wire, kNoLimit, &out);
      ASSERT_TRUE(printed.ok() ? out.size() > 4 : out == "kept");
      ASSERT_TRUE(!printed.ok() || out.find('\n') == std::string::npos);
      std::string broken_json = json.substr(0, random_.Below(json.size()) + 1);
      broken_json[random_.Below(broken_json.size())] = "{}[]:,\"\\0x\x80"[random_.Below(11)];
      std::string read = "kept";
      ASSERT_TRUE(JsonToWire(PlanOf(message), broken_json, &read).ok() || read == "kept");
    }
  }
}

}  // namespace
}  // namespace penstock::codec
