#include "tests/bench/tick_line.h"

#include "absl/strings/match.h"

namespace penstock::bench {
namespace {

constexpr int64_t kNanosPerSecond = 1'000'000'000;

absl::string_view WithoutHeartbeats(absl::string_view line) {
  const size_t start = line.find_first_not_of(' ');
  return start == absl::string_view::npos ? absl::string_view() : line.substr(start);
}

// Reads `digits` digits at the front of `text` and removes them; -1 where there are fewer.
int64_t TakeDigits(absl::string_view& text, size_t digits) {
  if (text.size() < digits) return -1;
  int64_t value = 0;
  for (size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool TakeChar(absl::string_view& text, char c) {
  if (text.empty() || text[0] != c) return false;
  text.remove_prefix(1);
  return true;
}

// Days from 1970-01-01 to a day of the Gregorian calendar: years counted from March, in eras of 400.
int64_t DaysSinceEpoch(int64_t year, int64_t month, int64_t day) {
  constexpr int64_t kDaysPerEra = 146'097, kDaysTo1970 = 719'468;
  year -= month <= 2 ? 1 : 0;
  const int64_t era = year / 400, year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * kDaysPerEra + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - kDaysTo1970;
}

// The fraction after the point, in nanoseconds; leaves what follows it.
int64_t TakeFraction(absl::string_view& text) {
  int64_t nanos = 0, unit = kNanosPerSecond / 10;
  for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; text.remove_prefix(1), unit /= 10) {
    nanos += (text[0] - '0') * unit;
  }
  return nanos;
}

}  // namespace

LineKind KindOf(absl::string_view line) {
  line = WithoutHeartbeats(line);
  if (absl::StartsWith(line, "{\"type\":\"tick\"")) return LineKind::kTick;
  if (absl::StartsWith(line, "{\"end\":")) return LineKind::kEnd;
  if (absl::StartsWith(line, "{\"error\":")) return LineKind::kError;
  return LineKind::kOther;
}

absl::optional<uint64_t> SequenceOf(absl::string_view line) {
  constexpr absl::string_view kKey = "\"sequence\":\"", kTail = "\"}}";
  if (!absl::EndsWith(line, kTail)) return absl::nullopt;
  line.remove_suffix(kTail.size());
  uint64_t value = 0, unit = 1;
  size_t digits = 0;
  for (; !line.empty() && line.back() >= '0' && line.back() <= '9'; line.remove_suffix(1), ++digits, unit *= 10) {
    value += static_cast<uint64_t>(line.back() - '0') * unit;
  }
  if (digits == 0 || !absl::EndsWith(line, kKey)) return absl::nullopt;
  return value;
}

absl::optional<int64_t> TimeOf(absl::string_view line) {
  constexpr absl::string_view kKey = "\"time\":\"";
  const size_t key = line.find(kKey);
  if (key == absl::string_view::npos) return absl::nullopt;
  absl::string_view text = line.substr(key + kKey.size());
  const int64_t year = TakeDigits(text, 4);
  if (year < 0 || !TakeChar(text, '-')) return absl::nullopt;
  const int64_t month = TakeDigits(text, 2);
  if (month < 1 || !TakeChar(text, '-')) return absl::nullopt;
  const int64_t day = TakeDigits(text, 2);
  if (day < 1 || !TakeChar(text, 'T')) return absl::nullopt;
  const int64_t hour = TakeDigits(text, 2);
  if (hour < 0 || !TakeChar(text, ':')) return absl::nullopt;
  const int64_t minute = TakeDigits(text, 2);
  if (minute < 0 || !TakeChar(text, ':')) return absl::nullopt;
  const int64_t second = TakeDigits(text, 2);
  if (second < 0) return absl::nullopt;
  const int64_t nanos = TakeChar(text, '.') ? TakeFraction(text) : 0;
  if (!TakeChar(text, 'Z')) return absl::nullopt;
  const int64_t seconds = ((DaysSinceEpoch(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
  return seconds * kNanosPerSecond + nanos;
}

}  // namespace penstock::bench
