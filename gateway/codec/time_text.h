// Timestamps and durations as protobuf's JSON writes and reads them. Pure; both directions of the transcoder use it.
#ifndef PENSTOCK_GATEWAY_CODEC_TIME_TEXT_H_
#define PENSTOCK_GATEWAY_CODEC_TIME_TEXT_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace penstock::codec {

// The most that a Write function here writes.
inline constexpr size_t kMaxTimeTextBytes = 40;

// In the range that google.protobuf.Timestamp allows: years 0001 to 9999, nanos 0 to 999,999,999.
bool IsTimestamp(int64_t seconds, int32_t nanos);
// In the range that google.protobuf.Duration allows: ±315,576,000,000 s, nanos of the same sign.
bool IsDuration(int64_t seconds, int32_t nanos);

// `"2026-11-22T15:31:04.362Z"`, quotes included, with 0, 3, 6 or 9 digits behind the point; returns the end. REQUIRES:
// IsTimestamp.
char* WriteTimestamp(int64_t seconds, int32_t nanos, char* p);
// `"-1.500s"`, likewise. REQUIRES: IsDuration.
char* WriteDuration(int64_t seconds, int32_t nanos, char* p);

// Reads a text as a Timestamp or a Duration. False: it is not one, or out of range.
using TimeTextReader = bool (*)(absl::string_view text, int64_t* seconds, int32_t* nanos);

// RFC 3339 section 5.6 with upper-case T and Z, any offset, 1 to 9 digits behind the point.
bool ReadTimestamp(absl::string_view text, int64_t* seconds, int32_t* nanos);
// Seconds with 1 to 9 digits behind the point, then `s`.
bool ReadDuration(absl::string_view text, int64_t* seconds, int32_t* nanos);

}  // namespace penstock::codec

#endif  // PENSTOCK_GATEWAY_CODEC_TIME_TEXT_H_
