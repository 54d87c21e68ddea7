// The one table from gRPC status codes to HTTP (the contract that grpc-gateway set, google/rpc/code.proto).
#ifndef PENSTOCK_GATEWAY_PROTOCOL_HTTP_STATUS_H_
#define PENSTOCK_GATEWAY_PROTOCOL_HTTP_STATUS_H_

#include "absl/status/status.h"

namespace penstock {

// Total: a code that is none of gRPC's seventeen counts as UNKNOWN.
constexpr int HttpStatus(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return 200;
    case absl::StatusCode::kCancelled:
      return 499;  // not registered, but what proxies call a client that closed its request
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
      return 400;
    case absl::StatusCode::kUnauthenticated:
      return 401;
    case absl::StatusCode::kPermissionDenied:
      return 403;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kAborted:
      return 409;
    case absl::StatusCode::kResourceExhausted:
      return 429;
    case absl::StatusCode::kUnimplemented:
      return 501;
    case absl::StatusCode::kUnavailable:
      return 503;
    case absl::StatusCode::kDeadlineExceeded:
      return 504;
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kDataLoss:
    default:
      return 500;
  }
}

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_PROTOCOL_HTTP_STATUS_H_
