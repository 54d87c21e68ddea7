#include "gateway/base/json_string.h"

#include <cstddef>
#include <cstdint>

#include "absl/strings/str_format.h"

namespace penstock {
namespace {

struct Decoded {
  uint32_t code = 0;
  size_t length = 0;  // 0: not UTF-8
};

// One character by RFC 3629 section 4: shortest form, no surrogates, at most U+10FFFF.
Decoded DecodeOne(absl::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(0);
  if (first < 0x80) return {first, 1};
  const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return {};
  uint32_t code = first & (0x7fu >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    code = (code << 6) | (byte(i) & 0x3fu);
  }
  constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kSmallest[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return {};
  return {code, length};
}

bool MustEscape(uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029;
}

// How many characters from the front are ASCII that stands for itself.
size_t PlainPrefix(absl::string_view text) {
  size_t size = 0;
  while (size < text.size() && text[size] >= 0x20 && text[size] < 0x7f && text[size] != '"' && text[size] != '\\') {
    ++size;
  }
  return size;
}

}  // namespace

void AppendJsonString(absl::string_view text, std::string* out) {
  out->push_back('"');
  while (true) {
    const size_t plain = PlainPrefix(text);
    out->append(text.data(), plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const Decoded decoded = DecodeOne(text);
    if (decoded.length == 0) {
      out->append("\\ufffd");
      text.remove_prefix(1);
      continue;
    }
    if (decoded.code == '"' || decoded.code == '\\') {
      out->push_back('\\');
      out->push_back(text[0]);
    } else if (decoded.code == '\n') {
      out->append("\\n");
    } else if (MustEscape(decoded.code)) {
      absl::StrAppendFormat(out, "\\u%04x", decoded.code);
    } else {
      out->append(text.data(), decoded.length);
    }
    text.remove_prefix(decoded.length);
  }
  out->push_back('"');
}

}  // namespace penstock
