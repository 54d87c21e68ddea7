// How the messages of one stream are written: what a record looks like, what the head says, how the end is told.
//
// Called by the exchange, which knows when; the format only knows how. Pure, immutable, shared by all threads. The
// protocol chooses a format for each request: see protocol.h.
//
//   const StreamFormat& format = *admission.format;
//   absl::Status status = format.AppendRecord(route, message, max_record_bytes, &body);
//   format.AppendEnding({status, trailers, types}, &body);
#ifndef PENSTOCK_GATEWAY_PROTOCOL_STREAM_FORMAT_H_
#define PENSTOCK_GATEWAY_PROTOCOL_STREAM_FORMAT_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "gateway/codec/message_plan.h"
#include "gateway/http/headers.h"
#include "gateway/schema/schema.h"
#include "gateway/upstream/call.h"

namespace penstock {

// Where the types of a status's details are looked up, in this order.
using DetailTypes = absl::Span<const codec::PlanSet* const>;

// How a stream ended.
struct StreamEnd {
  const absl::Status& status;
  const upstream::Metadata& trailers;
  DetailTypes types;
};

class StreamFormat {
 public:
  virtual ~StreamFormat() = default;

  // Whether the head may go before there is a message or a status to judge by (`--head-wait`).
  virtual bool head_goes_alone() const = 0;

  // Whether a stream that is resumed and has nothing left is answered 204, which stops clients that reconnect by
  // themselves.
  virtual bool nothing_left_is_204() const { return false; }

  // True: AppendEnding tells how the stream ended. False: raw bytes, where an OK end is just the end and a failure
  // aborts the transfer.
  virtual bool ends_in_band() const = 0;

  // Keep-alive filler between records, for intermediaries. Empty: nothing may stand there.
  virtual absl::string_view heartbeat() const = 0;

  // Appends the fields of the head. `first`: the first message, absent where the head goes without one.
  virtual void AppendHeaders(const Schema::Route& route, absl::optional<absl::string_view> first,
                             http::Headers* headers) const = 0;

  // Appends one message as one record. On error *out is longer by something of no use.
  virtual absl::Status AppendRecord(const Schema::Route& route, absl::string_view message, size_t max_bytes,
                                    std::string* out) const = 0;

  // Appends what tells the client how the stream ended; nothing where the body's end says it.
  virtual void AppendEnding(const StreamEnd& end, std::string* out) const = 0;
};

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_PROTOCOL_STREAM_FORMAT_H_
