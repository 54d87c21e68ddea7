#include "gateway/route/percent.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace penstock::route {
namespace {

constexpr size_t kEscapeLength = 3;  // "%2F"

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The characters whose escapes stay, by mode.
absl::string_view Kept(Unescape mode, bool multi_segment) {
  if (!multi_segment) return "";
  switch (mode) {
    case Unescape::kAllExceptReserved:
      return ":/?#[]@!$&'()*+,;=";
    case Unescape::kAllExceptSlash:
      return "/";
    case Unescape::kLegacy:
    case Unescape::kAll:
      break;
  }
  return "";
}

// Appends decoded bytes to `out` until it has `limit` of them. Returns the offset in `text` where it stopped.
absl::StatusOr<size_t> DecodeUntil(absl::string_view text, absl::string_view kept, size_t limit, std::string& out) {
  size_t at = 0;
  while (at < text.size() && out.size() < limit) {
    char byte = text[at];
    size_t length = 1;
    if (byte == '%') {
      const int high = at + 1 < text.size() ? HexDigit(text[at + 1]) : -1;
      const int low = at + 2 < text.size() ? HexDigit(text[at + 2]) : -1;
      if (high < 0 || low < 0) {
        return absl::InvalidArgumentError(absl::StrCat("malformed escape at byte ", at));
      }
      byte = static_cast<char>(high * 16 + low);
      length = kEscapeLength;
    }
    if (length == kEscapeLength && kept.find(byte) != absl::string_view::npos) {
      out.append(text.data() + at, length);
    } else {
      out.push_back(byte);
    }
    at += length;
  }
  return at;
}

// What the first byte of a sequence says of it: its length, 0 for none, and the bounds of its second byte, which rule
// out overlong forms, surrogates and what lies beyond U+10FFFF.
struct Sequence {
  size_t length;
  uint8_t second_min;
  uint8_t second_max;
};

Sequence SequenceOf(uint8_t first) {
  if (first < 0x80) return {1, 0, 0};
  if (first < 0xC2) return {0, 0, 0};
  if (first < 0xE0) return {2, 0x80, 0xBF};
  if (first == 0xE0) return {3, 0xA0, 0xBF};
  if (first == 0xED) return {3, 0x80, 0x9F};
  if (first < 0xF0) return {3, 0x80, 0xBF};
  if (first == 0xF0) return {4, 0x90, 0xBF};
  if (first < 0xF4) return {4, 0x80, 0xBF};
  if (first == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

}  // namespace

size_t FindInvalidUtf8(absl::string_view text) {
  const auto byte = [&](size_t at) { return static_cast<uint8_t>(text[at]); };
  size_t at = 0;
  while (at < text.size()) {
    const Sequence sequence = SequenceOf(byte(at));
    if (sequence.length == 0 || sequence.length > text.size() - at) return at;
    if (sequence.length > 1 && (byte(at + 1) < sequence.second_min || byte(at + 1) > sequence.second_max)) return at;
    for (size_t i = 2; i < sequence.length; ++i) {
      if ((byte(at + i) & 0xC0) != 0x80) return at;
    }
    at += sequence.length;
  }
  return absl::string_view::npos;
}

absl::StatusOr<std::string> PercentDecodeBytes(absl::string_view text, Unescape mode, bool multi_segment) {
  std::string out;
  out.reserve(text.size());
  const absl::StatusOr<size_t> decoded =
      DecodeUntil(text, Kept(mode, multi_segment), std::numeric_limits<size_t>::max(), out);
  if (!decoded.ok()) return decoded.status();
  return out;
}

absl::StatusOr<std::string> PercentDecode(absl::string_view text, Unescape mode, bool multi_segment) {
  absl::StatusOr<std::string> out = PercentDecodeBytes(text, mode, multi_segment);
  if (!out.ok()) return out;
  const size_t nul = out->find('\0');
  const size_t invalid = std::min(nul, FindInvalidUtf8(*out));
  if (invalid == absl::string_view::npos) return out;
  std::string before;
  const size_t offset = DecodeUntil(text, Kept(mode, multi_segment), invalid, before).value();
  return absl::InvalidArgumentError(absl::StrCat(invalid == nul ? "NUL" : "invalid UTF-8", " at byte ", offset));
}

}  // namespace penstock::route
