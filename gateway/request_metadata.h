// HTTP request headers → gRPC request metadata, and the caller's deadline.
//
// Pure. What a web page may set must not become what an upstream trusts, so only these pass:
//   - `authorization`, `traceparent`, `tracestate` and the headers that `--forward-header` names, under their own
//   names;
//   - permanent HTTP headers (RFC 9110 and kin) as `grpcgateway-<name>`, which is where grpc-gateway puts them;
//   - `Grpc-Metadata-X` as `x`, only with `--legacy-metadata-headers`, and never into `grpc-…` or `grpcgateway-…`;
//   - `x-forwarded-for` and `x-forwarded-host`, made here from the connection: what the client sent under these names
//     is dropped.
// A header that gRPC could not carry (a control or non-ASCII byte, bad base64 in `-bin`) is dropped by itself.
#ifndef PENSTOCK_GATEWAY_REQUEST_METADATA_H_
#define PENSTOCK_GATEWAY_REQUEST_METADATA_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gateway/http/stream.h"
#include "gateway/upstream/call.h"

namespace penstock {

struct MetadataOptions {
  std::vector<std::string> forward_headers;  // lower case
  bool legacy_metadata_headers = false;
};

upstream::Metadata RequestMetadata(const http::RequestHead& head, const MetadataOptions& options);

// The caller's `Grpc-Timeout` ("100m": at most eight digits and one of H M S m u n; gRPC over HTTP/2, "Requests"), or
// `otherwise` where there is none. INVALID_ARGUMENT if it is malformed.
absl::StatusOr<absl::Duration> RequestTimeout(const http::Headers& headers, absl::Duration otherwise);

// Response metadata → response headers: `name` as `Grpc-Metadata-name`, `-bin` values in base64. Values that a header
// cannot carry are dropped.
http::Headers ResponseHeaders(const upstream::Metadata& metadata);

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_REQUEST_METADATA_H_
