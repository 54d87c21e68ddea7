#include "gateway/config/units.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace penstock::config {
namespace {

constexpr uint64_t kKilo = 1024;
constexpr uint64_t kMega = 1024 * 1024;

struct DurationUnit {
  absl::string_view name;
  int64_t milliseconds;
};
constexpr DurationUnit kDurationUnits[] = {{"h", 3600 * 1000}, {"m", 60 * 1000}, {"s", 1000}, {"ms", 1}};

// Enough for 114,000 years; their product with an hour and a thousand stays within 64 bits.
constexpr size_t kMaxWholeDigits = 9;
constexpr size_t kMaxDecimals = 3;

// Cuts the digits off the front of `text`.
absl::string_view TakeDigits(absl::string_view& text) {
  size_t length = 0;
  while (length < text.size() && absl::ascii_isdigit(static_cast<unsigned char>(text[length]))) ++length;
  const absl::string_view digits = text.substr(0, length);
  text.remove_prefix(length);
  return digits;
}

absl::Status BadSize(absl::string_view text, absl::string_view problem) {
  return absl::InvalidArgumentError(
      absl::StrCat("must be a size such as 512, 64k or 4M, got \"", text, "\": ", problem));
}

absl::Status BadDuration(absl::string_view text, absl::string_view problem) {
  return absl::InvalidArgumentError(
      absl::StrCat("must be a duration such as 250ms, 1.5s, 10m or 2h, got \"", text, "\": ", problem));
}

}  // namespace

absl::StatusOr<uint64_t> ParseSize(absl::string_view text) {
  if (text == "none") return kNoSizeLimit;
  absl::string_view rest = text;
  const absl::string_view digits = TakeDigits(rest);
  if (digits.empty()) return BadSize(text, "not a number");
  uint64_t unit = 1;
  if (rest == "k") {
    unit = kKilo;
  } else if (rest == "M") {
    unit = kMega;
  } else if (!rest.empty()) {
    return BadSize(text, "unknown unit");
  }
  constexpr uint64_t kMax = kNoSizeLimit - 1;
  uint64_t value = 0;
  for (const char digit : digits) {
    const uint64_t next = static_cast<uint64_t>(digit - '0');
    if (value > (kMax - next) / 10) return BadSize(text, "too large");
    value = value * 10 + next;
  }
  if (value > kMax / unit) return BadSize(text, "too large");
  return value * unit;
}

std::string PrintSize(uint64_t bytes) {
  if (bytes == kNoSizeLimit) return "none";
  if (bytes == 0) return "0";
  if (bytes % kMega == 0) return absl::StrCat(bytes / kMega, "M");
  if (bytes % kKilo == 0) return absl::StrCat(bytes / kKilo, "k");
  return absl::StrCat(bytes);
}

absl::StatusOr<absl::Duration> ParseDuration(absl::string_view text) {
  if (text == "none") return absl::InfiniteDuration();
  absl::string_view rest = text;
  const absl::string_view whole = TakeDigits(rest);
  absl::string_view decimals;
  if (!rest.empty() && rest.front() == '.') {
    rest.remove_prefix(1);
    decimals = TakeDigits(rest);
    if (decimals.empty()) return BadDuration(text, "not a number");
  }
  if (whole.empty()) return BadDuration(text, "not a number");
  if (whole.size() > kMaxWholeDigits) return BadDuration(text, "too long");
  if (decimals.size() > kMaxDecimals) return BadDuration(text, "more than three decimals");

  int64_t value = 0;
  int64_t scale = 1;
  for (const char digit : whole) value = value * 10 + (digit - '0');
  for (const char digit : decimals) {
    value = value * 10 + (digit - '0');
    scale *= 10;
  }
  if (rest.empty()) {
    if (value == 0) return absl::ZeroDuration();
    return BadDuration(text, "no unit");
  }
  const auto unit = std::find_if(std::begin(kDurationUnits), std::end(kDurationUnits),
                                 [&](const DurationUnit& candidate) { return candidate.name == rest; });
  if (unit == std::end(kDurationUnits)) return BadDuration(text, "unknown unit");
  const int64_t scaled = value * unit->milliseconds;
  if (scaled % scale != 0) return BadDuration(text, "finer than a millisecond");
  return absl::Milliseconds(scaled / scale);
}

std::string PrintDuration(absl::Duration duration) {
  if (duration == absl::InfiniteDuration()) return "none";
  const int64_t milliseconds = absl::ToInt64Milliseconds(duration);
  if (milliseconds == 0) return "0";
  for (const DurationUnit& unit : kDurationUnits) {
    if (milliseconds % unit.milliseconds == 0) return absl::StrCat(milliseconds / unit.milliseconds, unit.name);
  }
  return absl::StrCat(milliseconds, "ms");
}

}  // namespace penstock::config
