// The seam between an exchange and the gRPC side: one call.
//
// A Channel starts a Call; the CallHandler hears of it. Everything happens on one loop's thread.
#ifndef PENSTOCK_GATEWAY_UPSTREAM_CALL_H_
#define PENSTOCK_GATEWAY_UPSTREAM_CALL_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace penstock::upstream {

// gRPC metadata: lower-case names, in order. Values of `-bin` names are the decoded bytes; base64 is the connection's
// business.
using Metadata = std::vector<std::pair<std::string, std::string>>;

struct CallRequest {
  std::string path;  // "/package.Service/Method"
  Metadata metadata;
  // Time left, sent as grpc-timeout and enforced here as well. InfiniteDuration: none.
  absl::Duration timeout = absl::InfiniteDuration();
};

// The status-details payload of a CallEnd's status: the bytes of a google.rpc.Status, as grpc-status-details-bin
// carried them.
inline constexpr char kStatusDetailsUrl[] = "type.googleapis.com/google.rpc.Status";

// How a call ended.
struct CallEnd {
  absl::Status status;
  // True: the upstream said so. False: inferred here (connection lost, deadline, a broken frame).
  bool from_upstream = false;
  // True: no upstream processed the call (nothing was connected, or it was refused), so it may be sent again.
  bool unprocessed = false;
  Metadata trailers;
};

// Hears of a call. No callback comes from inside StartCall or a method of Call: always from the loop.
//
// Nothing runs below a callback: it may use its call and start others, but may not destroy the call that it is about,
// nor, with it, itself. Whoever has done with a call defers that (net::Deferred) to the end of the loop's iteration,
// and ignores what comes until then. The destructor of a Call checks it.
class CallHandler {
 public:
  virtual ~CallHandler() = default;

  // Initial metadata, at most once, before any message. A trailers-only answer has none. Of the protocol's own fields
  // content-type and grpc-accept-encoding are in it, for those who show them.
  virtual void OnCallMetadata(const Metadata& metadata) = 0;

  // One whole message, decompressed framing apart. `message` is valid during the call only. `window` is how many bytes
  // of the stream's window it still holds: the handler owes them to Call::GiveBack.
  virtual void OnCallMessage(absl::string_view message, size_t window) = 0;

  // `window` more bytes of a message that is not complete yet. The handler owes them to Call::GiveBack as well: at
  // once while nothing before them waits, or a message larger than the window could never complete.
  virtual void OnCallPartial(size_t window) = 0;

  // All messages queued so far were taken by the transport: there is room for more. Called from inside the transport's
  // write, so it may only note that, not send.
  virtual void OnCallSent() {}

  // The end, exactly once unless the Call was destroyed before. Nothing follows; the Call is to be destroyed later.
  virtual void OnCallEnd(CallEnd end) = 0;
};

// A call in progress, owned by whoever started it. Destroying it silences the handler at once and, where the call has
// not ended, cancels it (RST_STREAM, CANCEL) in the same turn of the loop. REQUIRES, of destroying it: no callback of
// it is running.
class Call {
 public:
  virtual ~Call() = default;

  // Queues one message. `last`: no other will follow (half-close).
  virtual void SendMessage(absl::string_view message, bool last) = 0;

  // Queues only the half-close.
  virtual void CloseSend() = 0;

  // Messages queued and not yet taken by the transport, in bytes: what bounds the inward direction.
  virtual size_t Unsent() const = 0;

  // Gives back stream window taken by OnCallMessage and OnCallPartial.
  virtual void GiveBack(size_t bytes) = 0;
};

// Where calls to one upstream start: connections, balancing and reconnection are behind it. One a loop.
class Channel {
 public:
  virtual ~Channel() = default;

  // `handler` must outlive the Call. Never fails here: what goes wrong comes by OnCallEnd.
  virtual std::unique_ptr<Call> StartCall(CallRequest request, CallHandler* handler) = 0;

  // A connection is up and takes calls.
  virtual bool ready() const = 0;
};

}  // namespace penstock::upstream

#endif  // PENSTOCK_GATEWAY_UPSTREAM_CALL_H_
