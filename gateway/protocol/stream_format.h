// How the messages of one stream reach its client: what a record looks like, what the head says, how the end is told.
//
// Asked by the exchange, which knows when; the format only knows how. Pure, immutable, shared by all threads. A format
// is chosen once a request, by its dialect: see dialect.h.
//
//   const StreamFormat& format = *admission.format;
//   absl::Status status = format.AppendRecord(route, message, max_record_bytes, &body);
//   format.AppendEnding(ending, types, &body);
#ifndef PENSTOCK_GATEWAY_PROTOCOL_STREAM_FORMAT_H_
#define PENSTOCK_GATEWAY_PROTOCOL_STREAM_FORMAT_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "gateway/codec/message_plan.h"
#include "gateway/exchange/pump.h"
#include "gateway/http/headers.h"
#include "gateway/schema/schema.h"

namespace penstock {

// Where the types of a status's details are looked up, in this order.
using DetailTypes = absl::Span<const codec::PlanSet* const>;

class StreamFormat {
 public:
  virtual ~StreamFormat() = default;

  // Whether the head may go before there is a message or a status to judge by (`--head-wait`).
  virtual bool head_goes_alone() const = 0;

  // Whether a stream that a client has come back for, and that has nothing left, is answered 204: what comes back by
  // itself then stops.
  virtual bool nothing_left_is_204() const { return false; }

  // How a stream of this kind of body ends.
  virtual EndingStyle ending_style() const = 0;

  // What stands between records for nobody but the machines on the way. Empty: there is nothing that may.
  virtual absl::string_view heartbeat() const = 0;

  // Appends the fields of the head. `first`: the first message, absent where the head goes without one.
  virtual void AppendHeaders(const Schema::Route& route, absl::optional<absl::string_view> first,
                             http::Headers* headers) const = 0;

  // Appends one message as one record. On error *out is longer by something of no use.
  virtual absl::Status AppendRecord(const Schema::Route& route, absl::string_view message, size_t max_bytes,
                                    std::string* out) const = 0;

  // Appends what tells the client how the stream ended; nothing where the body's end says it.
  virtual void AppendEnding(const absl::Status& status, DetailTypes types, std::string* out) const = 0;

  // Appends the body of a response whose call failed before its first message, and which therefore still has an HTTP
  // status of its own. `unprocessed`: no upstream saw the call.
  virtual void AppendEarlyFailure(const absl::Status& status, bool unprocessed, DetailTypes types,
                                  std::string* out) const = 0;
};

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_PROTOCOL_STREAM_FORMAT_H_
