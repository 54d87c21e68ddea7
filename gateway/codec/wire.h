// Protobuf's wire format, byte by byte: reading with every bound checked, and appending to a std::string.
//
// Pure and header-only, because both directions of the transcoder spend their time here. A reader views bytes that
// outlive it and owns nothing.
//
//   WireReader reader(bytes);
//   while (!reader.AtEnd()) {
//     uint32_t tag;
//     if (!reader.ReadTag(&tag) || !reader.Skip(tag)) return Broken();
//   }
#ifndef PENSTOCK_GATEWAY_CODEC_WIRE_H_
#define PENSTOCK_GATEWAY_CODEC_WIRE_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "absl/base/optimization.h"
#include "absl/strings/string_view.h"

namespace penstock::codec {

enum class WireType : uint8_t {
  kVarint = 0,
  kFixed64 = 1,
  kLengthDelimited = 2,
  kStartGroup = 3,
  kEndGroup = 4,
  kFixed32 = 5,
};

// Messages inside messages, in either direction: what protobuf's own parsers take by default, so nothing that a
// service can read is refused and a hostile message cannot exhaust the stack.
inline constexpr int kMaxDepth = 100;

// The longest varint: 64 bits, 7 a byte.
inline constexpr size_t kMaxVarintBytes = 10;

constexpr uint32_t MakeTag(uint32_t number, WireType type) { return number << 3 | static_cast<uint32_t>(type); }
constexpr uint32_t TagNumber(uint32_t tag) { return tag >> 3; }
constexpr WireType TagType(uint32_t tag) { return static_cast<WireType>(tag & 7); }

constexpr uint32_t ZigZagEncode32(int32_t n) {
  return (static_cast<uint32_t>(n) << 1) ^ static_cast<uint32_t>(n >> 31);
}
constexpr uint64_t ZigZagEncode64(int64_t n) {
  return (static_cast<uint64_t>(n) << 1) ^ static_cast<uint64_t>(n >> 63);
}
constexpr int32_t ZigZagDecode32(uint32_t n) { return static_cast<int32_t>((n >> 1) ^ (~(n & 1) + 1)); }
constexpr int64_t ZigZagDecode64(uint64_t n) { return static_cast<int64_t>((n >> 1) ^ (~(n & 1) + 1)); }

// Little-endian loads and stores; compilers make one instruction of each where the machine is little-endian.
inline uint64_t LoadLittle64(const char* p) {
  uint64_t value = 0;
  for (int i = 7; i >= 0; --i) value = value << 8 | static_cast<uint8_t>(p[i]);
  return value;
}
inline uint32_t LoadLittle32(const char* p) {
  uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = value << 8 | static_cast<uint8_t>(p[i]);
  return value;
}

// Walks over wire bytes. Every Read returns false, and leaves the position undefined, when the bytes are cut short or
// break the format.
class WireReader {
 public:
  explicit WireReader(absl::string_view bytes) : p_(bytes.data()), end_(bytes.data() + bytes.size()) {}
  WireReader(const char* begin, const char* end) : p_(begin), end_(end) {}

  bool AtEnd() const { return p_ == end_; }
  const char* position() const { return p_; }

  bool ReadVarint(uint64_t* value) {
    if (ABSL_PREDICT_TRUE(p_ != end_ && static_cast<int8_t>(*p_) >= 0)) {
      *value = static_cast<uint8_t>(*p_++);
      return true;
    }
    return ReadLongVarint(value);
  }

  // A tag: its field number is not 0 and it fits 32 bits.
  bool ReadTag(uint32_t* tag) {
    uint64_t value;
    if (!ReadVarint(&value) || value > UINT32_MAX || value < 8) return false;
    *tag = static_cast<uint32_t>(value);
    return true;
  }

  bool ReadFixed64(uint64_t* value) {
    if (ABSL_PREDICT_FALSE(end_ - p_ < 8)) return false;
    *value = LoadLittle64(p_);
    p_ += 8;
    return true;
  }

  bool ReadFixed32(uint32_t* value) {
    if (ABSL_PREDICT_FALSE(end_ - p_ < 4)) return false;
    *value = LoadLittle32(p_);
    p_ += 4;
    return true;
  }

  // A length, then so many bytes, which stay where they are.
  bool ReadBytes(absl::string_view* bytes) {
    uint64_t size;
    if (!ReadVarint(&size) || size > static_cast<uint64_t>(end_ - p_)) return false;
    *bytes = absl::string_view(p_, static_cast<size_t>(size));
    p_ += size;
    return true;
  }

  // What stands between a start-group tag, already read, and its end-group tag, which is read too.
  bool ReadGroup(uint32_t number, absl::string_view* bytes) {
    const char* begin = p_;
    uint32_t open[kMaxDepth];
    int depth = 0;
    open[depth++] = number;
    while (true) {
      const char* here = p_;
      uint32_t tag;
      if (!ReadTag(&tag)) return false;
      if (TagType(tag) == WireType::kStartGroup) {
        if (depth == kMaxDepth) return false;
        open[depth++] = TagNumber(tag);
      } else if (TagType(tag) == WireType::kEndGroup) {
        if (open[--depth] != TagNumber(tag)) return false;
        if (depth > 0) continue;
        *bytes = absl::string_view(begin, static_cast<size_t>(here - begin));
        return true;
      } else if (!Skip(tag)) {
        return false;
      }
    }
  }

  // Passes over the value that follows `tag`.
  bool Skip(uint32_t tag) {
    uint64_t varint;
    absl::string_view bytes;
    switch (TagType(tag)) {
      case WireType::kVarint:
        return ReadVarint(&varint);
      case WireType::kFixed64:
        return Advance(8);
      case WireType::kLengthDelimited:
        return ReadBytes(&bytes);
      case WireType::kStartGroup:
        return ReadGroup(TagNumber(tag), &bytes);
      case WireType::kFixed32:
        return Advance(4);
      case WireType::kEndGroup:
        return false;
    }
    return false;
  }

 private:
  bool Advance(ptrdiff_t bytes) {
    if (end_ - p_ < bytes) return false;
    p_ += bytes;
    return true;
  }

  bool ReadLongVarint(uint64_t* value) {
    uint64_t result = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      if (ABSL_PREDICT_FALSE(p_ == end_)) return false;
      const uint8_t byte = static_cast<uint8_t>(*p_++);
      result |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) {
        *value = result;
        return true;
      }
    }
    return false;  // an eleventh byte
  }

  const char* p_;
  const char* end_;
};

// Writes `value` at `p`, which has room for kMaxVarintBytes, and returns the end.
inline char* WriteVarint(uint64_t value, char* p) {
  while (value >= 0x80) {
    *p++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *p++ = static_cast<char>(value);
  return p;
}

inline size_t VarintSize(uint64_t value) {
  size_t size = 1;
  while (value >= 0x80) {
    value >>= 7;
    ++size;
  }
  return size;
}

inline void AppendVarint(uint64_t value, std::string* wire) {
  if (ABSL_PREDICT_TRUE(value < 0x80)) {
    wire->push_back(static_cast<char>(value));
    return;
  }
  char buffer[kMaxVarintBytes];
  wire->append(buffer, static_cast<size_t>(WriteVarint(value, buffer) - buffer));
}

inline void AppendTag(uint32_t number, WireType type, std::string* wire) { AppendVarint(MakeTag(number, type), wire); }

inline void AppendFixed64(uint64_t value, std::string* wire) {
  char buffer[8];
  for (int i = 0; i < 8; ++i) buffer[i] = static_cast<char>(value >> (8 * i));
  wire->append(buffer, 8);
}

inline void AppendFixed32(uint32_t value, std::string* wire) {
  char buffer[4];
  for (int i = 0; i < 4; ++i) buffer[i] = static_cast<char>(value >> (8 * i));
  wire->append(buffer, 4);
}

// The length and the bytes; the tag stands before them.
inline void AppendLengthDelimited(absl::string_view bytes, std::string* wire) {
  AppendVarint(bytes.size(), wire);
  wire->append(bytes.data(), bytes.size());
}

// A length-delimited value whose length is known only once it is written. One byte is kept for the length, which is
// enough for most; a longer value is moved up.
//
//   const size_t start = BeginLengthDelimited(wire);
//   ... append the content ...
//   EndLengthDelimited(start, wire);
inline size_t BeginLengthDelimited(std::string* wire) {
  wire->push_back('\0');
  return wire->size();
}
inline void EndLengthDelimited(size_t start, std::string* wire) {
  const size_t size = wire->size() - start;
  if (ABSL_PREDICT_TRUE(size < 0x80)) {
    (*wire)[start - 1] = static_cast<char>(size);
    return;
  }
  char buffer[kMaxVarintBytes];
  const size_t length = static_cast<size_t>(WriteVarint(size, buffer) - buffer);
  wire->insert(start, length - 1, '\0');
  std::memcpy(&(*wire)[start - 1], buffer, length);
}

}  // namespace penstock::codec

#endif  // PENSTOCK_GATEWAY_CODEC_WIRE_H_
