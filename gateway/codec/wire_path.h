// A field path followed through wire bytes: is it set, what stands in its way, and away with it. Pure; used by the
// bindings where protobuf's merge rule alone does not do what binding means.
//
// The bytes are the gateway's own or an upstream's message; where they are broken, the walk ends there.
#ifndef PENSTOCK_GATEWAY_CODEC_WIRE_PATH_H_
#define PENSTOCK_GATEWAY_CODEC_WIRE_PATH_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "gateway/codec/field_path.h"
#include "gateway/codec/message_plan.h"
#include "gateway/codec/wire.h"

namespace penstock::codec {

// One field of a message, as it stands on the wire.
struct WireRecord {
  uint32_t tag;
  absl::string_view content;  // of a length-delimited value or a group, what is inside
  absl::string_view whole;    // tag and all
};

// Calls visit(record) for each, until it returns false. False: the wire is broken.
template <typename Visit>
bool ForEachRecord(absl::string_view wire, const Visit& visit) {
  WireReader reader(wire);
  while (!reader.AtEnd()) {
    WireRecord record;
    const char* const begin = reader.position();
    if (!reader.ReadTag(&record.tag)) return false;
    const WireType type = TagType(record.tag);
    const bool read = type == WireType::kLengthDelimited ? reader.ReadBytes(&record.content)
                      : type == WireType::kStartGroup    ? reader.ReadGroup(TagNumber(record.tag), &record.content)
                                                         : reader.Skip(record.tag);
    if (!read) return false;
    record.whole = absl::string_view(begin, static_cast<size_t>(reader.position() - begin));
    if (!visit(record)) return true;
  }
  return true;
}

// The field that `path` leads to stands in `wire`, in whatever form.
bool IsSet(const FieldPath& path, absl::string_view wire);

// A field in `wire` whose oneof `path` is about to set by another member, on whatever level; null: there is none.
const FieldPlan* OneofSetByOther(const MessagePlan& plan, const FieldPath& path, absl::string_view wire);

// Takes the field that `path` leads to out of the bytes from `begin` on. The messages on the way stay, if empty.
void EraseField(const FieldPath& path, size_t begin, std::string* wire);

}  // namespace penstock::codec

#endif  // PENSTOCK_GATEWAY_CODEC_WIRE_PATH_H_
