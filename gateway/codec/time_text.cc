#include "gateway/codec/time_text.h"

#include <charconv>
#include <cstring>

namespace penstock::codec {
namespace {

constexpr int64_t kSecondsPerDay = 86400;
constexpr int64_t kMinTimestamp = -62135596800;  // 0001-01-01T00:00:00Z
constexpr int64_t kMaxTimestamp = 253402300799;  // 9999-12-31T23:59:59Z
constexpr int64_t kMaxDuration = 315576000000;
constexpr int32_t kMaxNanos = 999999999;

// Days of the proleptic Gregorian calendar, counted in eras of 400 years that begin on a 1 March, so that the leap day
// comes last.
constexpr int64_t kDaysPerEra = 146097;
constexpr int64_t kEpochDay = 719468;  // from 0000-03-01 to 1970-01-01

struct Date {
  int year, month, day;
};

Date DateOf(int64_t days_since_epoch) {
  const int64_t days = days_since_epoch + kEpochDay;  // not negative for any Timestamp
  const int64_t era = days / kDaysPerEra;
  const int day_of_era = static_cast<int>(days % kDaysPerEra);
  const int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int month = (5 * day_of_year + 2) / 153;  // from March
  const int day = day_of_year - (153 * month + 2) / 5 + 1;
  const int year = static_cast<int>(era) * 400 + year_of_era + (month >= 10 ? 1 : 0);
  return {year, month < 10 ? month + 3 : month - 9, day};
}

int64_t DaysOf(const Date& date) {
  const int64_t year = date.year - (date.month <= 2 ? 1 : 0);
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (date.month > 2 ? date.month - 3 : date.month + 9) + 2) / 5 + date.day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * kDaysPerEra + day_of_era - kEpochDay;
}

int DaysInMonth(int year, int month) {
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : kDays[month - 1];
}

char* WriteTwo(int value, char* p) {
  *p++ = static_cast<char>('0' + value / 10);
  *p++ = static_cast<char>('0' + value % 10);
  return p;
}

// The point and 3, 6 or 9 digits; nothing for 0.
char* WriteFraction(int32_t nanos, char* p) {
  if (nanos == 0) return p;
  int digits = 9;
  for (; digits > 3 && nanos % 1000 == 0; digits -= 3) nanos /= 1000;
  *p = '.';
  for (int i = digits; i > 0; --i, nanos /= 10) p[i] = static_cast<char>('0' + nanos % 10);
  return p + 1 + digits;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Takes exactly `digits` digits off the front.
bool TakeNumber(absl::string_view* text, size_t digits, int* value) {
  if (text->size() < digits) return false;
  *value = 0;
  for (size_t i = 0; i < digits; ++i) {
    if (!IsDigit((*text)[i])) return false;
    *value = *value * 10 + ((*text)[i] - '0');
  }
  text->remove_prefix(digits);
  return true;
}

bool TakeChar(absl::string_view* text, char c) {
  if (text->empty() || text->front() != c) return false;
  text->remove_prefix(1);
  return true;
}

// Takes a point and 1 to 9 digits off the front, if there is a point.
bool TakeFraction(absl::string_view* text, int32_t* nanos) {
  *nanos = 0;
  if (!TakeChar(text, '.')) return true;
  int digits = 0;
  for (; !text->empty() && IsDigit(text->front()); ++digits) {
    if (digits == 9) return false;
    *nanos = *nanos * 10 + (text->front() - '0');
    text->remove_prefix(1);
  }
  for (int i = digits; i < 9; ++i) *nanos *= 10;
  return digits > 0;
}

// `Z` or `+hh:mm`, and nothing behind it.
bool TakeOffset(absl::string_view text, int64_t* seconds) {
  *seconds = 0;
  if (text == "Z") return true;
  const bool east = TakeChar(&text, '+');
  int hours, minutes;
  if (!east && !TakeChar(&text, '-')) return false;
  if (!TakeNumber(&text, 2, &hours) || !TakeChar(&text, ':') || !TakeNumber(&text, 2, &minutes)) return false;
  if (!text.empty() || hours > 23 || minutes > 59) return false;
  *seconds = (hours * 60 + minutes) * (east ? 60 : -60);
  return true;
}

}  // namespace

bool IsTimestamp(int64_t seconds, int32_t nanos) {
  return seconds >= kMinTimestamp && seconds <= kMaxTimestamp && nanos >= 0 && nanos <= kMaxNanos;
}

bool IsDuration(int64_t seconds, int32_t nanos) {
  if (seconds < -kMaxDuration || seconds > kMaxDuration || nanos < -kMaxNanos || nanos > kMaxNanos) return false;
  return !(seconds < 0 && nanos > 0) && !(seconds > 0 && nanos < 0);
}

char* WriteTimestamp(int64_t seconds, int32_t nanos, char* p) {
  const int64_t since_year_one = seconds - kMinTimestamp;
  const Date date = DateOf(since_year_one / kSecondsPerDay + kMinTimestamp / kSecondsPerDay);
  const int second = static_cast<int>(since_year_one % kSecondsPerDay);
  *p++ = '"';
  p = WriteTwo(date.year / 100, p);
  p = WriteTwo(date.year % 100, p);
  *p++ = '-';
  p = WriteTwo(date.month, p);
  *p++ = '-';
  p = WriteTwo(date.day, p);
  *p++ = 'T';
  p = WriteTwo(second / 3600, p);
  *p++ = ':';
  p = WriteTwo(second / 60 % 60, p);
  *p++ = ':';
  p = WriteTwo(second % 60, p);
  p = WriteFraction(nanos, p);
  *p++ = 'Z';
  *p++ = '"';
  return p;
}

char* WriteDuration(int64_t seconds, int32_t nanos, char* p) {
  *p++ = '"';
  if (seconds < 0 || nanos < 0) *p++ = '-';
  p = std::to_chars(p, p + 20, seconds < 0 ? -seconds : seconds).ptr;
  p = WriteFraction(nanos < 0 ? -nanos : nanos, p);
  *p++ = 's';
  *p++ = '"';
  return p;
}

bool ReadTimestamp(absl::string_view text, int64_t* seconds, int32_t* nanos) {
  Date date;
  int hour, minute, second;
  int64_t offset;
  const bool shaped = TakeNumber(&text, 4, &date.year) && TakeChar(&text, '-') && TakeNumber(&text, 2, &date.month) &&
                      TakeChar(&text, '-') && TakeNumber(&text, 2, &date.day) && TakeChar(&text, 'T') &&
                      TakeNumber(&text, 2, &hour) && TakeChar(&text, ':') && TakeNumber(&text, 2, &minute) &&
                      TakeChar(&text, ':') && TakeNumber(&text, 2, &second) && TakeFraction(&text, nanos) &&
                      TakeOffset(text, &offset);
  if (!shaped || date.month < 1 || date.month > 12 || date.day < 1) return false;
  if (date.day > DaysInMonth(date.year, date.month) || hour > 23 || minute > 59 || second > 59) return false;
  *seconds = DaysOf(date) * kSecondsPerDay + (hour * 60 + minute) * 60 + second - offset;
  return IsTimestamp(*seconds, *nanos);
}

bool ReadDuration(absl::string_view text, int64_t* seconds, int32_t* nanos) {
  const bool negative = TakeChar(&text, '-');
  if (text.empty() || !IsDigit(text.front())) return false;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), *seconds);
  if (read.ec != std::errc()) return false;
  text.remove_prefix(static_cast<size_t>(read.ptr - text.data()));
  if (!TakeFraction(&text, nanos) || text != "s") return false;
  if (negative) {
    *seconds = -*seconds;
    *nanos = -*nanos;
  }
  return IsDuration(*seconds, *nanos);
}

}  // namespace penstock::codec
