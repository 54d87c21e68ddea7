#include "service/tick_wire.h"

#include <cstring>

namespace penstock::service {
namespace {

// Field number and wire type, as tick.proto has them.
constexpr uint8_t kTimeTag = 1 << 3 | 2;
constexpr uint8_t kSecondsTag = 1 << 3 | 0;
constexpr uint8_t kNanosTag = 2 << 3 | 0;
constexpr uint8_t kMessageTag = 2 << 3 | 2;
constexpr uint8_t kSequenceTag = 3 << 3 | 0;

constexpr size_t kMaxVarintBytes = 10;
// Tag and length of the time, then two fields of it; a length below 128 is one byte.
constexpr size_t kMaxTimeBytes = 2 + 2 * (1 + kMaxVarintBytes);
constexpr size_t kMaxSequenceBytes = 1 + kMaxVarintBytes;

constexpr int64_t kNanosPerSecond = 1'000'000'000;

uint8_t* PutVarint(uint64_t value, uint8_t* out) {
  while (value >= 0x80) {
    *out++ = static_cast<uint8_t>(value | 0x80);
    value >>= 7;
  }
  *out++ = static_cast<uint8_t>(value);
  return out;
}

// A field at its default is left out, as proto3 has it.
uint8_t* PutVarintField(uint8_t tag, uint64_t value, uint8_t* out) {
  if (value == 0) return out;
  *out++ = tag;
  return PutVarint(value, out);
}

uint8_t* PutTime(int64_t unix_nanos, uint8_t* out) {
  *out++ = kTimeTag;
  uint8_t* const length = out++;
  out = PutVarintField(kSecondsTag, static_cast<uint64_t>(unix_nanos / kNanosPerSecond), out);
  out = PutVarintField(kNanosTag, static_cast<uint64_t>(unix_nanos % kNanosPerSecond), out);
  *length = static_cast<uint8_t>(out - length - 1);
  return out;
}

}  // namespace

TickText::TickText(const std::string& message) {
  if (message.empty()) return;
  uint8_t head[1 + kMaxVarintBytes];
  head[0] = kMessageTag;
  uint8_t* const end = PutVarint(message.size(), head + 1);
  field_.reserve(static_cast<size_t>(end - head) + message.size());
  field_.assign(head, end);
  field_ += message;
  if (field_.size() > kMaxCopiedBytes) {
    shared_ = grpc::Slice(field_.data(), field_.size());
    std::string().swap(field_);
  }
}

void TickText::Encode(int64_t unix_nanos, uint64_t sequence, grpc::ByteBuffer* buffer) const {
  uint8_t bytes[kMaxTimeBytes + kMaxCopiedBytes + kMaxSequenceBytes];
  uint8_t* const head_end = PutTime(unix_nanos, bytes);
  if (shared_.size() == 0) {
    std::memcpy(head_end, field_.data(), field_.size());
    uint8_t* const end = PutVarintField(kSequenceTag, sequence, head_end + field_.size());
    const grpc::Slice whole(bytes, static_cast<size_t>(end - bytes));
    *buffer = grpc::ByteBuffer(&whole, 1);
    return;
  }
  uint8_t* const end = PutVarintField(kSequenceTag, sequence, head_end);
  const grpc::Slice pieces[] = {grpc::Slice(bytes, static_cast<size_t>(head_end - bytes)), shared_,
                                grpc::Slice(head_end, static_cast<size_t>(end - head_end))};
  *buffer = grpc::ByteBuffer(pieces, 3);
}

}  // namespace penstock::service
