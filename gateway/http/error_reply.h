// A complete error response: status, gRPC code and message as JSON. What the session says of itself (bad framing, time
// out) and what an exchange says before it has a call look the same to a client.
//
//   SendError(response, 404, "no method here is bound to this path");
//   SendError(response, 503, 14, "the upstream is down", {{"Retry-After", "1"}});
#ifndef PENSTOCK_GATEWAY_HTTP_ERROR_REPLY_H_
#define PENSTOCK_GATEWAY_HTTP_ERROR_REPLY_H_

#include <string>

#include "absl/strings/string_view.h"
#include "gateway/http/response_stream.h"

namespace penstock::http {

// The gRPC code that says best what an HTTP status says, for errors that no upstream call has a code for.
int GrpcCodeOf(int http_status);

// {"code":5,"message":"…","details":[]}. `message` is UTF-8; quotes and control characters are escaped.
std::string ErrorJson(int grpc_code, absl::string_view message);

// Sends head and body and finishes. Nothing may have been sent before. `extra` fields go behind Content-Type.
void SendError(ResponseStream& response, int http_status, int grpc_code, absl::string_view message, Headers extra = {});

// The same with GrpcCodeOf(http_status).
void SendError(ResponseStream& response, int http_status, absl::string_view message);

}  // namespace penstock::http

#endif  // PENSTOCK_GATEWAY_HTTP_ERROR_REPLY_H_
