// The first half of printing: where in a message's wire bytes each field stands.
//
// One pass over the bytes, which stay where they are. Internal to the transcoder: required_fields looks at a message
// through it as well.
#ifndef PENSTOCK_GATEWAY_CODEC_WIRE_SCAN_H_
#define PENSTOCK_GATEWAY_CODEC_WIRE_SCAN_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "gateway/codec/message_plan.h"

namespace penstock::codec {

// Memory given out from the front and taken back to a mark, as recursion goes. Addresses are stable. Keeps its first
// chunk for ever, so that the steady state allocates nothing.
class ScratchArena {
 public:
  struct Mark {
    size_t chunk = 0;
    size_t used = 0;
  };

  Mark mark() const { return at_; }
  void Rewind(Mark mark) { at_ = mark; }

  // Gives back what one large message needed.
  void Trim() {
    if (chunks_.size() > 1) chunks_.resize(1);
    at_ = Mark();
  }

  // Uninitialised room for `count` objects of a trivial type.
  template <typename T>
  T* Allocate(size_t count) {
    static_assert(alignof(T) <= kAlignment);
    const size_t bytes = (count * sizeof(T) + kAlignment - 1) / kAlignment * kAlignment;
    if (chunks_.empty() || chunks_[at_.chunk].size - at_.used < bytes) NextChunk(bytes);
    char* const place = chunks_[at_.chunk].bytes.get() + at_.used;
    at_.used += bytes;
    return reinterpret_cast<T*>(place);
  }

 private:
  static constexpr size_t kAlignment = 8;
  static constexpr size_t kFirstChunkBytes = 32 * 1024;

  struct Chunk {
    std::unique_ptr<char[]> bytes;
    size_t size = 0;
  };

  void AddChunk(size_t bytes);
  void NextChunk(size_t bytes);

  std::vector<Chunk> chunks_;
  Mark at_;
};

// Some of the bytes that a field is made of, and where they go on.
struct Piece {
  const char* data;
  size_t size;
  const Piece* next;
};

// What a scan found of one field.
struct Slot {
  bool set;
  // Of numbers, bools and enums: the last value, as it stood on the wire (fixed-width ones too).
  uint64_t value;
  // Of strings and bytes: the last value. Of messages: the contents to be merged, in order. Of repeated fields: the
  // records, tags included; there may be others between two pieces, never within one.
  Piece first;
  Piece* last;
};

// For an unset key or value of a map entry, which then has its default.
inline void SetDefault(Slot* slot) {
  if (!slot->set) *slot = {true, 0, {"", 0, nullptr}, nullptr};
}

// Makes a slot for each of plan.fields(), valid until the arena is rewound. Null: the wire is broken.
Slot* Scan(const MessagePlan& plan, const Piece& pieces, ScratchArena& arena);

// Reads one value of a number, bool or enum as a Slot holds it.
inline bool ReadScalar(WireType type, WireReader& reader, uint64_t* value) {
  if (type == WireType::kVarint) return reader.ReadVarint(value);
  if (type == WireType::kFixed64) return reader.ReadFixed64(value);
  uint32_t half;
  if (!reader.ReadFixed32(&half)) return false;
  *value = half;
  return true;
}

}  // namespace penstock::codec

#endif  // PENSTOCK_GATEWAY_CODEC_WIRE_SCAN_H_
