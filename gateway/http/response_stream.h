// The response side of the seam between an HTTP session and what answers requests: see request_handler.h.
#ifndef PENSTOCK_GATEWAY_HTTP_RESPONSE_STREAM_H_
#define PENSTOCK_GATEWAY_HTTP_RESPONSE_STREAM_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/types/optional.h"
#include "gateway/http/headers.h"

namespace penstock::http {

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

}  // namespace penstock::http

#endif  // PENSTOCK_GATEWAY_HTTP_RESPONSE_STREAM_H_
