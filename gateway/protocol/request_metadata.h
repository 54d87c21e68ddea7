// HTTP request headers → gRPC request metadata.
//
// Pure. What a web page may set must not become what an upstream trusts, so only these pass:
//   - `authorization`, `traceparent`, `tracestate` and the headers that `--forward-header` names, under their own
//   names;
//     a traceparent that is none is dropped together with its tracestate, so that the upstream begins a new trace;
//   - permanent HTTP headers (RFC 9110 and kin) as `grpcgateway-<name>`, which is where grpc-gateway puts them;
//   - `Grpc-Metadata-X` as `x`, only with `--legacy-metadata-headers`, and never into `grpc-…` or `grpcgateway-…`;
//   - `x-forwarded-for` and `x-forwarded-host`, made here and nowhere else: the connection's peer, before it what
//     trusted proxies said.
// A value that gRPC could not carry (a control or non-ASCII byte, bad base64 in `-bin`) is dropped by itself.
#ifndef PENSTOCK_GATEWAY_PROTOCOL_REQUEST_METADATA_H_
#define PENSTOCK_GATEWAY_PROTOCOL_REQUEST_METADATA_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "gateway/http/request_head.h"
#include "gateway/net/cidr.h"
#include "gateway/upstream/call.h"

namespace penstock {

// How headers and metadata map to each other.
struct MetadataOptions {
  std::vector<std::string> forward_headers;  // lower case
  bool legacy_metadata_headers = false;
  // Whose X-Forwarded-For and X-Forwarded-Host are believed. Of a chain, the part that trusted proxies wrote passes.
  std::vector<net::Cidr> trusted_proxies;
  // Every client's are, whatever they hold.
  bool trust_any_proxy = false;
  // Response metadata includes the protocol's own fields, content-type and grpc-accept-encoding.
  bool show_protocol_metadata = false;
};

upstream::Metadata RequestMetadata(const http::RequestHead& head, const MetadataOptions& options);

// Of headers that become metadata under the name that follows, with legacy_metadata_headers.
inline constexpr absl::string_view kLegacyMetadataPrefix = "grpc-metadata-";

// The trace id of the client's traceparent (W3C Trace Context section 3.2.2.3); empty: it sent none, or none that is
// one.
std::string TraceIdOf(const http::Headers& headers);

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_PROTOCOL_REQUEST_METADATA_H_
