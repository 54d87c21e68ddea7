#include "gateway/codec/record_id.h"

#include <algorithm>
#include <charconv>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gateway/codec/json_text.h"
#include "gateway/codec/wire_scan.h"

namespace penstock::codec {
namespace {

using google::protobuf::FieldDescriptor;

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// RFC 9110 section 5.5 takes the spaces off a field's value, and the lines of server-sent events know CR, LF and NUL.
bool CanComeBack(absl::string_view text) {
  return !text.empty() && text.size() <= RecordId::kMaxBytes && text.front() != ' ' && text.back() != ' ' &&
         std::none_of(text.begin(), text.end(), IsControl) && Utf8Prefix(text) == text.size();
}

bool ReadValue(uint32_t tag, WireReader& reader, uint64_t* number, absl::string_view* bytes) {
  if (TagType(tag) == WireType::kLengthDelimited) return reader.ReadBytes(bytes);
  if (TagType(tag) == WireType::kStartGroup) return reader.ReadGroup(TagNumber(tag), bytes);
  return ReadScalar(TagType(tag), reader, number);
}

template <typename Int>
absl::string_view Decimal(Int value, RecordId::Digits* digits) {
  char* const end = std::to_chars(digits->data(), digits->data() + digits->size(), value).ptr;
  return absl::string_view(digits->data(), static_cast<size_t>(end - digits->data()));
}

absl::string_view IntegerText(FieldPlan::Type type, uint64_t value, RecordId::Digits* digits) {
  switch (type) {
    case FieldDescriptor::TYPE_INT64:
    case FieldDescriptor::TYPE_SFIXED64:
      return Decimal(static_cast<int64_t>(value), digits);
    case FieldDescriptor::TYPE_SINT64:
      return Decimal(ZigZagDecode64(value), digits);
    case FieldDescriptor::TYPE_INT32:
    case FieldDescriptor::TYPE_SFIXED32:
      return Decimal(static_cast<int32_t>(value), digits);
    case FieldDescriptor::TYPE_SINT32:
      return Decimal(ZigZagDecode32(static_cast<uint32_t>(value)), digits);
    case FieldDescriptor::TYPE_UINT32:
    case FieldDescriptor::TYPE_FIXED32:
      return Decimal(static_cast<uint32_t>(value), digits);
    default:
      return Decimal(value, digits);
  }
}

}  // namespace

bool HoldsId(const FieldPlan& field) {
  if (field.repeated) return false;
  switch (field.descriptor->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      return true;
    default:
      return field.type == FieldDescriptor::TYPE_STRING;
  }
}

absl::StatusOr<RecordId> RecordId::Build(const MessagePlan& output, absl::string_view field) {
  absl::StatusOr<FieldPath> path = ResolveFieldPath(output, field);
  if (!path.ok()) return path.status();
  if (!HoldsId(*path->back())) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", field, "\": an id is one string or integer, and the field is none"));
  }
  for (const FieldPlan* step : *path) {
    if (step->oneof < 0) continue;
    return absl::InvalidArgumentError(absl::StrCat("\"", field, "\": ", step->name, " is in the oneof ",
                                                   step->descriptor->containing_oneof()->name(),
                                                   ", so not every message could have an id: name a field outside"));
  }
  return RecordId(*path);
}

RecordId::RecordId(const FieldPath& path) : field_(path.back()) {
  for (const FieldPlan* step : path) tags_.push_back(MakeTag(step->number, step->wire_type));
}

// The pieces of a message field are merged, so a value in a later piece is the one that counts.
bool RecordId::Find(size_t at, absl::string_view wire, Found* found) const {
  WireReader reader(wire);
  while (!reader.AtEnd()) {
    uint32_t tag;
    if (!reader.ReadTag(&tag)) return false;
    if (tag != tags_[at]) {
      if (!reader.Skip(tag)) return false;
      continue;
    }
    absl::string_view bytes;
    uint64_t number = 0;
    if (!ReadValue(tag, reader, &number, &bytes)) return false;
    if (at + 1 == tags_.size()) {
      *found = {true, number, bytes};
    } else if (!Find(at + 1, bytes, found)) {
      return false;
    }
  }
  return true;
}

absl::string_view RecordId::Read(absl::string_view wire, Digits* digits) const {
  Found found;
  if (!Find(0, wire, &found) || !found.set) return absl::string_view();
  if (field_->type == FieldDescriptor::TYPE_STRING) {
    return CanComeBack(found.text) ? found.text : absl::string_view();
  }
  const absl::string_view text = IntegerText(field_->type, found.number, digits);
  return text == "0" && !field_->descriptor->has_presence() ? absl::string_view() : text;
}

}  // namespace penstock::codec
