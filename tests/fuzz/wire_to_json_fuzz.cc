// Wire bytes to JSON: the result is one line of valid JSON within its bound, or an error; it is the same for every
// encoding of a message, has the same value as libprotobuf's JSON, and parses back to the same message.
//
// Input: a byte that chooses type and print options, then the wire bytes.
#include <google/protobuf/util/json_util.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "gateway/codec/json_to_wire.h"
#include "gateway/codec/testing/oracle.h"
#include "gateway/codec/wire_to_json.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/json_grammar.h"
#include "tests/fuzz/messages.h"

namespace penstock::fuzz {
namespace {

using codec::MessagePlan;
using codec::UnknownAny;
using codec::WireToJson;
using google::protobuf::Message;

constexpr absl::string_view kKept = "kept";

struct Printed {
  absl::Status status;
  std::string json;  // empty: it failed
};

// Whatever happens, what was there stays.
Printed Print(const MessagePlan& plan, absl::string_view wire, UnknownAny unknown_any = UnknownAny::kRefuse) {
  std::string out(kKept);
  absl::Status status = WireToJson(plan, wire, kNoLimit, &out, unknown_any);
  FUZZ_EXPECT(absl::string_view(out).substr(0, kKept.size()) == kKept);
  FUZZ_EXPECT(status.ok() != (out == kKept), status.ToString());
  FUZZ_EXPECT(status.ok() || status.code() == absl::StatusCode::kInternal, status.ToString());
  out.erase(0, kKept.size());
  if (status.ok()) CheckLine(out);
  return {std::move(status), std::move(out)};
}

// libprotobuf takes tags that do not fit 32 bits, and counts another depth for what nobody knows.
bool IsAboutWire(const absl::Status& status) {
  return absl::StrContains(status.message(), "broken wire") || absl::StrContains(status.message(), "nested too deeply");
}

void CheckLimit(const MessagePlan& plan, absl::string_view wire, const std::string& json) {
  std::string out;
  FUZZ_EXPECT(WireToJson(plan, wire, json.size(), &out).ok() && out == json, "not within its own size");
  out.clear();
  const absl::Status status = WireToJson(plan, wire, json.size() - 1, &out);
  FUZZ_EXPECT(status.code() == absl::StatusCode::kResourceExhausted && out.empty(), status.ToString());
}

// By value; libprotobuf's own parser reads both.
void CheckOracle(Message& message, const std::string& ours) {
  message.DiscardUnknownFields();  // of a wrapper it prints any field as the value
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  std::string theirs;
  if (!google::protobuf::util::MessageToJsonString(message, &theirs, options).ok()) return;
  google::protobuf::Value our_value, their_value;
  // It prints invalid UTF-8 and NaN in ways that it does not read.
  if (!ReadByLibprotobuf(theirs, &their_value) || !ReadByLibprotobuf(ours, &our_value)) return;
  // Nor does it look into an Any before it prints that.
  const bool same = codec::testing::SameValue(our_value, their_value) || absl::StrContains(ours, "@type");
  FUZZ_EXPECT(same, ours, "\n", theirs);
}

void CheckBack(const MessagePlan& plan, const Message& message, const std::string& json) {
  std::string wire;
  const absl::Status status = JsonToWire(plan, json, &wire);
  FUZZ_EXPECT(status.ok(), status.ToString(), "\n", json);
  const std::string again = Print(plan, wire).json;
  FUZZ_EXPECT(again == json || HasOddNull(message), json, "\n", again);
}

void Run(Input& input) {
  const size_t choice = input.Byte();
  static constexpr absl::string_view kTypes[] = {"Everything", "Proto2", "Holder", "Document"};
  const absl::string_view type = kTypes[choice / 4 % 4];
  const auto printing = static_cast<Printing>(choice % 4);
  const MessagePlan& plan = PlanOf(printing, type);
  const absl::string_view wire = input.Rest();
  const auto [status, json] = Print(plan, wire);
  const std::string shown = Print(plan, wire, UnknownAny::kBase64).json;
  FUZZ_EXPECT(json.empty() || json == shown, "an Any that is known is printed alike");

  const std::unique_ptr<Message> message = NewMessage(plan);
  // A value that a later one replaces may hold what libprotobuf refuses, and we do not look at.
  if (!message->ParsePartialFromArray(wire.data(), static_cast<int>(wire.size())) || IsAboutWire(status)) return;
  // Merged, in order, each field once: the same message.
  const Printed merged = Print(plan, message->SerializePartialAsString());
  // Go's closed enums take any number, while libprotobuf puts one without a name behind everything it knows: there the
  // order does not survive.
  const bool moved = printing == Printing::kGo && (type == "Proto2" || type == "Holder");
  FUZZ_EXPECT(merged.json == json || moved, json, status.ToString(), "\n", merged.json, merged.status.ToString());
  if (json.empty()) return;
  CheckLimit(plan, wire, json);
  // libprotobuf has its own ways with proto2: it prints defaults of bytes escaped, and groups under another name.
  if (printing == Printing::kDefault && (type == "Everything" || type == "Document")) CheckOracle(*message, json);
  // Printed defaults of proto2 come back as set, and enum numbers of proto2 need not be values.
  if (printing != Printing::kGo && (type == "Everything" || printing == Printing::kSetOnly))
    CheckBack(plan, *message, json);
}

}  // namespace
}  // namespace penstock::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  penstock::fuzz::Input input(data, size);
  penstock::fuzz::Run(input);
  return 0;
}
