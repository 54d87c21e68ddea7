// Maps: entries are collected, sorted by key, and the last of those with one key is printed.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gateway/codec/map_key.h"
#include "gateway/codec/wire_to_json_printer.h"

namespace penstock::codec {
namespace {

using google::protobuf::FieldDescriptor;

size_t CountRecords(const Slot& slot) {
  size_t count = 0;
  for (const Piece* piece = &slot.first; piece != nullptr; piece = piece->next) {
    WireReader reader(piece->data, piece->data + piece->size);
    uint32_t tag;
    while (!reader.AtEnd() && reader.ReadTag(&tag) && reader.Skip(tag)) ++count;
  }
  return count;
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
    if (MapKeyLess(key_type, *a.key, *b.key)) return true;
    return a.order < b.order && !MapKeyLess(key_type, *b.key, *a.key);
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
    if (i + 1 < entries.size() && !MapKeyLess(key.type, *entries[i].key, *entries[i + 1].key)) continue;
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
  const bool joined = path_.empty() || path_[0] == '[';
  path_ = absl::StrCat("[", MapKeyText(key.type, slot), "]", joined ? "" : ".", path_);
  return false;
}

bool Printer::MapKey(const FieldPlan& key, const Slot& slot) {
  if (key.type == FieldDescriptor::TYPE_STRING) return String(SlotText(slot));
  if (key.type == FieldDescriptor::TYPE_BOOL) {
    json_.Raw(slot.value != 0 ? "\"true\"" : "\"false\"");
  } else if (IsUnsignedKey(key.type)) {
    json_.QuotedInteger(UnsignedKey(key.type, slot.value));
  } else {
    json_.QuotedInteger(SignedKey(key.type, slot.value));
  }
  return true;
}

}  // namespace penstock::codec
