#include "gateway/grpc_gateway/go_time.h"

#include <cstddef>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"
#include "gateway/codec/time_text.h"

namespace penstock::grpc_gateway {
namespace {

constexpr int64_t kNanosPerSecond = 1000000000;
constexpr uint64_t kMaxMagnitude = uint64_t{1} << 63;  // of a Go Duration, negative
constexpr absl::string_view kLayout = "2006-01-02T15:04:05.999999999Z07:00";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

size_t CountDigits(absl::string_view text) {
  size_t count = 0;
  while (count < text.size() && IsDigit(text[count])) ++count;
  return count;
}

// Takes the elements of kLayout off a text, one by one. Each function returns false on a fault, which error() tells.
class TimeReader {
 public:
  explicit TimeReader(absl::string_view text) : text_(text), rest_(text) {}

  bool Read(int64_t* seconds, int32_t* nanos) {
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, offset = 0;
    const bool read = Year(&year) && Literal("-") && Number("01", 2, &month) &&
                      ((month >= 1 && month <= 12) || OutOfRange("month")) && Literal("-") && Number("02", 2, &day) &&
                      Literal("T") && Number("15", 1, &hour) && (hour < 24 || OutOfRange("hour")) && Literal(":") &&
                      Number("04", 2, &minute) && (minute < 60 || OutOfRange("minute")) && Literal(":") &&
                      Number("05", 2, &second) && (second < 60 || OutOfRange("second"));
    if (!read) return false;
    Fraction(nanos);
    if (!Offset(&offset)) return false;
    if (!rest_.empty()) return Fail(absl::StrCat(": extra text: ", GoTimeQuote(rest_)));
    const absl::CivilDay date(year, month, day);
    if (date.day() != day || date.month() != month) return OutOfRange("day");
    *seconds = (date - absl::CivilDay(1970, 1, 1)) * 86400 + (hour * 60 + minute) * 60 + second - offset;
    return true;
  }

  const GoError& error() const { return error_; }

 private:
  bool Fail(absl::string_view what) {
    error_ = absl::StrCat("parsing time ", GoTimeQuote(text_), what);
    return false;
  }
  bool OutOfRange(absl::string_view what) { return Fail(absl::StrCat(": ", what, " out of range")); }
  bool CannotParse(absl::string_view element) {
    return Fail(absl::StrCat(" as \"", kLayout, "\": cannot parse ", GoTimeQuote(rest_), " as \"", element, "\""));
  }

  bool Literal(absl::string_view c) { return absl::ConsumePrefix(&rest_, c) || CannotParse(c); }

  bool Year(int* year) {
    if (CountDigits(rest_.substr(0, 4)) < 4) return CannotParse("2006");
    *year = 0;
    for (const char digit : rest_.substr(0, 4)) *year = *year * 10 + (digit - '0');
    rest_.remove_prefix(4);
    return true;
  }

  // One or two digits, `least` at least.
  bool Number(absl::string_view element, size_t least, int* value) {
    const size_t digits = CountDigits(rest_.substr(0, 2));
    if (digits < least) return CannotParse(element);
    *value = rest_[0] - '0';
    if (digits == 2) *value = *value * 10 + (rest_[1] - '0');
    rest_.remove_prefix(digits);
    return true;
  }

  // A point or comma and digits, of which nine count; or nothing.
  void Fraction(int32_t* nanos) {
    *nanos = 0;
    if (rest_.size() < 2 || (rest_[0] != '.' && rest_[0] != ',') || !IsDigit(rest_[1])) return;
    const size_t digits = CountDigits(rest_.substr(1));
    for (size_t i = 1; i <= 9; ++i) *nanos = *nanos * 10 + (i <= digits ? rest_[i] - '0' : 0);
    rest_.remove_prefix(1 + digits);
  }

  // `Z` or `+hh:mm`.
  bool Offset(int* seconds) {
    constexpr absl::string_view kElement = "Z07:00";
    if (absl::ConsumePrefix(&rest_, "Z")) return true;
    if (rest_.size() < 6 || rest_[3] != ':') return CannotParse(kElement);
    const absl::string_view hours = rest_.substr(1, 2), minutes = rest_.substr(4, 2);
    const bool hours_are_digits = CountDigits(hours) == 2;
    const bool minutes_are_digits = hours_are_digits && CountDigits(minutes) == 2;
    const int hour = hours_are_digits ? (hours[0] - '0') * 10 + (hours[1] - '0') : 0;
    const int minute = minutes_are_digits ? (minutes[0] - '0') * 10 + (minutes[1] - '0') : 0;
    if (minute > 60) return OutOfRange("time zone offset minute");
    if (hour > 24) return OutOfRange("time zone offset hour");
    if (!minutes_are_digits || (rest_[0] != '+' && rest_[0] != '-')) return CannotParse(kElement);
    *seconds = (hour * 60 + minute) * (rest_[0] == '+' ? 60 : -60);
    rest_.remove_prefix(6);
    return true;
  }

  const absl::string_view text_;
  absl::string_view rest_;
  GoError error_;
};

GoError DurationError(absl::string_view what, absl::string_view text) {
  return absl::StrCat("time: ", what, " ", GoTimeQuote(text));
}

// Nanoseconds; 0: no such unit.
uint64_t UnitNanos(absl::string_view unit) {
  if (unit == "ns") return 1;
  if (unit == "us" || unit == "\xc2\xb5s" || unit == "\xce\xbcs") return 1000;  // micro sign, Greek mu
  if (unit == "ms") return 1000000;
  if (unit == "s") return kNanosPerSecond;
  if (unit == "m") return 60 * kNanosPerSecond;
  if (unit == "h") return 3600 * kNanosPerSecond;
  return 0;
}

// Takes a whole number off the front; false: beyond 2^63.
bool TakeWhole(absl::string_view* text, uint64_t* value) {
  *value = 0;
  for (; !text->empty() && IsDigit(text->front()); text->remove_prefix(1)) {
    if (*value > kMaxMagnitude / 10) return false;
    *value = *value * 10 + static_cast<uint64_t>(text->front() - '0');
    if (*value > kMaxMagnitude) return false;
  }
  return true;
}

// Takes digits behind a point off the front; those that no longer fit 63 bits are dropped.
void TakeFraction(absl::string_view* text, uint64_t* value, double* scale) {
  *value = 0;
  *scale = 1;
  bool full = false;
  for (; !text->empty() && IsDigit(text->front()); text->remove_prefix(1)) {
    if (full || *value > (kMaxMagnitude - 1) / 10) {
      full = true;
      continue;
    }
    const uint64_t next = *value * 10 + static_cast<uint64_t>(text->front() - '0');
    if (next > kMaxMagnitude) {
      full = true;
      continue;
    }
    *value = next;
    *scale *= 10;
  }
}

// Takes a number with its unit off the front and adds it to *nanos. What is wrong is a phrase of Go's; empty: nothing.
std::string TakeTerm(absl::string_view* text, uint64_t* nanos) {
  constexpr absl::string_view kInvalid = "invalid duration";
  if (text->front() != '.' && !IsDigit(text->front())) return std::string(kInvalid);
  const size_t before = text->size();
  uint64_t whole = 0, fraction = 0;
  double scale = 1;
  if (!TakeWhole(text, &whole)) return std::string(kInvalid);
  bool digits = text->size() != before;
  if (absl::ConsumePrefix(text, ".")) {
    const size_t point = text->size();
    TakeFraction(text, &fraction, &scale);
    digits = digits || text->size() != point;
  }
  if (!digits) return std::string(kInvalid);
  const absl::string_view name = text->substr(0, text->find_first_of(".0123456789"));
  if (name.empty()) return "missing unit in duration";
  const uint64_t unit = UnitNanos(name);
  if (unit == 0) return absl::StrCat("unknown unit ", GoTimeQuote(name), " in duration");
  text->remove_prefix(name.size());
  if (whole > kMaxMagnitude / unit) return std::string(kInvalid);
  whole *= unit;
  if (fraction > 0) {
    whole += static_cast<uint64_t>(static_cast<double>(fraction) * (static_cast<double>(unit) / scale));
    if (whole > kMaxMagnitude) return std::string(kInvalid);
  }
  *nanos += whole;  // 2^63 twice wraps to 0, as it does in Go
  return *nanos > kMaxMagnitude ? std::string(kInvalid) : std::string();
}

absl::string_view TrimQuotes(absl::string_view text) {
  const size_t begin = text.find_first_not_of('"');
  if (begin == absl::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of('"') - begin + 1);
}

GoError InvalidJson(absl::string_view type, absl::string_view text) {
  return absl::StrCat("proto: (line 1:1): invalid google.protobuf.", type, " value ", GoQuote(text));
}

GoError JsonOutOfRange(absl::string_view type, absl::string_view text) {
  return absl::StrCat("proto: (line 1:1): google.protobuf.", type, " value out of range: ", GoQuote(text));
}

// "1.5" without its sign and unit: a whole number without leading zeros, or none, then a point with at most nine digits
// behind it, or none.
bool ReadSeconds(absl::string_view text, int64_t* seconds, int32_t* nanos) {
  const size_t whole = CountDigits(text);
  if (text.empty() || (whole > 1 && text[0] == '0') || (whole == 0 && text[0] != '.')) return false;
  uint64_t magnitude = 0;
  if (!TakeWhole(&text, &magnitude) || magnitude == kMaxMagnitude) return false;
  *seconds = static_cast<int64_t>(magnitude);
  *nanos = 0;
  if (text.empty()) return true;
  if (!absl::ConsumePrefix(&text, ".")) return false;
  if (text.size() > 9 || CountDigits(text) != text.size()) return false;
  for (size_t i = 0; i < 9; ++i) *nanos = *nanos * 10 + (i < text.size() ? text[i] - '0' : 0);
  return true;
}

}  // namespace

GoError ParseGoTime(absl::string_view text, int64_t* seconds, int32_t* nanos) {
  TimeReader reader(text);
  if (!reader.Read(seconds, nanos)) return reader.error();
  if (!codec::IsTimestamp(*seconds, *nanos)) return absl::StrCat(text, " before 0001-01-01");
  return {};
}

GoError ParseGoDuration(absl::string_view text, int64_t* seconds, int32_t* nanos) {
  absl::string_view rest = text;
  const bool negative = absl::ConsumePrefix(&rest, "-");
  if (!negative) absl::ConsumePrefix(&rest, "+");
  uint64_t total = 0;
  if (rest.empty()) return DurationError("invalid duration", text);
  if (rest == "0") rest = {};
  while (!rest.empty()) {
    if (const std::string fault = TakeTerm(&rest, &total); !fault.empty()) return DurationError(fault, text);
  }
  if (total == kMaxMagnitude && !negative) return DurationError("invalid duration", text);
  const int64_t whole = static_cast<int64_t>(total / kNanosPerSecond);
  const int32_t part = static_cast<int32_t>(total % kNanosPerSecond);
  *seconds = negative ? -whole : whole;
  *nanos = negative ? -part : part;
  return {};
}

GoError ParseGoJsonTime(absl::string_view quoted, int64_t* seconds, int32_t* nanos) {
  const absl::string_view text = TrimQuotes(quoted);
  TimeReader reader(text);
  if (!reader.Read(seconds, nanos)) return InvalidJson("Timestamp", text);
  if (!codec::IsTimestamp(*seconds, *nanos)) return JsonOutOfRange("Timestamp", text);
  const size_t point = text.rfind('.');
  const size_t offset = text.find_last_of("Z-+");
  constexpr size_t kMostBytes = 10;  // the point and nanoseconds
  const bool too_fine = point != absl::string_view::npos && offset > point && offset - point > kMostBytes;
  return too_fine ? InvalidJson("Timestamp", text) : GoError();
}

GoError ParseGoJsonDuration(absl::string_view quoted, int64_t* seconds, int32_t* nanos) {
  const absl::string_view text = TrimQuotes(quoted);
  absl::string_view rest = text;
  if (!absl::ConsumeSuffix(&rest, "s")) return InvalidJson("Duration", text);
  const bool negative = absl::ConsumePrefix(&rest, "-");
  if (!negative) absl::ConsumePrefix(&rest, "+");
  if (!ReadSeconds(rest, seconds, nanos)) return InvalidJson("Duration", text);
  if (negative) {
    *seconds = -*seconds;
    *nanos = -*nanos;
  }
  // What has the largest whole seconds may have a fraction, too.
  return codec::IsDuration(*seconds, 0) ? GoError() : JsonOutOfRange("Duration", text);
}

}  // namespace penstock::grpc_gateway
