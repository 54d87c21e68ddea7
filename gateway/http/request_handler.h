// The seam between an HTTP session (HTTP/1.1 or HTTP/2) and what answers requests.
//
// A session parses a request head, makes a RequestHandler through a HandlerFactory and feeds it; the handler answers
// through the ResponseStream it was given. Both live on one loop's thread. Neither side knows what protocol or which
// API is beyond the other.
#ifndef PENSTOCK_GATEWAY_HTTP_REQUEST_HANDLER_H_
#define PENSTOCK_GATEWAY_HTTP_REQUEST_HANDLER_H_

#include <cstddef>
#include <functional>
#include <memory>

#include "absl/strings/string_view.h"
#include "gateway/http/request_head.h"
#include "gateway/http/response_stream.h"

namespace penstock::http {

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

#endif  // PENSTOCK_GATEWAY_HTTP_REQUEST_HANDLER_H_
