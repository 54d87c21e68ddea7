// What grpc-gateway's runtime asks of request headers beyond the native rules: deadlines and legacy metadata headers as
// Go reads them, with its error texts. Pure.
#ifndef PENSTOCK_GATEWAY_GRPC_GATEWAY_GO_METADATA_H_
#define PENSTOCK_GATEWAY_GRPC_GATEWAY_GO_METADATA_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "gateway/http/headers.h"

namespace penstock::grpc_gateway {

// The header `Grpc-Timeout` with any number of digits; InfiniteDuration where it says zero. Absent: there is none, or
// an empty one. INVALID_ARGUMENT: it is malformed.
absl::StatusOr<absl::optional<absl::Duration>> GoTimeout(const http::Headers& headers);

// INVALID_ARGUMENT, INTERNAL: a `Grpc-Metadata-` header that holds no base64 where it should, or names nothing.
absl::Status CheckLegacyHeaders(const http::Headers& headers);

}  // namespace penstock::grpc_gateway

#endif  // PENSTOCK_GATEWAY_GRPC_GATEWAY_GO_METADATA_H_
