// The text of an HTTP/1.1 response head, and what a request's Connection field says.
//
// Pure. Used by Http1Session.
#ifndef PENSTOCK_GATEWAY_HTTP_RESPONSE_HEAD_H_
#define PENSTOCK_GATEWAY_HTTP_RESPONSE_HEAD_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "gateway/http/headers.h"

namespace penstock::http {

// The words behind a status in a status line (RFC 9110 section 15, and 499 as proxies use it). Empty when unknown.
absl::string_view ReasonPhrase(int status);

// How the connection and the body behind a head are framed: the session's decision, never the handler's.
struct ResponseFraming {
  absl::optional<uint64_t> content_length;
  bool chunked = false;
  bool close = false;       // Connection: close
  bool keep_alive = false;  // Connection: keep-alive, which an HTTP/1.0 client must be told
};

// Appends status line, `headers`, `date_line` (with its CRLF), the framing fields and the empty line. Left out of
// `headers`: what frames (Connection, Content-Length, Transfer-Encoding, Date), and fields whose name or value could
// not stand in a head: a CR LF that came from an upstream must not start a field of its own.
void AppendResponseHead(int status, const Headers& headers, absl::string_view date_line, const ResponseFraming& framing,
                        std::string& out);

// Appends the lines of `fields`, such as trailers; left out is the same as above.
void AppendFields(const Headers& fields, std::string& out);

// Whether a Connection field among `headers` lists `token` (lower case; RFC 9110 section 7.6.1).
bool HasConnectionToken(const Headers& headers, absl::string_view token);

}  // namespace penstock::http

#endif  // PENSTOCK_GATEWAY_HTTP_RESPONSE_HEAD_H_
