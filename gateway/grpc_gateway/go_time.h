// Times and durations as grpc-gateway reads them: from queries and nested path variables by Go's package time, from a
// path variable of the message itself by protojson. Pure; internal to the grpc-gateway dialect.
//
// Each takes the whole text and gives back Go's error, or an empty one; the results are set only then.
#ifndef PENSTOCK_GATEWAY_GRPC_GATEWAY_GO_TIME_H_
#define PENSTOCK_GATEWAY_GRPC_GATEWAY_GO_TIME_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "gateway/grpc_gateway/go_error.h"

namespace penstock::grpc_gateway {

// time.Parse(time.RFC3339Nano, text), in the range of google.protobuf.Timestamp. Wider than RFC 3339: an hour of one
// digit, a comma for the point, digits beyond nanoseconds (dropped), offsets up to 24:60.
GoError ParseGoTime(absl::string_view text, int64_t* seconds, int32_t* nanos);

// time.ParseDuration: "1h30m", "-1.5s", "300ms", "0".
GoError ParseGoDuration(absl::string_view text, int64_t* seconds, int32_t* nanos);

// The same of protojson's JSON strings, with or without their quotes: RFC 3339 with at most nanoseconds, "1.5s".
GoError ParseGoJsonTime(absl::string_view text, int64_t* seconds, int32_t* nanos);
GoError ParseGoJsonDuration(absl::string_view text, int64_t* seconds, int32_t* nanos);

}  // namespace penstock::grpc_gateway

#endif  // PENSTOCK_GATEWAY_GRPC_GATEWAY_GO_TIME_H_
