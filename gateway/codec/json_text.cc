#include "gateway/codec/json_text.h"

#include <algorithm>
#include <cmath>
#include <limits>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace penstock::codec {
namespace {

constexpr char kHex[] = "0123456789abcdef";
constexpr char kBase64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr size_t kWide = 16;  // bytes looked at together

// A bit for each of the kWide bytes at `p` that cannot be copied as it is: a control character, `"`, `\` or a byte
// that is not ASCII. The bytes are stored at `to` in passing.
#ifdef __SSE2__
inline uint32_t CopyWide(const char* p, char* to) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bytes);
  // Signed: what is not ASCII is below 0x20 too.
  const __m128i low = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));
  const __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
  const __m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
  return static_cast<uint32_t>(_mm_movemask_epi8(_mm_or_si128(low, _mm_or_si128(quote, backslash))));
}
#else
inline uint32_t CopyWide(const char* p, char* to) {
  uint32_t mask = 0;
  for (size_t i = 0; i < kWide; ++i) {
    const char c = p[i];
    to[i] = c;
    mask |= static_cast<uint32_t>(static_cast<signed char>(c) < 0x20 || c == '"' || c == '\\') << i;
  }
  return mask;
}
#endif

inline bool IsPlain(char c) { return static_cast<signed char>(c) >= 0x20 && c != '"' && c != '\\'; }

inline bool IsTail(const char* p) { return (static_cast<unsigned char>(*p) & 0xc0) == 0x80; }

// The length of the well-formed UTF-8 sequence at `p`, of at least two bytes. 0: it is not well-formed (RFC 3629,
// section 4: no overlong form, no surrogate, nothing above U+10FFFF).
size_t SequenceLength(const char* p, const char* end) {
  const unsigned char lead = static_cast<unsigned char>(*p);
  const size_t left = static_cast<size_t>(end - p);
  if (lead < 0xc2) return 0;
  if (lead < 0xe0) return left >= 2 && IsTail(p + 1) ? 2 : 0;
  const unsigned char second = left >= 2 ? static_cast<unsigned char>(p[1]) : 0;
  if (lead < 0xf0) {
    if (left < 3 || !IsTail(p + 1) || !IsTail(p + 2)) return 0;
    return (lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ? 0 : 3;
  }
  if (lead > 0xf4 || left < 4 || !IsTail(p + 1) || !IsTail(p + 2) || !IsTail(p + 3)) return 0;
  return (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f) ? 0 : 4;
}

char* WriteText(const char* text, char* p) {
  while (*text != '\0') *p++ = *text++;
  return p;
}

// Digits and exponent of d.ddd × 10^exponent.
struct Decimal {
  char digits[20];
  int count;
  int exponent;
};

template <typename Real>
Decimal Shortest(Real value) {
  char text[32];
  const char* const end = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific).ptr;
  Decimal decimal;
  decimal.count = 0;
  const char* p = text;
  for (; *p != 'e'; ++p) {
    if (*p != '.') decimal.digits[decimal.count++] = *p;
  }
  std::from_chars(p + (p[1] == '+' ? 2 : 1), end, decimal.exponent);
  return decimal;
}

char* WriteDecimal(const Decimal& decimal, char* p) {
  const auto copy = [&p, &decimal](int from, int to) {
    for (int i = from; i < to; ++i) *p++ = decimal.digits[i];
  };
  const auto zeros = [&p](int count) {
    for (int i = 0; i < count; ++i) *p++ = '0';
  };
  const int whole = decimal.exponent + 1;  // digits before the point
  if (decimal.exponent < -6 || decimal.exponent >= 21) {
    copy(0, 1);
    if (decimal.count > 1) *p++ = '.';
    copy(1, decimal.count);
    *p++ = 'e';
    if (decimal.exponent > 0) *p++ = '+';
    return std::to_chars(p, p + 4, decimal.exponent).ptr;
  }
  if (whole <= 0) {
    p = WriteText("0.", p);
    zeros(-whole);
    copy(0, decimal.count);
  } else if (whole >= decimal.count) {
    copy(0, decimal.count);
    zeros(whole - decimal.count);
  } else {
    copy(0, whole);
    *p++ = '.';
    copy(whole, decimal.count);
  }
  return p;
}

template <typename Real>
char* WriteReal(Real value, char* p) {
  constexpr Real kExactIntegers = Real(int64_t{1} << std::numeric_limits<Real>::digits);
  if (std::isnan(value)) return WriteText("\"NaN\"", p);
  if (std::isinf(value)) return WriteText(value > 0 ? "\"Infinity\"" : "\"-Infinity\"", p);
  if (value > -kExactIntegers && value < kExactIntegers) {
    const int64_t whole = static_cast<int64_t>(value);
    if (static_cast<Real>(whole) == value && (whole != 0 || !std::signbit(value))) {
      return std::to_chars(p, p + 24, whole).ptr;
    }
  }
  if (std::signbit(value)) *p++ = '-';
  return WriteDecimal(Shortest(std::abs(value)), p);
}

}  // namespace

size_t Utf8Prefix(absl::string_view text) {
  const char* const end = text.data() + text.size();
  const char* p = text.data();
  while (p != end) {
    const size_t length = static_cast<signed char>(*p) >= 0 ? 1 : SequenceLength(p, end);
    if (length == 0) break;
    p += length;
  }
  return static_cast<size_t>(p - text.data());
}

void JsonWriter::Flush() {
  const size_t size = static_cast<size_t>(p_ - begin_);
  p_ = begin_;
  if (full_ || size > room_) {
    full_ = true;
    return;
  }
  room_ -= size;
  out_->append(begin_, size);
}

void JsonWriter::Raw(absl::string_view text) {
  while (!text.empty()) {
    Room(1);
    const size_t part = std::min(text.size(), static_cast<size_t>(end_ - p_));
    std::memcpy(p_, text.data(), part);
    p_ += part;
    text.remove_prefix(part);
  }
}

void JsonWriter::Double(double value) {
  Room(kTokenBytes);
  p_ = WriteReal(value, p_);
}

void JsonWriter::Float(float value) {
  Room(kTokenBytes);
  p_ = WriteReal(value, p_);
}

bool JsonWriter::String(absl::string_view text) {
  Char('"');
  const char* from = text.data();
  const char* const end = from + text.size();
  while (static_cast<size_t>(end - from) >= kWide) {
    Room(kTokenBytes);
    const uint32_t special = CopyWide(from, p_);
    if (ABSL_PREDICT_TRUE(special == 0)) {
      from += kWide;
      p_ += kWide;
      continue;
    }
    const int plain = __builtin_ctz(special);
    p_ += plain;
    from = Special(from + plain, end);
    if (from == nullptr) return false;
  }
  while (from != end) {
    Room(kTokenBytes);
    if (ABSL_PREDICT_TRUE(IsPlain(*from))) {
      *p_++ = *from++;
      continue;
    }
    from = Special(from, end);
    if (from == nullptr) return false;
  }
  Char('"');
  return true;
}

// Writes what cannot be copied as it is, and what follows of the same sort. Null: not UTF-8.
const char* JsonWriter::Special(const char* from, const char* end) {
  if (static_cast<signed char>(*from) < 0) return NotAscii(from, end);
  Room(kTokenBytes);
  Escape(static_cast<unsigned char>(*from));
  return from + 1;
}

const char* JsonWriter::NotAscii(const char* from, const char* end) {
  do {
    const size_t length = SequenceLength(from, end);
    if (ABSL_PREDICT_FALSE(length == 0)) return nullptr;
    Room(kTokenBytes);
    // U+2028 and U+2029 end a line in ECMAScript before 2019, and for some readers of lines.
    if (ABSL_PREDICT_FALSE(length == 3 && std::memcmp(from, "\xe2\x80", 2) == 0 &&
                           (from[2] == '\xa8' || from[2] == '\xa9'))) {
      p_ = WriteText(from[2] == '\xa8' ? "\\u2028" : "\\u2029", p_);
    } else {
      for (size_t i = 0; i < length; ++i) *p_++ = from[i];
    }
    from += length;
  } while (from != end && static_cast<signed char>(*from) < 0);
  return from;
}

void JsonWriter::Escape(unsigned char c) {
  *p_++ = '\\';
  switch (c) {
    case '"':
    case '\\':
      *p_++ = static_cast<char>(c);
      return;
    case '\b':
      *p_++ = 'b';
      return;
    case '\f':
      *p_++ = 'f';
      return;
    case '\n':
      *p_++ = 'n';
      return;
    case '\r':
      *p_++ = 'r';
      return;
    case '\t':
      *p_++ = 't';
      return;
    default:
      p_ = WriteText("u00", p_);
      *p_++ = kHex[c >> 4];
      *p_++ = kHex[c & 15];
  }
}

void JsonWriter::Base64(absl::string_view bytes) {
  Char('"');
  const unsigned char* from = reinterpret_cast<const unsigned char*>(bytes.data());
  size_t left = bytes.size();
  for (; left >= 3; left -= 3, from += 3) {
    Room(kTokenBytes);
    const uint32_t group = static_cast<uint32_t>(from[0]) << 16 | static_cast<uint32_t>(from[1]) << 8 | from[2];
    p_[0] = kBase64[group >> 18];
    p_[1] = kBase64[group >> 12 & 63];
    p_[2] = kBase64[group >> 6 & 63];
    p_[3] = kBase64[group & 63];
    p_ += 4;
  }
  Room(kTokenBytes);
  if (left > 0) {
    const uint32_t group = static_cast<uint32_t>(from[0]) << 16 | (left == 2 ? static_cast<uint32_t>(from[1]) << 8 : 0);
    *p_++ = kBase64[group >> 18];
    *p_++ = kBase64[group >> 12 & 63];
    *p_++ = left == 2 ? kBase64[group >> 6 & 63] : '=';
    *p_++ = '=';
  }
  *p_++ = '"';
}

}  // namespace penstock::codec
