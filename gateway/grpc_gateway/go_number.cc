#include "gateway/grpc_gateway/go_number.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>

#include "absl/strings/charconv.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace penstock::grpc_gateway {
namespace {

constexpr absl::string_view kSyntax = "invalid syntax";
constexpr absl::string_view kRange = "value out of range";

GoError NumError(absl::string_view function, absl::string_view text, absl::string_view what) {
  return absl::StrCat("strconv.", function, ": parsing ", GoQuote(text), ": ", what);
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

uint64_t MaxOf(int bits) { return bits == 64 ? UINT64_MAX : (uint64_t{1} << bits) - 1; }

// Reads digits up to `max`. What is wrong first decides, from left to right: an overflow hides nonsense behind it.
absl::string_view ScanDigits(absl::string_view text, uint64_t max, uint64_t* value) {
  if (text.empty()) return kSyntax;
  uint64_t number = 0;
  for (const char c : text) {
    if (!IsDigit(c)) return kSyntax;
    const uint64_t digit = static_cast<uint64_t>(c - '0');
    if (number > (max - digit) / 10) return kRange;
    number = number * 10 + digit;
  }
  *value = number;
  return {};
}

size_t CountDigits(absl::string_view text) {
  size_t count = 0;
  while (count < text.size() && IsDigit(text[count])) ++count;
  return count;
}

// Digits with a point somewhere among or beside them, then an exponent or not.
bool IsDecimalFloat(absl::string_view text) {
  size_t digits = CountDigits(text);
  text.remove_prefix(digits);
  if (absl::ConsumePrefix(&text, ".")) {
    const size_t behind = CountDigits(text);
    digits += behind;
    text.remove_prefix(behind);
  }
  if (digits == 0) return false;
  if (text.empty()) return true;
  if (text[0] != 'e' && text[0] != 'E') return false;
  text.remove_prefix(1);
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) text.remove_prefix(1);
  return !text.empty() && CountDigits(text) == text.size();
}

// What ParseFloat would take for infinity or NaN, and the gateway then refuses.
bool IsOtherSpelling(absl::string_view text, absl::string_view unsigned_text) {
  return absl::EqualsIgnoreCase(unsigned_text, "inf") || absl::EqualsIgnoreCase(unsigned_text, "infinity") ||
         absl::EqualsIgnoreCase(text, "nan");
}

template <typename Real>
GoError ParseReal(absl::string_view text, Real* value) {
  constexpr Real kInfinity = std::numeric_limits<Real>::infinity();
  if (text == "NaN" || text == "Infinity" || text == "-Infinity") {
    *value = text == "NaN" ? std::numeric_limits<Real>::quiet_NaN() : text == "Infinity" ? kInfinity : -kInfinity;
    return {};
  }
  absl::string_view digits = text;
  const bool negative = absl::ConsumePrefix(&digits, "-");
  if (!negative) absl::ConsumePrefix(&digits, "+");
  if (text.find_first_of("xX_") != absl::string_view::npos || IsOtherSpelling(text, digits)) {
    return absl::StrCat(kSyntax, " ", GoQuote(text));
  }
  if (!IsDecimalFloat(digits)) return NumError("ParseFloat", text, kSyntax);
  Real magnitude = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), magnitude);
  if (result.ec == std::errc::result_out_of_range) {
    // The standard's function does not say in which direction; this one leaves a value that does.
    absl::from_chars(digits.data(), digits.data() + digits.size(), magnitude);
    if (magnitude > 1) return NumError("ParseFloat", text, kRange);
    magnitude = 0;
  }
  *value = negative ? -magnitude : magnitude;
  return {};
}

}  // namespace

GoError ParseGoInt(absl::string_view text, int bits, int64_t* value) {
  absl::string_view digits = text;
  const bool negative = absl::ConsumePrefix(&digits, "-");
  if (!negative) absl::ConsumePrefix(&digits, "+");
  uint64_t magnitude = 0;
  const absl::string_view fault = ScanDigits(digits, MaxOf(bits), &magnitude);
  if (!fault.empty()) return NumError("ParseInt", text, fault);
  const uint64_t limit = uint64_t{1} << (bits - 1);
  if (magnitude > limit || (magnitude == limit && !negative)) return NumError("ParseInt", text, kRange);
  *value = static_cast<int64_t>(negative ? ~magnitude + 1 : magnitude);
  return {};
}

GoError ParseGoUint(absl::string_view text, int bits, uint64_t* value) {
  const absl::string_view fault = ScanDigits(text, MaxOf(bits), value);
  return fault.empty() ? GoError() : NumError("ParseUint", text, fault);
}

GoError ParseGoFloat(absl::string_view text, float* value) { return ParseReal(text, value); }
GoError ParseGoFloat(absl::string_view text, double* value) { return ParseReal(text, value); }

GoError ParseGoBool(absl::string_view text, bool* value) {
  for (const absl::string_view yes : {"1", "t", "T", "true", "TRUE", "True"}) {
    if (text == yes) {
      *value = true;
      return {};
    }
  }
  for (const absl::string_view no : {"0", "f", "F", "false", "FALSE", "False"}) {
    if (text == no) {
      *value = false;
      return {};
    }
  }
  return NumError("ParseBool", text, kSyntax);
}

}  // namespace penstock::grpc_gateway
