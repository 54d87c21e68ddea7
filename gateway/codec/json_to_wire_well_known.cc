// The well-known types whose JSON is not an object of their fields.
#include <bit>

#include "absl/strings/str_cat.h"
#include "gateway/codec/json_to_wire_reader.h"

namespace penstock::codec {
namespace {

// Field numbers of google/protobuf/struct.proto and any.proto.
constexpr uint32_t kStructFields = 1, kEntryKey = 1, kEntryValue = 2, kListValues = 1;
constexpr uint32_t kNullValue = 1, kNumberValue = 2, kStringValue = 3, kBoolValue = 4, kStructValue = 5, kListValue = 6;
constexpr uint32_t kAnyTypeUrl = 1, kAnyValue = 2;

}  // namespace

bool JsonReader::WellKnownMessage(const MessagePlan& plan) {
  switch (plan.well_known()) {
    case WellKnown::kTimestamp:
    case WellKnown::kDuration:
    case WellKnown::kFieldMask:
      return TextMessage(plan);
    case WellKnown::kAny:
      return Any(plan.plans());
    case WellKnown::kValue:
      return Value();
    case WellKnown::kStruct:
      return Struct();
    case WellKnown::kListValue:
      return ListValue();
    case WellKnown::kWrapper:
      AppendTag(plan.fields()[0].number, plan.fields()[0].wire_type, &wire_);
      return Scalar(plan.fields()[0]);
    case WellKnown::kNone:
      break;
  }
  return Fail("has a well-known type that is none");
}

bool JsonReader::TextMessage(const MessagePlan& plan) {
  if (tokens_.Peek() != '"') return Mismatch("must be a string");
  std::string buffer;
  absl::string_view text;
  if (!ReadString(&buffer, &text)) return false;
  const WellKnown type = plan.well_known();
  const Fault fault = type == WellKnown::kTimestamp  ? ParseTimestamp(text, options_.timestamps, &wire_)
                      : type == WellKnown::kDuration ? ParseDuration(text, options_.durations, &wire_)
                                                     : ParseFieldMask(text, TextForm::kJson, &wire_);
  return fault.empty() || Fail(fault);
}

bool JsonReader::Value() {
  switch (tokens_.Peek()) {
    case '"':
      AppendTag(kStringValue, WireType::kLengthDelimited, &wire_);
      return AppendString();
    case '{': {
      AppendTag(kStructValue, WireType::kLengthDelimited, &wire_);
      const size_t start = BeginLengthDelimited(&wire_);
      if (!Struct()) return false;
      EndLengthDelimited(start, &wire_);
      return true;
    }
    case '[': {
      AppendTag(kListValue, WireType::kLengthDelimited, &wire_);
      const size_t start = BeginLengthDelimited(&wire_);
      if (!ListValue()) return false;
      EndLengthDelimited(start, &wire_);
      return true;
    }
    default:
      return PlainValue();
  }
}

// Null, a bool or a number.
bool JsonReader::PlainValue() {
  if (AtLiteral("null")) {
    AppendTag(kNullValue, WireType::kVarint, &wire_);
    wire_.push_back('\0');
  } else if (AtLiteral("true") || AtLiteral("false")) {
    AppendTag(kBoolValue, WireType::kVarint, &wire_);
    wire_.push_back(tokens_.Peek() == 't' ? '\1' : '\0');
  } else {
    if (tokens_.AtEnd()) return Syntax("a value is missing here");
    // Not NaN or Infinity, which only strings may hold.
    const absl::string_view text = tokens_.Text();
    if (text.back() < '0' || text.back() > '9') return Syntax("this is no JSON value");
    double value;
    if (const Fault fault = ParseDouble(text, &value); !fault.empty()) return Mismatch(fault);
    AppendTag(kNumberValue, WireType::kFixed64, &wire_);
    AppendFixed64(std::bit_cast<uint64_t>(value), &wire_);
  }
  tokens_.Next();
  return true;
}

bool JsonReader::Struct() {
  if (tokens_.Peek() != '{') return Mismatch("must be an object");
  MapKeys keys;
  return ForEachMember([&](absl::string_view key) { return StructEntry(key, &keys) || AtKey(key); }) &&
         CheckMapKeys(&keys, true);
}

bool JsonReader::StructEntry(absl::string_view key, MapKeys* keys) {
  AppendTag(kStructFields, WireType::kLengthDelimited, &wire_);
  const size_t start = BeginLengthDelimited(&wire_);
  AppendTag(kEntryKey, WireType::kLengthDelimited, &wire_);
  const size_t key_start = wire_.size();
  AppendLengthDelimited(key, &wire_);
  const size_t key_size = wire_.size() - key_start;
  AppendTag(kEntryValue, WireType::kLengthDelimited, &wire_);
  const size_t value_start = BeginLengthDelimited(&wire_);
  if (!Value()) return false;
  EndLengthDelimited(value_start, &wire_);
  const size_t unmoved = wire_.size();
  EndLengthDelimited(start, &wire_);
  keys->emplace_back(key_start + (wire_.size() - unmoved), key_size);
  return true;
}

bool JsonReader::ListValue() {
  if (tokens_.Peek() != '[') return Mismatch("must be a list");
  return ForEachElement([&](size_t index) {
    AppendTag(kListValues, WireType::kLengthDelimited, &wire_);
    const size_t start = BeginLengthDelimited(&wire_);
    if (!Value()) return AtIndex(index);
    EndLengthDelimited(start, &wire_);
    return true;
  });
}

bool JsonReader::Any(const PlanSet& plans) {
  if (tokens_.Peek() != '{') return Mismatch("must be an object");
  const size_t place = tokens_.place();
  std::string url;
  if (!FindType(&url)) return false;
  if (url.empty()) {  // {}, or all of it unknown: an Any that holds nothing
    tokens_.GoTo(place);
    return SkipJson();
  }
  const MessagePlan* plan = plans.FindByUrl(url);
  if (plan == nullptr) {
    Fail("names a type that the schema does not have");
    return At("@type");
  }
  AppendTag(kAnyTypeUrl, WireType::kLengthDelimited, &wire_);
  AppendLengthDelimited(url, &wire_);
  AppendTag(kAnyValue, WireType::kLengthDelimited, &wire_);
  const size_t start = BeginLengthDelimited(&wire_);
  tokens_.GoTo(place);
  if (!AnyValue(*plan)) return false;
  EndLengthDelimited(start, &wire_);
  return true;
}

// Passes over the object to find its "@type", wherever it stands, without looking into the other members' values.
bool JsonReader::FindType(std::string* url) {
  bool empty = true;
  const bool read = ForEachMember([&](absl::string_view key) {
    empty = false;
    if (key != "@type") {
      if (tokens_.AtEnd()) return Syntax("a value is missing here");
      tokens_.SkipValue();
      return true;
    }
    if (!url->empty()) return Fail("is set twice") || At("@type");
    if (tokens_.Peek() != '"') return Mismatch("must be a string") || At("@type");
    std::string buffer;
    absl::string_view text;
    if (!ReadString(&buffer, &text)) return false;
    *url = std::string(text);
    return !url->empty() || Fail("is empty") || At("@type");
  });
  if (!read) return false;
  if (!empty && url->empty() && !options_.ignore_unknown) return Fail("has no \"@type\"");
  return true;
}

// The object of an Any whose type is known.
bool JsonReader::AnyValue(const MessagePlan& plan) {
  const bool is_empty_message = plan.full_name() == "google.protobuf.Empty";
  if (plan.well_known() == WellKnown::kNone && !is_empty_message) return Object(plan, Within::kAny);
  bool found = false;
  const bool read = ForEachMember([&](absl::string_view key) {
    if (key == "@type") {
      tokens_.Next();
      return true;
    }
    if (key != "value") {
      if (options_.ignore_unknown) return SkipJson();
      return Fail(absl::StrCat("is not expected beside a ", plan.full_name())) || At(key);
    }
    if (found) return Fail("is set twice") || At(key);
    found = true;
    return Message(plan) || At("value");
  });
  // Implementations differ in whether an Empty has a "value".
  return read &&
         (found || is_empty_message || Fail(absl::StrCat("has no \"value\", which a ", plan.full_name(), " needs")));
}

}  // namespace penstock::codec
