// The second half of printing: the fields that a scan found, as JSON. Internal to wire_to_json.
#ifndef PENSTOCK_GATEWAY_CODEC_WIRE_TO_JSON_PRINTER_H_
#define PENSTOCK_GATEWAY_CODEC_WIRE_TO_JSON_PRINTER_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gateway/codec/json_text.h"
#include "gateway/codec/message_plan.h"
#include "gateway/codec/wire_scan.h"
#include "gateway/codec/wire_to_json.h"

namespace penstock::codec {

// Prints one value. Every function returns false on a fault, of which fault() and path() tell, or when the writer is
// full; what was written is of no use then.
class Printer {
 public:
  Printer(ScratchArena& arena, JsonWriter& json, UnknownAny unknown_any)
      : arena_(arena), json_(json), unknown_any_(unknown_any) {}

  // The JSON of a message that consists of `pieces`.
  bool Message(const MessagePlan& plan, const Piece& pieces);
  // The JSON of a google.protobuf.Any, types taken from `plans`.
  bool Any(const PlanSet& plans, const Piece& pieces);
  // The JSON of the field at `path`, as WireFieldToJson.
  bool FieldAt(const MessagePlan& plan, absl::Span<const FieldPlan* const> path, const Piece& pieces);

  // What went wrong, a literal; empty: the writer is full.
  absl::string_view fault() const { return fault_; }
  // Where: "items[3].name", "" for the message itself.
  const std::string& path() const { return path_; }

 private:
  // One entry of a map.
  struct Entry {
    Slot* key;
    Slot* value;
    size_t order;  // of arrival: the last of those with the same key wins
  };

  bool Body(const MessagePlan& plan, const Piece& pieces);
  // All fields, each with a comma before it but the first if `first`.
  bool Fields(const MessagePlan& plan, const Piece& pieces, bool first);
  bool FieldValue(const FieldPlan& field, const Slot& slot);
  bool Singular(const FieldPlan& field, const Slot& slot);
  bool Scalar(const FieldPlan& field, uint64_t value);
  bool Enum(const EnumPlan& plan, int32_t number);
  bool String(absl::string_view text);

  bool List(const FieldPlan& field, const Slot& slot);
  bool ListRecord(const FieldPlan& field, uint32_t tag, WireReader& reader, size_t* count);
  bool Element(const FieldPlan& field, uint32_t tag, WireReader& reader, size_t* count);
  bool Map(const FieldPlan& field, const Slot& slot);
  bool MapEntries(const FieldPlan& field, absl::Span<const Entry> entries);
  bool MapKey(const FieldPlan& key, const Slot& slot);

  bool WellKnownMessage(const MessagePlan& plan, const Piece& pieces);
  bool Timestamp(const Piece& pieces);
  bool Duration(const Piece& pieces);
  bool FieldMask(const Piece& pieces);
  bool Value(const MessagePlan& plan, const Piece& pieces);
  bool OnlyField(const MessagePlan& plan, const Piece& pieces);
  bool UnknownAnyValue(absl::string_view url, absl::string_view value);
  bool KnownAnyValue(const MessagePlan& plan, absl::string_view url, const Piece& value);

  bool Fail(absl::string_view fault) {
    fault_ = fault;
    return false;
  }
  // Puts the place before the path, on the way back from a fault; returns false.
  bool AtField(const FieldPlan& field);
  bool AtIndex(size_t index);
  bool AtKey(const FieldPlan& key, const Slot& slot);

  ScratchArena& arena_;
  JsonWriter& json_;
  const UnknownAny unknown_any_;
  int depth_ = 0;
  absl::string_view fault_;
  std::string path_;
};

}  // namespace penstock::codec

#endif  // PENSTOCK_GATEWAY_CODEC_WIRE_TO_JSON_PRINTER_H_
