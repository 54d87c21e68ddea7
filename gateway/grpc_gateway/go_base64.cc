#include "gateway/grpc_gateway/go_base64.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/strings/str_cat.h"

namespace penstock::grpc_gateway {
namespace {

constexpr absl::string_view kStandardAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr absl::string_view kUrlAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

using Base64Table = std::array<signed char, 256>;

// By byte: the six bits that it stands for; -1: none.
constexpr Base64Table MakeTable(absl::string_view alphabet) {
  Base64Table table{};
  for (signed char& entry : table) entry = -1;
  for (size_t i = 0; i < 64; ++i) table[static_cast<unsigned char>(alphabet[i])] = static_cast<signed char>(i);
  return table;
}
constexpr Base64Table kStandard = MakeTable(kStandardAlphabet);
constexpr Base64Table kUrl = MakeTable(kUrlAlphabet);

size_t SkipNewlines(absl::string_view text, size_t at) {
  while (at < text.size() && (text[at] == '\n' || text[at] == '\r')) ++at;
  return at;
}

// What the last, incomplete group of digits means: one byte less than it has digits.
void AppendPartialGroup(uint32_t group, size_t digits, std::string* bytes) {
  if (digits >= 2) bytes->push_back(static_cast<char>(group >> (6 * digits - 8)));
  if (digits == 3) bytes->push_back(static_cast<char>(group >> 2));
}

// Checks the padding that begins at `at`, behind `digits` of a group; npos, or where it is wrong.
size_t CheckPadding(absl::string_view text, size_t at, size_t digits) {
  if (digits < 2) return at;
  size_t next = at + 1;
  if (digits == 2) {
    next = SkipNewlines(text, next);
    if (next == text.size()) return next;
    if (text[next] != '=') return next - 1;
    ++next;
  }
  next = SkipNewlines(text, next);
  return next < text.size() ? next : absl::string_view::npos;
}

// Appends the decoded bytes. npos, or where the first fault is. Padding is due where `padded`, line breaks are passed
// over, stray bits at the end do not matter: so it is in Go.
size_t Decode(absl::string_view text, const Base64Table& table, bool padded, std::string* bytes) {
  uint32_t group = 0;
  size_t digits = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const signed char value = table[static_cast<unsigned char>(text[i])];
    if (value < 0) {
      if (text[i] == '\n' || text[i] == '\r') continue;
      if (!padded || text[i] != '=') return i;
      const size_t fault = CheckPadding(text, i, digits);
      AppendPartialGroup(group, digits, bytes);
      return fault;
    }
    group = group << 6 | static_cast<uint32_t>(value);
    if (++digits < 4) continue;
    bytes->append({static_cast<char>(group >> 16), static_cast<char>(group >> 8), static_cast<char>(group)});
    digits = 0;
  }
  if (digits == 1 || (digits > 0 && padded)) return text.size() - digits;
  AppendPartialGroup(group, digits, bytes);
  return absl::string_view::npos;
}

}  // namespace

GoError DecodeGoBase64(absl::string_view text, GoBase64 kind, std::string* bytes) {
  const bool url = kind == GoBase64::kEither && text.find_first_of("-_") != absl::string_view::npos;
  const bool padded = kind == GoBase64::kPadded || text.size() % 4 == 0;
  const size_t fault = Decode(text, url ? kUrl : kStandard, padded, bytes);
  return fault == absl::string_view::npos ? GoError() : absl::StrCat("illegal base64 data at input byte ", fault);
}

}  // namespace penstock::grpc_gateway
