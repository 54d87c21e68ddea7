// gRPC response metadata and trailers → HTTP response headers and trailers.
//
// Pure. `-bin` values go out in base64; a value that a header cannot carry (CR, LF, any control or non-ASCII byte) is
// dropped by itself, so what an upstream sends cannot split a response. Names come once for each of their values.
//
//   AppendResponseHeaders(metadata, options, &headers);                 // Grpc-Metadata-<k>
//   if (WantsTrailers(request.headers)) trailers = ResponseTrailers(end.trailers, options);   // Grpc-Trailer-<k>
#ifndef PENSTOCK_GATEWAY_PROTOCOL_RESPONSE_METADATA_H_
#define PENSTOCK_GATEWAY_PROTOCOL_RESPONSE_METADATA_H_

#include "gateway/http/headers.h"
#include "gateway/protocol/request_metadata.h"
#include "gateway/upstream/call.h"

namespace penstock {

// Appends initial metadata: `name` as `Grpc-Metadata-name`.
void AppendResponseHeaders(const upstream::Metadata& metadata, const MetadataOptions& options, http::Headers* headers);

// Trailing metadata: `name` as `Grpc-Trailer-name`, for after the body.
http::Headers ResponseTrailers(const upstream::Metadata& trailers, const MetadataOptions& options);

// For a head that goes out when the trailers are known already: one `Trailer` field for each of their names, as
// grpc-gateway announces them (RFC 9110 section 6.6.2).
http::Headers TrailerAnnouncement(const http::Headers& trailers);

// Whether the request's TE names `trailers`; without it they are not worth sending (RFC 9110 section 6.5.1).
bool WantsTrailers(const http::Headers& request_headers);

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_PROTOCOL_RESPONSE_METADATA_H_
