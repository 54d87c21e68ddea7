#include "gateway/codec/wire_to_json.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "absl/strings/str_cat.h"
#include "gateway/codec/json_text.h"
#include "gateway/codec/wire_scan.h"
#include "gateway/codec/wire_to_json_printer.h"

namespace penstock::codec {
namespace {

using google::protobuf::FieldDescriptor;

constexpr absl::string_view kBroken = "broken wire format";
constexpr absl::string_view kNotUtf8 = "a string that is not UTF-8";

double ToDouble(uint64_t bits) {
  double value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

float ToFloat(uint64_t bits) {
  const uint32_t half = static_cast<uint32_t>(bits);
  float value;
  std::memcpy(&value, &half, sizeof value);
  return value;
}

// Zero as the field's type reads it; of a field without presence.
bool IsDefault(const FieldPlan& field, const Slot& slot) {
  if (field.wire_type == WireType::kLengthDelimited) return slot.first.size == 0;
  const bool half = field.descriptor->cpp_type() == FieldDescriptor::CPPTYPE_INT32 ||
                    field.descriptor->cpp_type() == FieldDescriptor::CPPTYPE_UINT32 ||
                    field.descriptor->cpp_type() == FieldDescriptor::CPPTYPE_ENUM;
  return half ? static_cast<uint32_t>(slot.value) == 0 : slot.value == 0;
}

}  // namespace

bool Printer::AtField(const FieldPlan& field) {
  const bool joined = path_.empty() || path_[0] == '[';
  path_ = absl::StrCat(field.name, joined ? "" : ".", path_);
  return false;
}

bool Printer::AtIndex(size_t index) {
  const bool joined = path_.empty() || path_[0] == '[';
  path_ = absl::StrCat("[", index, "]", joined ? "" : ".", path_);
  return false;
}

bool Printer::Message(const MessagePlan& plan, const Piece& pieces) {
  if (ABSL_PREDICT_FALSE(depth_ >= kMaxDepth)) return Fail("messages nested too deeply");
  if (ABSL_PREDICT_FALSE(json_.full())) return false;
  ++depth_;
  const ScratchArena::Mark mark = arena_.mark();
  const bool ok = Body(plan, pieces);
  arena_.Rewind(mark);
  --depth_;
  return ok;
}

bool Printer::Body(const MessagePlan& plan, const Piece& pieces) {
  if (plan.well_known() != WellKnown::kNone) return WellKnownMessage(plan, pieces);
  json_.Char('{');
  if (!Fields(plan, pieces, true)) return false;
  json_.Char('}');
  return true;
}

bool Printer::Fields(const MessagePlan& plan, const Piece& pieces, bool first) {
  const Slot* slot = Scan(plan, pieces, arena_);
  if (slot == nullptr) return Fail(kBroken);
  size_t skip = first ? 1 : 0;  // the comma before the first field
  for (const FieldPlan& field : plan.fields()) {
    if (slot->set && !(field.hides_default && IsDefault(field, *slot))) {
      json_.Padded(field.key, skip);
      skip = 0;
      if (ABSL_PREDICT_FALSE(!FieldValue(field, *slot))) return AtField(field);
    } else if (!field.unset.empty()) {
      json_.Padded(field.unset, skip);
      skip = 0;
    }
    ++slot;
  }
  return true;
}

bool Printer::FieldValue(const FieldPlan& field, const Slot& slot) {
  if (!field.repeated) return Singular(field, slot);
  const ScratchArena::Mark mark = arena_.mark();
  const bool ok = field.is_map ? Map(field, slot) : List(field, slot);
  arena_.Rewind(mark);
  return ok;
}

bool Printer::Singular(const FieldPlan& field, const Slot& slot) {
  switch (field.type) {
    case FieldDescriptor::TYPE_STRING:
      return String(absl::string_view(slot.first.data, slot.first.size));
    case FieldDescriptor::TYPE_BYTES:
      json_.Base64(absl::string_view(slot.first.data, slot.first.size));
      return true;
    case FieldDescriptor::TYPE_MESSAGE:
    case FieldDescriptor::TYPE_GROUP:
      return Message(*field.message, slot.first);
    default:
      return Scalar(field, slot.value);
  }
}

bool Printer::String(absl::string_view text) { return json_.String(text) || Fail(kNotUtf8); }

bool Printer::Scalar(const FieldPlan& field, uint64_t value) {
  switch (field.type) {
    case FieldDescriptor::TYPE_DOUBLE:
      json_.Double(ToDouble(value));
      return true;
    case FieldDescriptor::TYPE_FLOAT:
      json_.Float(ToFloat(value));
      return true;
    case FieldDescriptor::TYPE_INT64:
    case FieldDescriptor::TYPE_SFIXED64:
      json_.QuotedInteger(static_cast<int64_t>(value));
      return true;
    case FieldDescriptor::TYPE_UINT64:
    case FieldDescriptor::TYPE_FIXED64:
      json_.QuotedInteger(value);
      return true;
    case FieldDescriptor::TYPE_SINT64:
      json_.QuotedInteger(ZigZagDecode64(value));
      return true;
    case FieldDescriptor::TYPE_INT32:
    case FieldDescriptor::TYPE_SFIXED32:
      json_.Integer(static_cast<int32_t>(value));
      return true;
    case FieldDescriptor::TYPE_UINT32:
    case FieldDescriptor::TYPE_FIXED32:
      json_.Integer(static_cast<uint32_t>(value));
      return true;
    case FieldDescriptor::TYPE_SINT32:
      json_.Integer(ZigZagDecode32(static_cast<uint32_t>(value)));
      return true;
    case FieldDescriptor::TYPE_BOOL:
      json_.Bool(value != 0);
      return true;
    case FieldDescriptor::TYPE_ENUM:
      return Enum(*field.enumeration, static_cast<int32_t>(value));
    default:
      return Fail("a field without a scalar type");
  }
}

bool Printer::Enum(const EnumPlan& plan, int32_t number) {
  const absl::string_view name = plan.Json(number);
  if (ABSL_PREDICT_TRUE(!name.empty())) {
    json_.Raw(name);
  } else if (plan.is_null_value()) {
    json_.Raw("null");
  } else {
    json_.Integer(number);
  }
  return true;
}

bool Printer::List(const FieldPlan& field, const Slot& slot) {
  json_.Char('[');
  size_t count = 0;
  for (const Piece* piece = &slot.first; piece != nullptr; piece = piece->next) {
    WireReader reader(piece->data, piece->data + piece->size);
    while (!reader.AtEnd()) {
      uint32_t tag;
      if (!reader.ReadTag(&tag)) return Fail(kBroken);
      if (ABSL_PREDICT_FALSE(!ListRecord(field, tag, reader, &count))) return AtIndex(count);
      if (ABSL_PREDICT_FALSE(json_.full())) return false;
    }
  }
  json_.Char(']');
  return true;
}

// One record of a list: an element, or a packed run of them. *count is the index of the element where it fails.
bool Printer::ListRecord(const FieldPlan& field, uint32_t tag, WireReader& reader, size_t* count) {
  if (!field.packable || TagType(tag) != WireType::kLengthDelimited) return Element(field, tag, reader, count);
  absl::string_view packed;
  if (!reader.ReadBytes(&packed)) return Fail(kBroken);
  WireReader elements(packed);
  while (!elements.AtEnd()) {
    if (!Element(field, tag, elements, count)) return false;
  }
  return true;
}

bool Printer::Element(const FieldPlan& field, uint32_t tag, WireReader& reader, size_t* count) {
  Slot slot;
  if (field.wire_type == WireType::kLengthDelimited || field.wire_type == WireType::kStartGroup) {
    absl::string_view bytes;
    const bool read = field.wire_type == WireType::kLengthDelimited ? reader.ReadBytes(&bytes)
                                                                    : reader.ReadGroup(TagNumber(tag), &bytes);
    if (!read) return Fail(kBroken);
    slot.first = {bytes.data(), bytes.size(), nullptr};
  } else {
    if (!ReadScalar(field.wire_type, reader, &slot.value)) return Fail(kBroken);
    const bool closed = field.enumeration != nullptr && field.enumeration->closed();
    if (closed && !field.enumeration->Knows(static_cast<int32_t>(slot.value))) return true;
  }
  if (*count > 0) json_.Char(',');
  if (!Singular(field, slot)) return false;
  ++*count;
  return true;
}

bool Printer::FieldAt(const MessagePlan& plan, absl::Span<const FieldPlan* const> path, const Piece& pieces) {
  const Slot* slots = Scan(plan, pieces, arena_);
  if (slots == nullptr) return Fail(kBroken);
  const FieldPlan& field = *path[0];
  const Slot& slot = slots[field.index];
  bool ok = true;
  if (path.size() > 1) {
    static constexpr Piece kNothing = {"", 0, nullptr};
    ok = FieldAt(*field.message, path.subspan(1), slot.set ? slot.first : kNothing);
  } else if (slot.set) {
    ok = FieldValue(field, slot);
  } else {
    json_.Raw(field.fallback.empty() ? "null" : absl::string_view(field.fallback));
  }
  return ok || AtField(field);
}

namespace {

// What a thread keeps between messages.
struct Scratch {
  JsonBuffer buffer;
  ScratchArena arena;
};

Scratch& ThreadScratch() {
  thread_local const std::unique_ptr<Scratch> scratch(new Scratch);
  return *scratch;
}

// Runs `print` and sees to it that *out holds all or nothing of what it wrote. `name`: of what is printed.
template <typename Print>
absl::Status PrintWhole(absl::string_view name, size_t max_bytes, UnknownAny unknown_any, std::string* out,
                        const Print& print) {
  const size_t before = out->size();
  Scratch& scratch = ThreadScratch();
  JsonWriter json(scratch.buffer, max_bytes, out);
  Printer printer(scratch.arena, json, unknown_any);
  const bool printed = print(printer);
  const bool fits = json.Finish();
  scratch.arena.Trim();
  if (ABSL_PREDICT_TRUE(printed && fits)) return absl::OkStatus();
  out->resize(before);
  const std::string place = printer.path().empty() ? std::string(name) : absl::StrCat(name, ".", printer.path());
  if (!fits) {
    return absl::ResourceExhaustedError(absl::StrCat("the JSON of ", place, " is larger than ", max_bytes, " bytes"));
  }
  return absl::InternalError(absl::StrCat(place, ": ", printer.fault()));
}

}  // namespace

absl::Status WireToJson(const MessagePlan& plan, absl::string_view wire, size_t max_bytes, std::string* out,
                        UnknownAny unknown_any) {
  const Piece whole = {wire.data(), wire.size(), nullptr};
  return PrintWhole(plan.full_name(), max_bytes, unknown_any, out,
                    [&](Printer& printer) { return printer.Message(plan, whole); });
}

absl::Status AnyToJson(const PlanSet& plans, absl::string_view any, size_t max_bytes, UnknownAny unknown_any,
                       std::string* out) {
  const Piece whole = {any.data(), any.size(), nullptr};
  return PrintWhole("google.protobuf.Any", max_bytes, unknown_any, out,
                    [&](Printer& printer) { return printer.Any(plans, whole); });
}

absl::Status WireFieldToJson(const MessagePlan& plan, absl::Span<const FieldPlan* const> path, absl::string_view wire,
                             size_t max_bytes, std::string* out) {
  const Piece whole = {wire.data(), wire.size(), nullptr};
  return PrintWhole(plan.full_name(), max_bytes, UnknownAny::kRefuse, out,
                    [&](Printer& printer) { return printer.FieldAt(plan, path, whole); });
}

}  // namespace penstock::codec
