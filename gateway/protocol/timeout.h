// The deadline that a client asks for. Pure.
#ifndef PENSTOCK_GATEWAY_PROTOCOL_TIMEOUT_H_
#define PENSTOCK_GATEWAY_PROTOCOL_TIMEOUT_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "gateway/http/headers.h"

namespace penstock {

// The header `Grpc-Timeout`: at most eight digits and one of H M S m u n (gRPC over HTTP/2, "Requests"). Absent: there
// is none. INVALID_ARGUMENT: it is malformed.
absl::StatusOr<absl::optional<absl::Duration>> GrpcTimeout(const http::Headers& headers);

// The same for any number of digits, such as "100m"; absent: malformed.
absl::optional<absl::Duration> ParseTimeout(absl::string_view text);

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_PROTOCOL_TIMEOUT_H_
