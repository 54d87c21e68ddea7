// A native stream as server-sent events (the HTML standard's "server-sent events"), for the browser's own EventSource:
//
//   event: tick                     the record's type
//   id: 7                           where it has one; EventSource sends the last one again as Last-Event-ID
//   data: {…}                       the message's JSON, one line
//
//   event: end                      or `event: failure`, never `error`, which is EventSource's own; with the fields
//   data: {"code":0}                of the ending record. `retry:` before it where the failure says when to come back
//
// EventSource comes back after every end, the good one too: a page closes it on `end`. Where it does come back and
// nothing is left, 204 stops it.
#ifndef PENSTOCK_GATEWAY_PROTOCOL_EVENT_STREAM_H_
#define PENSTOCK_GATEWAY_PROTOCOL_EVENT_STREAM_H_

#include <string>

#include "gateway/protocol/stream_format.h"

namespace penstock {

class EventStream final : public StreamFormat {
 public:
  bool head_goes_alone() const override { return true; }
  bool nothing_left_is_204() const override { return true; }
  bool ends_in_band() const override { return true; }
  absl::string_view heartbeat() const override { return ":\n\n"; }
  void AppendHeaders(const Schema::Route& route, absl::optional<absl::string_view> first,
                     http::Headers* headers) const override;
  absl::Status AppendRecord(const Schema::Route& route, absl::string_view message, size_t max_bytes,
                            std::string* out) const override;
  void AppendEnding(const StreamEnd& end, std::string* out) const override;
};

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_PROTOCOL_EVENT_STREAM_H_
