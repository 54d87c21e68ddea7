// Maps: entries are collected, sorted by key, and the last of those with one key is printed.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gateway/transcode/wire_to_json_printer.h"

namespace penstock::transcode {
namespace {

using google::protobuf::FieldDescriptor;

absl::string_view Text(const Slot& slot) { return absl::string_view(slot.first.data, slot.first.size); }

int64_t SignedKey(FieldDescriptor::Type type, uint64_t value) {
  switch (type) {
    case FieldDescriptor::TYPE_SINT32:
      return ZigZagDecode32(static_cast<uint32_t>(value));
    case FieldDescriptor::TYPE_SINT64:
      return ZigZagDecode64(value);
    case FieldDescriptor::TYPE_INT32:
    case FieldDescriptor::TYPE_SFIXED32:
      return static_cast<int32_t>(value);
    default:
      return static_cast<int64_t>(value);
  }
}

// The key as its type reads it, so that two spellings of one key on the wire are one key.
uint64_t UnsignedKey(FieldDescriptor::Type type, uint64_t value) {
  if (type == FieldDescriptor::TYPE_BOOL) return value != 0 ? 1 : 0;
  return type == FieldDescriptor::TYPE_UINT32 ? static_cast<uint32_t>(value) : value;
}

bool IsUnsigned(FieldDescriptor::Type type) {
  return type == FieldDescriptor::TYPE_BOOL || type == FieldDescriptor::TYPE_UINT32 ||
         type == FieldDescriptor::TYPE_UINT64 || type == FieldDescriptor::TYPE_FIXED32 ||
         type == FieldDescriptor::TYPE_FIXED64;
}

bool KeyLess(FieldDescriptor::Type type, const Slot& a, const Slot& b) {
  if (type == FieldDescriptor::TYPE_STRING) return Text(a) < Text(b);
  if (IsUnsigned(type)) return UnsignedKey(type, a.value) < UnsignedKey(type, b.value);
  return SignedKey(type, a.value) < SignedKey(type, b.value);
}

size_t CountRecords(const Slot& slot) {
  size_t count = 0;
  for (const Piece* piece = &slot.first; piece != nullptr; piece = piece->next) {
    WireReader reader(piece->data, piece->data + piece->size);
    uint32_t tag;
    while (!reader.AtEnd() && reader.ReadTag(&tag) && reader.Skip(tag)) ++count;
  }
  return count;
}

void SetDefault(Slot* slot) {
  if (!slot->set) *slot = {true, 0, {"", 0, nullptr}, nullptr};
}

}  // namespace

bool Printer::Map(const FieldPlan& field, const Slot& slot) {
  const FieldPlan& value_field = field.message->fields()[1];
  const bool closed = value_field.enumeration != nullptr && value_field.enumeration->closed();
  Entry* const entries = arena_.Allocate<Entry>(CountRecords(slot));
  size_t count = 0;
  for (const Piece* piece = &slot.first; piece != nullptr; piece = piece->next) {
    WireReader reader(piece->data, piece->data + piece->size);
    while (!reader.AtEnd()) {
      uint32_t tag;
      absl::string_view bytes;
      if (!reader.ReadTag(&tag) || !reader.ReadBytes(&bytes)) return Fail("broken wire format");
      Slot* slots = Scan(*field.message, {bytes.data(), bytes.size(), nullptr}, arena_);
      if (slots == nullptr) return Fail("broken wire format in a map entry");
      const bool value_set = slots[1].set;
      SetDefault(&slots[0]);
      SetDefault(&slots[1]);
      // An entry whose value is no value of the closed enum is an unknown field as a whole.
      if (closed && value_set && !value_field.enumeration->Knows(static_cast<int32_t>(slots[1].value))) continue;
      entries[count] = {&slots[0], &slots[1], count};
      ++count;
    }
  }
  const FieldDescriptor::Type key_type = field.message->fields()[0].type;
  const auto less = [key_type](const Entry& a, const Entry& b) {
    if (KeyLess(key_type, *a.key, *b.key)) return true;
    return a.order < b.order && !KeyLess(key_type, *b.key, *a.key);
  };
  if (!std::is_sorted(entries, entries + count, less)) std::sort(entries, entries + count, less);
  return MapEntries(field, absl::Span<const Entry>(entries, count));
}

bool Printer::MapEntries(const FieldPlan& field, absl::Span<const Entry> entries) {
  const FieldPlan& key = field.message->fields()[0];
  const FieldPlan& value = field.message->fields()[1];
  bool first = true;
  json_.Char('{');
  for (size_t i = 0; i < entries.size(); ++i) {
    if (i + 1 < entries.size() && !KeyLess(key.type, *entries[i].key, *entries[i + 1].key)) continue;
    if (!first) json_.Char(',');
    first = false;
    if (!MapKey(key, *entries[i].key)) return false;
    json_.Char(':');
    if (!Singular(value, *entries[i].value)) return AtKey(key, *entries[i].key);
    if (ABSL_PREDICT_FALSE(json_.full())) return false;
  }
  json_.Char('}');
  return true;
}

bool Printer::AtKey(const FieldPlan& key, const Slot& slot) {
  std::string text;
  if (key.type == FieldDescriptor::TYPE_STRING) {
    text = absl::StrCat("\"", Text(slot), "\"");
  } else if (key.type == FieldDescriptor::TYPE_BOOL) {
    text = slot.value != 0 ? "true" : "false";
  } else if (IsUnsigned(key.type)) {
    text = absl::StrCat(UnsignedKey(key.type, slot.value));
  } else {
    text = absl::StrCat(SignedKey(key.type, slot.value));
  }
  const bool joined = path_.empty() || path_[0] == '[';
  path_ = absl::StrCat("[", text, "]", joined ? "" : ".", path_);
  return false;
}

bool Printer::MapKey(const FieldPlan& key, const Slot& slot) {
  if (key.type == FieldDescriptor::TYPE_STRING) return String(Text(slot));
  if (key.type == FieldDescriptor::TYPE_BOOL) {
    json_.Raw(slot.value != 0 ? "\"true\"" : "\"false\"");
  } else if (IsUnsigned(key.type)) {
    json_.QuotedInteger(UnsignedKey(key.type, slot.value));
  } else {
    json_.QuotedInteger(SignedKey(key.type, slot.value));
  }
  return true;
}

}  // namespace penstock::transcode
