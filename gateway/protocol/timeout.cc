#include "gateway/protocol/timeout.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace penstock {
namespace {

absl::Duration UnitOf(char letter) {
  switch (letter) {
    case 'H':
      return absl::Hours(1);
    case 'M':
      return absl::Minutes(1);
    case 'S':
      return absl::Seconds(1);
    case 'm':
      return absl::Milliseconds(1);
    case 'u':
      return absl::Microseconds(1);
    case 'n':
      return absl::Nanoseconds(1);
    default:
      return absl::ZeroDuration();
  }
}

}  // namespace

absl::optional<absl::Duration> ParseTimeout(absl::string_view text) {
  if (text.empty()) return absl::nullopt;
  const absl::string_view digits = text.substr(0, text.size() - 1);
  const absl::Duration unit = UnitOf(text.back());
  uint64_t amount = 0;
  if (unit == absl::ZeroDuration() || digits.empty() ||
      !std::all_of(digits.begin(), digits.end(), absl::ascii_isdigit) || !absl::SimpleAtoi(digits, &amount)) {
    return absl::nullopt;
  }
  constexpr uint64_t kMax = INT64_MAX;
  return unit * static_cast<int64_t>(std::min(amount, kMax));
}

absl::StatusOr<absl::optional<absl::Duration>> GrpcTimeout(const http::Headers& headers) {
  constexpr size_t kMaxBytes = 9;
  const std::string* text = http::FindHeader(headers, "grpc-timeout");
  if (text == nullptr) return absl::optional<absl::Duration>();
  const absl::optional<absl::Duration> timeout = ParseTimeout(*text);
  if (timeout && text->size() <= kMaxBytes) return timeout;
  return absl::InvalidArgumentError(
      absl::StrCat("header Grpc-Timeout: \"", absl::CHexEscape(*text),
                   "\" is not a timeout; it takes one to eight digits and a unit, H M S m u or n, such as 500m"));
}

}  // namespace penstock
