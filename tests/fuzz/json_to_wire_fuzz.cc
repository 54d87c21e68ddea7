// JSON to wire bytes: accepted input is JSON, and the result a message that libprotobuf parses; printed and parsed
// again it is the same, both here and in libprotobuf.
//
// Input: a byte that chooses type, strictness and whether the JSON is that of one field, then the JSON.
#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/util/message_differencer.h>

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/codec/json_to_wire.h"
#include "gateway/codec/testing/oracle.h"
#include "gateway/codec/wire_to_json.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/json_grammar.h"
#include "tests/fuzz/messages.h"

namespace penstock::fuzz {
namespace {

using codec::JsonReadOptions;
using codec::MessagePlan;
using google::protobuf::Message;

constexpr absl::string_view kKept = "kept";

// False: refused. Then nothing is left behind.
template <typename Plan, typename Reader>
bool Read(Reader reader, const Plan& plan, absl::string_view json, const JsonReadOptions& options, std::string* wire) {
  *wire = std::string(kKept);
  const absl::Status status = reader(plan, json, wire, options);
  FUZZ_EXPECT(absl::string_view(*wire).substr(0, kKept.size()) == kKept);
  if (!status.ok()) {
    FUZZ_EXPECT(status.code() == absl::StatusCode::kInvalidArgument && *wire == kKept, status.ToString());
    FUZZ_EXPECT(!status.message().empty());
  }
  wire->erase(0, kKept.size());
  return status.ok();
}

// A path of a FieldMask that begins with a capital libprotobuf reads in its own way.
bool Same(const Message& a, const Message& b) {
  if (codec::testing::Same(a, b)) return true;
  google::protobuf::util::MessageDifferencer differencer;
  google::protobuf::util::DefaultFieldComparator comparator;
  comparator.set_treat_nan_as_equal(true);
  differencer.set_field_comparator(&comparator);
  differencer.IgnoreField(google::protobuf::FieldMask::descriptor()->field(0));
  return differencer.Compare(a, b);
}

// A number of more digits than a double has, with a point or an exponent: to libprotobuf, where 64 bits are meant, it
// is a double first. To us it is the number that stands there.
bool HasLongFloat(absl::string_view json) {
  constexpr size_t kDigitsOfDouble = 15;
  size_t digits = 0;
  for (const char c : json) {
    if ((c == '.' || c == 'e' || c == 'E') && digits > kDigitsOfDouble) return true;
    digits = c >= '0' && c <= '9' ? digits + 1 : 0;
  }
  return false;
}

// `exact`: what was read may be read by libprotobuf as well, and is the same then.
void Check(const MessagePlan& plan, absl::string_view json, const std::string& wire, bool exact) {
  const std::unique_ptr<Message> message = NewMessage(plan);
  FUZZ_EXPECT(message->ParsePartialFromString(wire), json);
  std::string printed;
  const absl::Status status = WireToJson(plan, wire, kNoLimit, &printed);
  FUZZ_EXPECT(status.ok(), status.ToString(), "\n", json);
  CheckLine(printed);
  std::string again, printed_again;
  FUZZ_EXPECT(JsonToWire(plan, printed, &again).ok(), printed);
  FUZZ_EXPECT(WireToJson(plan, again, kNoLimit, &printed_again).ok(), printed);
  if (printed_again != printed && HasOddNull(*message)) return;
  FUZZ_EXPECT(printed_again == printed, printed, "\n", printed_again);
  // To libprotobuf that is the whole number 0, which as a field is unset.
  if (absl::StrContains(printed, "-0") || absl::StrContains(json, "-0")) return;
  const std::unique_ptr<Message> theirs = NewMessage(plan);
  if (message->IsInitialized() && ReadByLibprotobuf(printed, theirs.get())) {
    FUZZ_EXPECT(Same(*message, *theirs), message->DebugString(), theirs->DebugString());
  }
  theirs->Clear();
  if (exact && !HasLongFloat(json) && ReadByLibprotobuf(json, theirs.get())) {
    FUZZ_EXPECT(Same(*message, *theirs), message->DebugString(), theirs->DebugString());
  }
}

void Run(Input& input) {
  const size_t choice = input.Byte();
  static constexpr absl::string_view kTypes[] = {"Everything", "WellKnown", "Proto2", "Document"};
  const MessagePlan& plan = PlanOf(Printing::kSetOnly, kTypes[choice % 4]);
  const JsonReadOptions options{.ignore_unknown = (choice & 4) != 0};
  const absl::string_view json = input.Rest();
  std::string wire;
  if ((choice & 8) != 0) {
    const codec::FieldPlan& field = plan.fields()[choice / 16 % plan.fields().size()];
    if (!Read(codec::JsonToWireField, field, json, options, &wire)) return;
    FUZZ_EXPECT(IsJson(json), json);
    Check(plan, absl::StrCat("{\"", field.name, "\":", json, "}"), wire, !options.ignore_unknown);
    return;
  }
  if (!Read(codec::JsonToWire, plan, json, options, &wire)) return;
  FUZZ_EXPECT(IsJson(json), json);
  Check(plan, json, wire, !options.ignore_unknown);
}

}  // namespace
}  // namespace penstock::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  penstock::fuzz::Input input(data, size);
  penstock::fuzz::Run(input);
  return 0;
}
