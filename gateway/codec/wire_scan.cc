#include "gateway/codec/wire_scan.h"

#include <algorithm>

namespace penstock::codec {
namespace {

class Scanner {
 public:
  Scanner(const MessagePlan& plan, ScratchArena& arena)
      : plan_(plan), arena_(arena), slots_(arena.Allocate<Slot>(plan.fields().size())) {
    for (size_t i = 0; i < plan.fields().size(); ++i) slots_[i].set = false;
    if (plan.oneof_count() == 0) return;
    members_ = arena.Allocate<uint32_t>(static_cast<size_t>(plan.oneof_count()));
    std::fill(members_, members_ + plan.oneof_count(), 0);
  }

  bool ScanPiece(const Piece& piece) {
    WireReader reader(piece.data, piece.data + piece.size);
    while (!reader.AtEnd()) {
      const char* const record = reader.position();
      uint32_t tag;
      if (!reader.ReadTag(&tag)) return false;
      const FieldPlan* field = plan_.FindByNumber(TagNumber(tag));
      // A known number in another wire type is an unknown field, as protobuf's parsers have it.
      if (ABSL_PREDICT_FALSE(field == nullptr || !Fits(*field, TagType(tag)))) {
        if (!reader.Skip(tag)) return false;
      } else if (field->repeated) {
        if (!ScanRecord(*field, tag, record, reader)) return false;
      } else if (!ScanSingular(*field, tag, reader)) {
        return false;
      }
    }
    return true;
  }

  Slot* slots() const { return slots_; }

 private:
  static bool Fits(const FieldPlan& field, WireType type) {
    return type == field.wire_type || (field.repeated && field.packable && type == WireType::kLengthDelimited);
  }

  bool ScanSingular(const FieldPlan& field, uint32_t tag, WireReader& reader) {
    if (field.wire_type == WireType::kLengthDelimited || field.wire_type == WireType::kStartGroup) {
      absl::string_view bytes;
      const bool read = field.wire_type == WireType::kLengthDelimited ? reader.ReadBytes(&bytes)
                                                                      : reader.ReadGroup(TagNumber(tag), &bytes);
      if (!read) return false;
      Slot& slot = Claim(field);
      if (field.message != nullptr && slot.set) {
        Append(slot, bytes.data(), bytes.size());
      } else {
        Start(slot, bytes.data(), bytes.size());
      }
      return true;
    }
    uint64_t value;
    if (!ReadScalar(field.wire_type, reader, &value)) return false;
    if (field.drops_unknown && !field.enumeration->Knows(static_cast<int32_t>(value))) return true;
    Slot& slot = Claim(field);
    slot.set = true;
    slot.value = value;
    return true;
  }

  bool ScanRecord(const FieldPlan& field, uint32_t tag, const char* record, WireReader& reader) {
    if (!field.packable || TagType(tag) != WireType::kLengthDelimited) {
      if (!reader.Skip(tag)) return false;
    } else {
      absl::string_view packed;
      if (!reader.ReadBytes(&packed)) return false;
      if (packed.empty()) return true;  // no element: the field may still be unset
    }
    if (!HoldsElement(field, record, reader.position())) return true;
    AddRecord(field, record, reader.position());
    return true;
  }

  // False: the record, which is well-formed, has only numbers that its closed enum does not have. They are no elements
  // of a list, and such an entry is none of a map.
  bool HoldsElement(const FieldPlan& field, const char* record, const char* end) {
    const FieldPlan& value = field.is_map ? field.message->fields()[1] : field;
    if (value.enumeration == nullptr || !value.enumeration->closed()) return true;
    WireReader reader(record, end);
    uint32_t tag;
    absl::string_view bytes;
    uint64_t number;
    if (!reader.ReadTag(&tag)) return true;
    if (TagType(tag) != WireType::kLengthDelimited) {
      return !reader.ReadVarint(&number) || value.enumeration->Knows(static_cast<int32_t>(number));
    }
    if (!reader.ReadBytes(&bytes)) return true;
    if (field.is_map) return HoldsValue(field, bytes);
    for (WireReader elements(bytes); !elements.AtEnd();) {
      // What is broken is for the printer to say.
      if (!elements.ReadVarint(&number) || value.enumeration->Knows(static_cast<int32_t>(number))) return true;
    }
    return false;
  }

  bool HoldsValue(const FieldPlan& map, absl::string_view entry) {
    const FieldPlan& value = map.message->fields()[1];
    const Slot* slots = Scan(*map.message, {entry.data(), entry.size(), nullptr}, arena_);
    return slots == nullptr || !slots[1].set || value.enumeration->Knows(static_cast<int32_t>(slots[1].value));
  }

  void AddRecord(const FieldPlan& field, const char* begin, const char* end) {
    Slot& slot = slots_[field.index];
    const size_t size = static_cast<size_t>(end - begin);
    if (!slot.set) {
      Start(slot, begin, size);
    } else if (slot.last->data + slot.last->size == begin) {
      slot.last->size += size;
    } else {
      Append(slot, begin, size);
    }
  }

  // The slot of a field that is being set: the other member of its oneof is unset.
  Slot& Claim(const FieldPlan& field) {
    if (field.oneof >= 0) {
      uint32_t& member = members_[field.oneof];
      if (member != 0 && member != field.index + 1) slots_[member - 1].set = false;
      member = field.index + 1;
    }
    return slots_[field.index];
  }

  static void Start(Slot& slot, const char* data, size_t size) {
    slot.set = true;
    slot.first = {data, size, nullptr};
    slot.last = &slot.first;
  }

  void Append(Slot& slot, const char* data, size_t size) {
    Piece* piece = arena_.Allocate<Piece>(1);
    *piece = {data, size, nullptr};
    slot.last->next = piece;
    slot.last = piece;
  }

  const MessagePlan& plan_;
  ScratchArena& arena_;
  Slot* slots_;
  uint32_t* members_ = nullptr;  // by oneof: index of the member that is set, plus one
};

}  // namespace

void ScratchArena::AddChunk(size_t bytes) { chunks_.push_back({std::unique_ptr<char[]>(new char[bytes]), bytes}); }

void ScratchArena::NextChunk(size_t bytes) {
  // The first chunk is the one that is kept: always of the same size, whatever the first message needs.
  if (chunks_.empty()) {
    AddChunk(kFirstChunkBytes);
    if (bytes <= kFirstChunkBytes) return;
  }
  ++at_.chunk;
  at_.used = 0;
  // A chunk left from before the last rewind is used again if it is large enough.
  if (at_.chunk < chunks_.size() && chunks_[at_.chunk].size >= bytes) return;
  chunks_.resize(at_.chunk);
  AddChunk(std::max(bytes, 2 * chunks_.back().size));
}

Slot* Scan(const MessagePlan& plan, const Piece& pieces, ScratchArena& arena) {
  Scanner scanner(plan, arena);
  for (const Piece* piece = &pieces; piece != nullptr; piece = piece->next) {
    if (!scanner.ScanPiece(*piece)) return nullptr;
  }
  return scanner.slots();
}

}  // namespace penstock::codec
