#include "gateway/grpc_gateway/go_error.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "absl/strings/str_format.h"
#include "gateway/codec/json_text.h"

namespace penstock::grpc_gateway {
namespace {

constexpr char kHex[] = "0123456789abcdef";

void AppendHexByte(unsigned char byte, std::string* out) {
  out->append("\\x");
  out->push_back(kHex[byte >> 4]);
  out->push_back(kHex[byte & 15]);
}

// The letter behind the backslash; NUL: this character has none.
char ShortEscape(char c) {
  switch (c) {
    case '\a':
      return 'a';
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    case '\v':
      return 'v';
    case '"':
    case '\\':
      return c;
    default:
      return '\0';
  }
}

void AppendAscii(char c, std::string* out) {
  if (const char letter = ShortEscape(c); letter != '\0') {
    out->push_back('\\');
    out->push_back(letter);
  } else if (c < ' ' || c == '\x7f') {
    AppendHexByte(static_cast<unsigned char>(c), out);
  } else {
    out->push_back(c);
  }
}

// How many bytes the character that begins `text`, which is not ASCII, has; 0: it is broken.
size_t CharacterSize(absl::string_view text) {
  const unsigned char lead = static_cast<unsigned char>(text[0]);
  const size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  const absl::string_view character = text.substr(0, size);
  return character.size() == size && codec::Utf8Prefix(character) == size ? size : 0;
}

uint32_t CodePoint(absl::string_view character) {
  uint32_t code = static_cast<unsigned char>(character[0]) & (0xffu >> (character.size() + 1));
  for (const char c : character.substr(1)) code = code << 6 | (static_cast<unsigned char>(c) & 0x3f);
  return code;
}

// Controls, spaces of other widths, format characters and private use: what Go does not print, as far as it matters.
bool IsHidden(uint32_t code) {
  constexpr struct {
    uint32_t first, last;
  } kHidden[] = {{0x80, 0xa0},     {0xad, 0xad},     {0x1680, 0x1680}, {0x2000, 0x200f}, {0x2028, 0x202f},
                 {0x205f, 0x206f}, {0x3000, 0x3000}, {0xe000, 0xf8ff}, {0xfeff, 0xfeff}, {0xfff0, 0xfffb}};
  return std::any_of(std::begin(kHidden), std::end(kHidden),
                     [code](const auto& range) { return code >= range.first && code <= range.last; });
}

}  // namespace

std::string GoQuote(absl::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    if (static_cast<signed char>(text[0]) >= 0) {
      AppendAscii(text[0], &out);
      text.remove_prefix(1);
      continue;
    }
    const size_t size = CharacterSize(text);
    if (size == 0) {
      AppendHexByte(static_cast<unsigned char>(text[0]), &out);
      text.remove_prefix(1);
      continue;
    }
    const uint32_t code = CodePoint(text.substr(0, size));
    if (IsHidden(code)) {
      absl::StrAppendFormat(&out, "\\u%04x", code);
    } else {
      out.append(text.data(), size);
    }
    text.remove_prefix(size);
  }
  out.push_back('"');
  return out;
}

std::string GoTimeQuote(absl::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (static_cast<signed char>(c) < ' ') {  // which is what lies beyond ASCII, too
      AppendHexByte(static_cast<unsigned char>(c), &out);
      continue;
    }
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
  return out;
}

}  // namespace penstock::grpc_gateway
