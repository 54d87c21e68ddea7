// The keys of maps as a scan finds them. Internal to the transcoder.
#ifndef PENSTOCK_GATEWAY_CODEC_MAP_KEY_H_
#define PENSTOCK_GATEWAY_CODEC_MAP_KEY_H_

#include <google/protobuf/descriptor.h>

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "gateway/codec/wire.h"
#include "gateway/codec/wire_scan.h"

namespace penstock::codec {

using KeyType = google::protobuf::FieldDescriptor::Type;

// Of a string or bytes.
inline absl::string_view SlotText(const Slot& slot) { return absl::string_view(slot.first.data, slot.first.size); }

// A key of a number type or bool as its type reads it, so that two spellings of one key on the wire are one key.
inline bool IsUnsignedKey(KeyType type) {
  return type == KeyType::TYPE_BOOL || type == KeyType::TYPE_UINT32 || type == KeyType::TYPE_UINT64 ||
         type == KeyType::TYPE_FIXED32 || type == KeyType::TYPE_FIXED64;
}

inline uint64_t UnsignedKey(KeyType type, uint64_t value) {
  if (type == KeyType::TYPE_BOOL) return value != 0 ? 1 : 0;
  return type == KeyType::TYPE_UINT32 ? static_cast<uint32_t>(value) : value;
}

inline int64_t SignedKey(KeyType type, uint64_t value) {
  switch (type) {
    case KeyType::TYPE_SINT32:
      return ZigZagDecode32(static_cast<uint32_t>(value));
    case KeyType::TYPE_SINT64:
      return ZigZagDecode64(value);
    case KeyType::TYPE_INT32:
    case KeyType::TYPE_SFIXED32:
      return static_cast<int32_t>(value);
    default:
      return static_cast<int64_t>(value);
  }
}

// By value: strings by their bytes, false before true. Inline, for sorting asks it again and again.
inline bool MapKeyLess(KeyType type, const Slot& a, const Slot& b) {
  if (type == KeyType::TYPE_STRING) return SlotText(a) < SlotText(b);
  if (IsUnsignedKey(type)) return UnsignedKey(type, a.value) < UnsignedKey(type, b.value);
  return SignedKey(type, a.value) < SignedKey(type, b.value);
}

// For error messages: `"a"`, `-1`, `true`.
std::string MapKeyText(KeyType type, const Slot& slot);

}  // namespace penstock::codec

#endif  // PENSTOCK_GATEWAY_CODEC_MAP_KEY_H_
