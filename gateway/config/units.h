// Sizes and durations as flags and configuration write them: read, and printed back. Pure; any thread.
//
//   ParseSize("64k")       → 65536
//   ParseDuration("1.5s")  → absl::Milliseconds(1500)
//   PrintDuration(absl::Seconds(75)) → "75s"
//
// `none` is kNoSizeLimit and absl::InfiniteDuration(): callers that need a bound check for it. They compare like any
// other value, but nothing may be added to them.
//
// What is printed reads back as the same value. Errors are InvalidArgument and say what would have been right; they do
// not name the flag, which is the caller's to add.
#ifndef PENSTOCK_GATEWAY_CONFIG_UNITS_H_
#define PENSTOCK_GATEWAY_CONFIG_UNITS_H_

#include <cstdint>
#include <limits>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace penstock::config {

inline constexpr uint64_t kNoSizeLimit = std::numeric_limits<uint64_t>::max();

// Bytes: digits, then nothing, `k` (1024) or `M` (1024²); or `none`.
absl::StatusOr<uint64_t> ParseSize(absl::string_view text);

// With the largest unit that divides `bytes`: "8k", "4M", "1000"; "none" for kNoSizeLimit.
std::string PrintSize(uint64_t bytes);

// Digits with at most three decimals, then `ms`, `s`, `m` or `h`; whole milliseconds only. `0` needs no unit. Or
// `none`.
absl::StatusOr<absl::Duration> ParseDuration(absl::string_view text);

// With the largest unit that divides it: "1h", "75s", "1500ms"; "none" for infinite. Below a millisecond is cut off.
std::string PrintDuration(absl::Duration duration);

}  // namespace penstock::config

#endif  // PENSTOCK_GATEWAY_CONFIG_UNITS_H_
