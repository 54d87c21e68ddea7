// The seam between an HTTP session (HTTP/1.1 now, HTTP/2 beside it) and what answers requests.
//
// A session parses a request head, makes a RequestHandler through a HandlerFactory and feeds it; the handler answers
// through the ResponseStream it was given. Both live on one loop's thread. Neither side knows what protocol or which
// API is beyond the other.
#ifndef PENSTOCK_GATEWAY_HTTP_STREAM_H_
#define PENSTOCK_GATEWAY_HTTP_STREAM_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace penstock::http {

// One header field. In requests the name is in lower case; in responses it is written as given.
struct Header {
  std::string name;
  std::string value;
};
using Headers = std::vector<Header>;

// The first field called `name` (lower case), or null.
inline const std::string* FindHeader(const Headers& headers, absl::string_view name) {
  for (const Header& header : headers) {
    if (absl::string_view(header.name) == name) return &header.value;
  }
  return nullptr;
}

enum class Protocol { kHttp10, kHttp11, kHttp2 };

// A request's head, checked by the session's parser: the method is a token, the target is in origin form
// ("/path?query", or "*" for OPTIONS), names are lower-case tokens, values hold no CR, LF or NUL.
struct RequestHead {
  std::string method;
  std::string target;
  Headers headers;
  Protocol protocol = Protocol::kHttp11;
  std::string authority;                    // Host or :authority
  std::string peer;                         // "address:port" of the socket, for logs
  absl::optional<uint64_t> content_length;  // absent: unknown (chunked) or no body
  bool has_body = false;                    // false: OnRequestEnd follows at once
};

// The response to one request. Made and owned by the session; valid for the handler from its construction until the
// session destroys the handler.
//
// Order: SendHead once, then any number of body appends, then Finish or Abort once. Abort may come at any time. After
// Finish or Abort the handler gets no further callback but its destruction. No call here calls back into the handler
// or destroys it before returning.
class ResponseStream {
 public:
  virtual ~ResponseStream() = default;

  // Status line and fields; the session adds Date and whatever frames the body. A field `connection: close` ends the
  // connection after this response. `content_length` absent: a body
  // whose end is not known yet. A response to HEAD, a 204 and a 304 carry no body whatever is appended.
  virtual void SendHead(int status, const Headers& headers, absl::optional<uint64_t> content_length) = 0;

  // The buffer that body bytes are appended to, then committed by CommitBody. Only appending, and cutting off again
  // what this same turn appended, is allowed. All that one turn of the loop commits goes out in one write.
  virtual std::string& Body() = 0;

  // Says that Body() grew: the session writes it at the end of this turn.
  virtual void CommitBody() = 0;

  // The response is complete once what was appended has been sent. `trailers` follow the body (RFC 9110 section 6.5);
  // they are dropped where the body's framing has no place for them: a known length, HTTP/1.0, no body at all.
  virtual void Finish(const Headers& trailers) = 0;
  void Finish() { Finish(Headers()); }

  // Cuts the transfer so that no client can take it for complete: a reset, never a last chunk.
  virtual void Abort() = 0;

  // Bytes committed and not yet taken by the transport.
  virtual size_t Unsent() const = 0;

  // Request bytes that the handler has dealt with: the session reads on. What OnRequestBody delivered and was not
  // released bounds what a session reads ahead.
  virtual void ReleaseRequestBody(size_t bytes) = 0;
};

// What answers one request. The session owns it, calls it on the loop's thread and destroys it from the loop: after
// Finish or Abort, and after OnClientGone.
class RequestHandler {
 public:
  virtual ~RequestHandler() = default;

  // The constructor has seen the head. Called once, right after construction, before anything else: the handler may
  // answer here already (an unknown path); then the body is not waited for and `100 Continue` is not sent.
  virtual void OnRequestHead() = 0;

  // Some of the body; never empty. `data` is valid during the call only.
  virtual void OnRequestBody(absl::string_view data) = 0;

  // The body is complete.
  virtual void OnRequestEnd() = 0;

  // The transport took `bytes` of the body; Unsent() says what remains. Called from the session's write, at most once
  // a turn.
  virtual void OnDrained(size_t bytes) = 0;

  // The client closed, was reset or was cut for `reason` (a short word for logs and metrics: "client_closed",
  // "reset", "body_timeout", "slow_client", …) before the response was complete. The handler is destroyed next.
  virtual void OnClientGone(absl::string_view reason) = 0;

  // The request's body cannot be read any further: malformed framing or too slow. The handler answers with `status`
  // (400, 408) if it has sent no head, else aborts; the session closes the connection afterwards.
  virtual void OnRequestBroken(int status, absl::string_view message) = 0;
};

using HandlerFactory = std::function<std::unique_ptr<RequestHandler>(RequestHead head, ResponseStream& response)>;

}  // namespace penstock::http

#endif  // PENSTOCK_GATEWAY_HTTP_STREAM_H_
