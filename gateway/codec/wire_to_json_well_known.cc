// The well-known types whose JSON is not an object of their fields.
#include "absl/strings/str_cat.h"
#include "gateway/codec/time_text.h"
#include "gateway/codec/wire_to_json_printer.h"

namespace penstock::codec {
namespace {

// Seconds and nanos, the two fields of Timestamp and Duration alike.
bool ReadTime(const Piece& pieces, int64_t* seconds, int32_t* nanos) {
  *seconds = 0;
  *nanos = 0;
  for (const Piece* piece = &pieces; piece != nullptr; piece = piece->next) {
    WireReader reader(piece->data, piece->data + piece->size);
    while (!reader.AtEnd()) {
      uint32_t tag;
      uint64_t value;
      if (!reader.ReadTag(&tag)) return false;
      if (tag == MakeTag(1, WireType::kVarint)) {
        if (!reader.ReadVarint(&value)) return false;
        *seconds = static_cast<int64_t>(value);
      } else if (tag == MakeTag(2, WireType::kVarint)) {
        if (!reader.ReadVarint(&value)) return false;
        *nanos = static_cast<int32_t>(value);
      } else if (!reader.Skip(tag)) {
        return false;
      }
    }
  }
  return true;
}

bool ReadAny(const Piece& pieces, absl::string_view* url, absl::string_view* value) {
  for (const Piece* piece = &pieces; piece != nullptr; piece = piece->next) {
    WireReader reader(piece->data, piece->data + piece->size);
    while (!reader.AtEnd()) {
      uint32_t tag;
      if (!reader.ReadTag(&tag)) return false;
      if (tag == MakeTag(1, WireType::kLengthDelimited)) {
        if (!reader.ReadBytes(url)) return false;
      } else if (tag == MakeTag(2, WireType::kLengthDelimited)) {
        if (!reader.ReadBytes(value)) return false;
      } else if (!reader.Skip(tag)) {
        return false;
      }
    }
  }
  return true;
}

constexpr absl::string_view kBroken = "broken wire format";

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Writes a path of a FieldMask in lowerCamelCase at `to`, which has room for path.size() bytes; returns the end. Null:
// it would not read back as the same path.
char* WriteCamelCase(absl::string_view path, char* to) {
  if (path.empty()) return nullptr;
  if (path == "*") {
    *to++ = '*';
    return to;
  }
  for (size_t i = 0; i < path.size(); ++i) {
    if (IsLower(path[i]) || IsDigit(path[i]) || path[i] == '.') {
      *to++ = path[i];
      continue;
    }
    if (path[i] != '_' || ++i == path.size() || !IsLower(path[i])) return nullptr;
    *to++ = static_cast<char>(path[i] - 'a' + 'A');
  }
  return to;
}

size_t TotalBytes(const Piece& pieces) {
  size_t bytes = 0;
  for (const Piece* piece = &pieces; piece != nullptr; piece = piece->next) bytes += piece->size;
  return bytes;
}

}  // namespace

bool Printer::WellKnownMessage(const MessagePlan& plan, const Piece& pieces) {
  switch (plan.well_known()) {
    case WellKnown::kTimestamp:
      return Timestamp(pieces);
    case WellKnown::kDuration:
      return Duration(pieces);
    case WellKnown::kFieldMask:
      return FieldMask(pieces);
    case WellKnown::kAny:
      return Any(plan.plans(), pieces);
    case WellKnown::kValue:
      return Value(plan, pieces);
    case WellKnown::kStruct:
    case WellKnown::kListValue:
    case WellKnown::kWrapper:
      return OnlyField(plan, pieces);
    case WellKnown::kNone:
      break;
  }
  return Fail("a well-known type that is none");
}

bool Printer::Timestamp(const Piece& pieces) {
  int64_t seconds;
  int32_t nanos;
  if (!ReadTime(pieces, &seconds, &nanos)) return Fail(kBroken);
  if (!IsTimestamp(seconds, nanos)) return Fail("a Timestamp outside the years 0001 to 9999");
  json_.Advance(WriteTimestamp(seconds, nanos, json_.Token()));
  return true;
}

bool Printer::Duration(const Piece& pieces) {
  int64_t seconds;
  int32_t nanos;
  if (!ReadTime(pieces, &seconds, &nanos)) return Fail(kBroken);
  if (!IsDuration(seconds, nanos)) return Fail("a Duration beyond 10,000 years or of two signs");
  json_.Advance(WriteDuration(seconds, nanos, json_.Token()));
  return true;
}

bool Printer::FieldMask(const Piece& pieces) {
  // Never longer than the wire: a comma takes less than a path's tag and length.
  char* const text = arena_.Allocate<char>(TotalBytes(pieces));
  char* end = text;
  for (const Piece* piece = &pieces; piece != nullptr; piece = piece->next) {
    WireReader reader(piece->data, piece->data + piece->size);
    while (!reader.AtEnd()) {
      uint32_t tag;
      absl::string_view path;
      if (!reader.ReadTag(&tag)) return Fail(kBroken);
      if (tag != MakeTag(1, WireType::kLengthDelimited)) {
        if (!reader.Skip(tag)) return Fail(kBroken);
        continue;
      }
      if (!reader.ReadBytes(&path)) return Fail(kBroken);
      if (end != text) *end++ = ',';
      end = WriteCamelCase(path, end);
      if (end == nullptr) return Fail("a FieldMask path that has no JSON form");
    }
  }
  return String(absl::string_view(text, static_cast<size_t>(end - text)));
}

bool Printer::Value(const MessagePlan& plan, const Piece& pieces) {
  const Slot* slots = Scan(plan, pieces, arena_);
  if (slots == nullptr) return Fail(kBroken);
  for (const FieldPlan& field : plan.fields()) {
    const Slot& slot = slots[field.index];
    if (!slot.set) continue;
    if (field.type == FieldPlan::Type::TYPE_DOUBLE && (slot.value >> 52 & 0x7ff) == 0x7ff) {
      return Fail("a google.protobuf.Value that is NaN or infinite");
    }
    return Singular(field, slot);
  }
  return Fail("a google.protobuf.Value that holds nothing");
}

// Struct prints as its map, ListValue as its list, a wrapper as its value.
bool Printer::OnlyField(const MessagePlan& plan, const Piece& pieces) {
  const Slot* slots = Scan(plan, pieces, arena_);
  if (slots == nullptr) return Fail(kBroken);
  const FieldPlan& field = plan.fields()[0];
  if (slots[0].set) return FieldValue(field, slots[0]);
  json_.Raw(field.fallback);
  return true;
}

bool Printer::Any(const PlanSet& plans, const Piece& pieces) {
  absl::string_view url, value;
  if (!ReadAny(pieces, &url, &value)) return Fail(kBroken);
  if (url.empty() && value.empty()) {
    json_.Raw("{}");
    return true;
  }
  const MessagePlan* plan = plans.FindByUrl(url);
  if (plan == nullptr) return UnknownAnyValue(url, value);
  return KnownAnyValue(*plan, url, {value.data(), value.size(), nullptr});
}

bool Printer::UnknownAnyValue(absl::string_view url, absl::string_view value) {
  if (unknown_any_ == UnknownAny::kRefuse) return Fail("a google.protobuf.Any of a type that the schema does not have");
  json_.Raw("{\"@type\":");
  if (!String(url)) return false;
  json_.Raw(",\"value\":");
  json_.Base64(value);
  json_.Char('}');
  return true;
}

bool Printer::KnownAnyValue(const MessagePlan& plan, absl::string_view url, const Piece& value) {
  json_.Raw("{\"@type\":");
  if (!String(url)) return false;
  if (plan.well_known() != WellKnown::kNone) {
    json_.Raw(",\"value\":");
    if (!Message(plan, value)) return false;
  } else {
    if (depth_ >= kMaxDepth) return Fail("messages nested too deeply");
    ++depth_;
    if (!Fields(plan, value, false)) return false;
    --depth_;
  }
  json_.Char('}');
  return true;
}

}  // namespace penstock::codec
