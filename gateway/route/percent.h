// Percent-decoding of paths (RFC 3986 section 2.1), strict. Pure; any thread.
//
//   PercentDecode("a%2Fb", Unescape::kAllExceptReserved, /*multi_segment=*/false) → "a/b"
//   PercentDecode("a%2Fb", Unescape::kAllExceptReserved, /*multi_segment=*/true)  → "a%2Fb"
#ifndef PENSTOCK_GATEWAY_ROUTE_PERCENT_H_
#define PENSTOCK_GATEWAY_ROUTE_PERCENT_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace penstock::route {

// What stays escaped in the value of a variable that spans several segments. The value of a single segment is decoded
// in full whatever the mode: there is no slash in it that could be confused.
enum class Unescape {
  kLegacy,             // decode the whole path before it is split into segments, so %2F separates
  kAllExceptReserved,  // gen-delims and sub-delims of RFC 3986 section 2.2 stay, as google.api.http asks
  kAllExceptSlash,     // %2F stays
  kAll,                // nothing stays
};

// Decodes `text`. What stays escaped is copied as it was written. InvalidArgument, naming the byte offset in `text`,
// for a malformed escape, an (escaped) NUL, and a result that is not UTF-8.
absl::StatusOr<std::string> PercentDecode(absl::string_view text, Unescape mode, bool multi_segment);

// The same, but the result may be any bytes: only a malformed escape is refused.
absl::StatusOr<std::string> PercentDecodeBytes(absl::string_view text, Unescape mode, bool multi_segment);

// The offset of the first byte of `text` that does not belong to well-formed UTF-8 (RFC 3629: no surrogates, no
// overlong forms), or npos.
size_t FindInvalidUtf8(absl::string_view text);

}  // namespace penstock::route

#endif  // PENSTOCK_GATEWAY_ROUTE_PERCENT_H_
