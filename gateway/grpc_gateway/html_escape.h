// JSON that may stand inside HTML: what encoding/json of Go does to the lines of a grpc-gateway stream.
//
// A pass of its own over JSON that is already written, so that printing need not know of it: `<`, `>` and `&` stand in
// strings and nowhere else. Pure.
//
//   const size_t begin = out.size();
//   absl::Status status = WireToJson(plan, message, max_bytes, &out);
//   if (status.ok()) EscapeHtml(begin, &out);
#ifndef PENSTOCK_GATEWAY_GRPC_GATEWAY_HTML_ESCAPE_H_
#define PENSTOCK_GATEWAY_GRPC_GATEWAY_HTML_ESCAPE_H_

#include <cstddef>
#include <string>

namespace penstock::grpc_gateway {

// Writes `<`, `>` and `&` of the JSON that begins at `begin` as \u003c, \u003e and \u0026; it grows at most sixfold.
// U+2028 and U+2029, which belong to the same set, are escaped by WireToJson in any case.
void EscapeHtml(size_t begin, std::string* json);

}  // namespace penstock::grpc_gateway

#endif  // PENSTOCK_GATEWAY_GRPC_GATEWAY_HTML_ESCAPE_H_
