#include "gateway/codec/map_key.h"

#include "absl/strings/str_cat.h"

namespace penstock::codec {

std::string MapKeyText(KeyType type, const Slot& slot) {
  if (type == KeyType::TYPE_STRING) return absl::StrCat("\"", SlotText(slot), "\"");
  if (type == KeyType::TYPE_BOOL) return slot.value != 0 ? "true" : "false";
  if (IsUnsignedKey(type)) return absl::StrCat(UnsignedKey(type, slot.value));
  return absl::StrCat(SignedKey(type, slot.value));
}

}  // namespace penstock::codec
