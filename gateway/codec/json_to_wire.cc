#include "gateway/codec/json_to_wire.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/codec/json_to_wire_reader.h"

namespace penstock::codec {
namespace {

using google::protobuf::FieldDescriptor;

// A key of a request in an error message: enough to find it by.
constexpr size_t kMaxShownBytes = 64;

std::string Shown(absl::string_view text) {
  if (text.size() <= kMaxShownBytes) return std::string(text);
  text = text.substr(0, kMaxShownBytes);
  while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xc0) == 0x80) text.remove_suffix(1);
  if (!text.empty() && static_cast<signed char>(text.back()) < 0) text.remove_suffix(1);
  return absl::StrCat(text, "...");
}

bool TestAndSet(uint64_t* words, size_t bit) {
  const uint64_t mask = uint64_t{1} << (bit % 64);
  const bool was_set = (words[bit / 64] & mask) != 0;
  words[bit / 64] |= mask;
  return was_set;
}

bool BeginsNumber(absl::string_view text) {
  const char first = text[0] == '-' && text.size() > 1 ? text[1] : text[0];
  return first >= '0' && first <= '9';
}

}  // namespace

bool JsonReader::Syntax(absl::string_view fault) {
  is_syntax_ = true;
  offset_ = tokens_.offset();
  fault_ = std::string(fault);
  return false;
}

bool JsonReader::Fail(absl::string_view fault) {
  fault_ = std::string(fault);
  return false;
}

bool JsonReader::Mismatch(absl::string_view fault) {
  if (tokens_.AtEnd()) return Syntax("a value is missing here");
  const char c = tokens_.Peek();
  const absl::string_view text = tokens_.Text();
  const bool value =
      c == '{' || c == '[' || c == '"' || BeginsNumber(text) || text == "true" || text == "false" || text == "null";
  return value ? Fail(fault) : Syntax("this is no JSON value");
}

bool JsonReader::At(absl::string_view name) {
  const bool joined = path_.empty() || path_[0] == '[';
  path_ = absl::StrCat(name, joined ? "" : ".", path_);
  return false;
}

bool JsonReader::AtKey(absl::string_view key) { return At(absl::StrCat("[\"", Shown(key), "\"]")); }
bool JsonReader::AtIndex(size_t index) { return At(absl::StrCat("[", index, "]")); }

absl::Status JsonReader::Error() const {
  if (!started_) {
    return absl::InvalidArgumentError(
        absl::StrCat("invalid JSON at byte ", tokens_.fault_offset(), ": ", tokens_.fault()));
  }
  if (is_syntax_) return absl::InvalidArgumentError(absl::StrCat("invalid JSON at byte ", offset_, ": ", fault_));
  return absl::InvalidArgumentError(absl::StrCat(path_.empty() ? "the value" : path_, " ", fault_));
}

bool JsonReader::WholeMessage(const MessagePlan& plan) { return started_ && Message(plan) && End(); }

bool JsonReader::WholeField(const FieldPlan& field) {
  if (!started_) return false;
  if (AtLiteral("null") && !TakesNull(field)) {
    tokens_.Next();
    return End();
  }
  return (FieldValue(field) || At(field.name)) && End();
}

bool JsonReader::End() { return tokens_.AtEnd() || Syntax("there is something behind the value"); }

bool JsonReader::ReadString(std::string* buffer, absl::string_view* text) {
  *text = tokens_.RawString();
  if (ABSL_PREDICT_FALSE(text->find('\\') != absl::string_view::npos)) {
    size_t offset = 0;
    buffer->clear();
    if (!Unescape(*text, buffer, &offset)) {
      Syntax("this is no escape sequence, or half a surrogate pair");
      offset_ += 1 + offset;
      return false;
    }
    *text = *buffer;
  }
  tokens_.Next();
  return true;
}

bool JsonReader::ReadKey(std::string* buffer, absl::string_view* key) {
  if (tokens_.Peek() != '"') return Syntax("expected a key in double quotes");
  if (!ReadString(buffer, key)) return false;
  if (tokens_.Peek() != ':') return Syntax("expected :");
  tokens_.Next();
  return true;
}

// The string here as a length-delimited value, unescaped on the way.
bool JsonReader::AppendString() {
  const absl::string_view raw = tokens_.RawString();
  if (ABSL_PREDICT_TRUE(raw.find('\\') == absl::string_view::npos)) {
    AppendLengthDelimited(raw, &wire_);
  } else {
    const size_t start = BeginLengthDelimited(&wire_);
    size_t offset = 0;
    if (!Unescape(raw, &wire_, &offset)) {
      Syntax("this is no escape sequence, or half a surrogate pair");
      offset_ += 1 + offset;
      return false;
    }
    EndLengthDelimited(start, &wire_);
  }
  tokens_.Next();
  return true;
}

bool JsonReader::TakesNull(const FieldPlan& field) {
  if (field.repeated) return false;
  if (field.message != nullptr) return field.message->well_known() == WellKnown::kValue;
  return field.enumeration != nullptr && field.enumeration->is_null_value();
}

bool JsonReader::Message(const MessagePlan& plan) {
  if (plan.well_known() != WellKnown::kNone) return WellKnownMessage(plan);
  return Object(plan, Within::kMessage);
}

bool JsonReader::Object(const MessagePlan& plan, Within within) {
  if (tokens_.Peek() != '{') return Mismatch("must be an object");
  Seen seen(plan);
  size_t expected = 0;
  return ForEachMember([&](absl::string_view key) {
    if (within == Within::kAny && key == "@type") {
      tokens_.Next();  // a string; FindType has seen it
      return true;
    }
    return Member(plan, key, &seen, &expected);
  });
}

// `expected`: the field that is likely to come next, being the one declared next.
bool JsonReader::Member(const MessagePlan& plan, absl::string_view key, Seen* seen, size_t* expected) {
  const FieldPlan* field = *expected < plan.fields().size() ? &plan.fields()[*expected] : nullptr;
  if (field == nullptr || key != absl::string_view(field->name)) field = plan.FindByName(key);
  if (field == nullptr) return Unknown(plan, key);
  *expected = field->index + 1;
  return Field(*field, seen) || At(field->name);
}

// The value of a member that is no field.
bool JsonReader::Unknown(const MessagePlan& plan, absl::string_view key) {
  const std::string name = Shown(key);  // `key` goes with the next string that is read
  if (!options_.ignore_unknown) Fail(absl::StrCat("is no field of ", plan.full_name()));
  return (options_.ignore_unknown && SkipJson()) || At(name);
}

// Passes over a value that nobody asked for, which must be JSON all the same.
bool JsonReader::SkipJson() {
  const char c = tokens_.Peek();
  if (c == '{') {
    return ForEachMember([this](absl::string_view) { return SkipJson(); });
  }
  if (c == '[') {
    return ForEachElement([this](size_t) { return SkipJson(); });
  }
  if (c == '"') {
    std::string buffer;
    absl::string_view text;
    return ReadString(&buffer, &text);
  }
  if (tokens_.AtEnd()) return Syntax("a value is missing here");
  const bool value = AtLiteral("null") || AtLiteral("true") || AtLiteral("false") || IsJsonNumber(tokens_.Text());
  if (!value) return Syntax("this is no JSON value");
  tokens_.Next();
  return true;
}

bool JsonReader::PassUnknownName(const FieldPlan& field) {
  if (tokens_.Peek() != '"') return false;
  const size_t place = tokens_.place();
  std::string buffer;
  absl::string_view name;
  if (ReadString(&buffer, &name) && field.enumeration->FindByName(name) == nullptr) return true;
  tokens_.GoTo(place);  // known, or broken: for the reader of values
  return false;
}

bool JsonReader::Field(const FieldPlan& field, Seen* seen) {
  if (TestAndSet(seen->fields.data(), field.index)) return Fail("is set twice");
  if (tokens_.Peek() == 'n' && AtLiteral("null") && !TakesNull(field)) {
    tokens_.Next();
    return true;
  }
  if (field.oneof >= 0 && TestAndSet(seen->oneofs.data(), static_cast<size_t>(field.oneof))) {
    return Fail(absl::StrCat("is set while another member of the oneof ", field.descriptor->containing_oneof()->name(),
                             " is set too"));
  }
  return FieldValue(field);
}

bool JsonReader::FieldValue(const FieldPlan& field) {
  if (field.is_map) return Map(field);
  if (field.repeated) return List(field);
  if (DropsName(field)) return true;
  AppendTag(field.number, field.wire_type, &wire_);
  return Singular(field);
}

// A value behind its tag.
bool JsonReader::Singular(const FieldPlan& field) {
  if (field.message == nullptr) return Scalar(field);
  if (field.type == FieldDescriptor::TYPE_GROUP) {
    if (!Message(*field.message)) return false;
    AppendTag(field.number, WireType::kEndGroup, &wire_);
    return true;
  }
  const size_t start = BeginLengthDelimited(&wire_);
  if (!Message(*field.message)) return false;
  EndLengthDelimited(start, &wire_);
  return true;
}

bool JsonReader::Scalar(const FieldPlan& field) {
  const char c = tokens_.Peek();
  if (field.type == FieldDescriptor::TYPE_STRING) return c == '"' ? AppendString() : Mismatch("must be a string");
  if (field.type == FieldDescriptor::TYPE_BOOL) {
    const bool value = AtLiteral("true");
    if (!value && !AtLiteral("false")) return Mismatch("must be true or false");
    wire_.push_back(value ? '\1' : '\0');
    tokens_.Next();
    return true;
  }
  if (c == '"') {
    std::string buffer;
    absl::string_view text;
    if (!ReadString(&buffer, &text)) return false;
    const Fault fault = AppendScalarFromText(field, text, TextForm::kJson, &wire_);
    return fault.empty() || Fail(fault);
  }
  if (field.type == FieldDescriptor::TYPE_BYTES) return Mismatch("must be a string of base64");
  if (field.enumeration != nullptr && field.enumeration->is_null_value() && AtLiteral("null")) {
    wire_.push_back('\0');
    tokens_.Next();
    return true;
  }
  if (tokens_.AtEnd() || !BeginsNumber(tokens_.Text())) {
    return Mismatch(field.enumeration != nullptr ? "must be the name of an enum value" : "must be a number");
  }
  const Fault fault = field.enumeration != nullptr
                          ? AppendEnumNumber(field, tokens_.Text(), options_.ignore_unknown, &wire_)
                          : AppendScalarFromText(field, tokens_.Text(), TextForm::kJson, &wire_);
  if (!fault.empty()) return Fail(fault);
  tokens_.Next();
  return true;
}

bool JsonReader::List(const FieldPlan& field) {
  if (tokens_.Peek() != '[') return Mismatch("must be a list");
  const bool packed = field.packed;
  const size_t before = wire_.size();
  size_t start = 0;
  if (packed) {
    AppendTag(field.number, WireType::kLengthDelimited, &wire_);
    start = BeginLengthDelimited(&wire_);
  }
  const bool read = ForEachElement([&](size_t index) {
    if (DropsName(field)) return true;
    if (!packed) AppendTag(field.number, field.wire_type, &wire_);
    return ListElement(field) || AtIndex(index);
  });
  if (!read) return false;
  if (packed && wire_.size() == start) {
    wire_.resize(before);  // an empty list is no field at all
  } else if (packed) {
    EndLengthDelimited(start, &wire_);
  }
  return true;
}

bool JsonReader::ListElement(const FieldPlan& field) {
  if (field.message != nullptr && field.message->well_known() == WellKnown::kValue) return Singular(field);
  const bool takes_null = field.enumeration != nullptr && field.enumeration->is_null_value();
  if (!takes_null && AtLiteral("null")) return Fail("must not be null");
  return Singular(field);
}

bool JsonReader::Map(const FieldPlan& field) {
  if (tokens_.Peek() != '{') return Mismatch("must be an object");
  MapKeys keys;
  const bool text_keys = field.message->fields()[0].type == FieldDescriptor::TYPE_STRING;
  return ForEachMember([&](absl::string_view key) { return MapEntry(field, key, &keys) || AtKey(key); }) &&
         CheckMapKeys(&keys, text_keys);
}

bool JsonReader::MapEntry(const FieldPlan& field, absl::string_view key, MapKeys* keys) {
  const FieldPlan& key_field = field.message->fields()[0];
  const FieldPlan& value_field = field.message->fields()[1];
  const size_t before = wire_.size();
  AppendTag(field.number, WireType::kLengthDelimited, &wire_);
  const size_t start = BeginLengthDelimited(&wire_);
  AppendTag(key_field.number, key_field.wire_type, &wire_);
  const size_t key_start = wire_.size();
  if (const Fault fault = AppendScalarFromText(key_field, key, TextForm::kJson, &wire_); !fault.empty()) {
    return Fail(absl::StrCat("as a key ", fault));
  }
  const size_t key_size = wire_.size() - key_start;
  if (DropsName(value_field)) {
    wire_.resize(before);
    return true;
  }
  AppendTag(value_field.number, value_field.wire_type, &wire_);
  if (!TakesNull(value_field) && AtLiteral("null")) return Fail("must not be null");
  if (!Singular(value_field)) return false;
  const size_t unmoved = wire_.size();
  EndLengthDelimited(start, &wire_);
  keys->emplace_back(key_start + (wire_.size() - unmoved), key_size);
  return true;
}

// Keys are compared as they are on the wire, where one value has one spelling. `text`: they are strings.
bool JsonReader::CheckMapKeys(MapKeys* keys, bool text) {
  const auto view = [this](const std::pair<size_t, size_t>& key) {
    return absl::string_view(wire_).substr(key.first, key.second);
  };
  const auto less = [&view](const auto& a, const auto& b) { return view(a) < view(b); };
  if (!std::is_sorted(keys->begin(), keys->end(), less)) std::sort(keys->begin(), keys->end(), less);
  const auto twice = std::adjacent_find(keys->begin(), keys->end(),
                                        [&view](const auto& a, const auto& b) { return view(a) == view(b); });
  if (twice == keys->end()) return true;
  Fail("is set twice");
  if (!text) return Fail("has a key twice");
  WireReader reader(view(*twice));
  absl::string_view key;
  return reader.ReadBytes(&key) && AtKey(key);
}

namespace {

// Runs `read` and sees to it that *wire holds all or nothing of what it appended.
template <typename Read>
absl::Status ReadWhole(absl::string_view json, const JsonReadOptions& options, std::string* wire, const Read& read) {
  const size_t before = wire->size();
  JsonReader reader(json, options, wire);
  if (ABSL_PREDICT_TRUE(read(reader))) return absl::OkStatus();
  wire->resize(before);
  return reader.Error();
}

}  // namespace

absl::Status JsonToWire(const MessagePlan& plan, absl::string_view json, std::string* wire,
                        const JsonReadOptions& options) {
  return ReadWhole(json, options, wire, [&](JsonReader& reader) { return reader.WholeMessage(plan); });
}

absl::Status JsonToWireField(const FieldPlan& field, absl::string_view json, std::string* wire,
                             const JsonReadOptions& options) {
  return ReadWhole(json, options, wire, [&](JsonReader& reader) { return reader.WholeField(field); });
}

}  // namespace penstock::codec
