#include "gateway/codec/number_text.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <system_error>
#include <type_traits>

#include "absl/strings/charconv.h"

namespace penstock::codec {
namespace {

constexpr Fault kNoFault;
constexpr Fault kNotWhole = "is not a whole number";
constexpr Fault kNotNumber = "is not a number";
constexpr Fault kOutOfRange = "is out of range";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// A number in JSON's grammar, taken apart.
struct Number {
  bool negative = false;
  absl::string_view whole;
  absl::string_view fraction;
  int exponent = 0;  // no larger in either direction than kMaxExponent
};

// Beyond this every number is zero or out of range, however many digits it has: texts are shorter.
constexpr int kMaxExponent = 1 << 30;

absl::string_view TakeDigits(absl::string_view* text) {
  size_t count = 0;
  while (count < text->size() && IsDigit((*text)[count])) ++count;
  const absl::string_view digits = text->substr(0, count);
  text->remove_prefix(count);
  return digits;
}

bool TakeChar(absl::string_view* text, char c) {
  if (text->empty() || text->front() != c) return false;
  text->remove_prefix(1);
  return true;
}

bool TakeExponent(absl::string_view* text, int* exponent) {
  if (!TakeChar(text, 'e') && !TakeChar(text, 'E')) return true;
  const bool negative = TakeChar(text, '-');
  if (!negative) TakeChar(text, '+');
  const absl::string_view digits = TakeDigits(text);
  int64_t value = 0;
  for (const char digit : digits) value = value < kMaxExponent ? value * 10 + (digit - '0') : value;
  if (value > kMaxExponent) value = kMaxExponent;
  *exponent = static_cast<int>(negative ? -value : value);
  return !digits.empty();
}

bool ParseNumber(absl::string_view text, Number* number) {
  number->negative = TakeChar(&text, '-');
  number->whole = TakeDigits(&text);
  if (number->whole.empty() || (number->whole.size() > 1 && number->whole[0] == '0')) return false;
  if (TakeChar(&text, '.')) {
    number->fraction = TakeDigits(&text);
    if (number->fraction.empty()) return false;
  }
  return TakeExponent(&text, &number->exponent) && text.empty();
}

// The whole number that `number` is, exactly, as decimal text of at most 20 digits.
Fault WholeText(const Number& number, std::string* text) {
  std::string digits(number.whole.data(), number.whole.size());
  digits.append(number.fraction.data(), number.fraction.size());
  int64_t exponent = int64_t{number.exponent} - static_cast<int64_t>(number.fraction.size());
  while (!digits.empty() && digits.back() == '0') {
    digits.pop_back();
    ++exponent;
  }
  digits.erase(0, digits.find_first_not_of('0'));
  if (digits.empty()) {
    *text = "0";
    return kNoFault;
  }
  if (exponent < 0) return kNotWhole;
  if (static_cast<int64_t>(digits.size()) + exponent > 20) return kOutOfRange;
  *text = (number.negative ? "-" : "") + digits + std::string(static_cast<size_t>(exponent), '0');
  return kNoFault;
}

template <typename Int>
Fault FromDecimal(absl::string_view text, Int* value) {
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, *value);
  if (error == std::errc::result_out_of_range) return kOutOfRange;
  if (error == std::errc() && at == end) return kNoFault;
  // Only an unsigned type refuses a sign before digits.
  absl::string_view digits = text;
  if (std::is_unsigned_v<Int> && TakeChar(&digits, '-') && !TakeDigits(&digits).empty() && digits.empty()) {
    return kOutOfRange;
  }
  return kNotWhole;
}

template <typename Int>
Fault ParseInteger(absl::string_view text, TextForm form, Int* value) {
  const Fault fault = FromDecimal(text, value);
  if (form == TextForm::kUrl) return fault;
  const size_t first = !text.empty() && text[0] == '-' ? 1 : 0;
  const bool leading_zero = text.size() > first + 1 && text[first] == '0' && IsDigit(text[first + 1]);
  if (fault.empty() && !leading_zero) return fault;
  Number number;
  if (leading_zero || !ParseNumber(text, &number)) return kNotWhole;
  std::string whole;
  if (const Fault not_whole = WholeText(number, &whole); !not_whole.empty()) return not_whole;
  return FromDecimal(whole, value);
}

template <typename Real>
Fault ParseReal(absl::string_view text, Real* value) {
  if (text == "NaN") {
    *value = std::numeric_limits<Real>::quiet_NaN();
  } else if (text == "Infinity") {
    *value = std::numeric_limits<Real>::infinity();
  } else if (text == "-Infinity") {
    *value = -std::numeric_limits<Real>::infinity();
  } else {
    Number number;
    if (!ParseNumber(text, &number)) return kNotNumber;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), *value);
    if (result.ec == std::errc::result_out_of_range) {
      // The standard's function does not say in which direction; this one leaves a value that does.
      absl::from_chars(text.data(), text.data() + text.size(), *value);
      if (std::abs(*value) > 1) return kOutOfRange;
      *value = number.negative ? -Real(0) : Real(0);
    }
  }
  return kNoFault;
}

}  // namespace

Fault ParseInt64(absl::string_view text, TextForm form, int64_t* value) { return ParseInteger(text, form, value); }
Fault ParseUint64(absl::string_view text, TextForm form, uint64_t* value) { return ParseInteger(text, form, value); }
Fault ParseInt32(absl::string_view text, TextForm form, int32_t* value) { return ParseInteger(text, form, value); }
Fault ParseUint32(absl::string_view text, TextForm form, uint32_t* value) { return ParseInteger(text, form, value); }
bool IsJsonNumber(absl::string_view text) {
  Number number;
  return ParseNumber(text, &number);
}

Fault ParseDouble(absl::string_view text, double* value) { return ParseReal(text, value); }
Fault ParseFloat(absl::string_view text, float* value) { return ParseReal(text, value); }

}  // namespace penstock::codec
