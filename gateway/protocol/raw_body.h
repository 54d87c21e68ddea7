// A stream of google.api.HttpBody as one body: the bytes of its messages as they are, aborted where the call failed.
// Pure, immutable.
#ifndef PENSTOCK_GATEWAY_PROTOCOL_RAW_BODY_H_
#define PENSTOCK_GATEWAY_PROTOCOL_RAW_BODY_H_

#include <string>

#include "gateway/protocol/stream_format.h"

namespace penstock {

class RawBody final : public StreamFormat {
 public:
  // Only a message says what type the body has.
  bool head_goes_alone() const override { return false; }
  bool ends_in_band() const override { return false; }
  absl::string_view heartbeat() const override { return ""; }
  void AppendHeaders(const Schema::Route& route, absl::optional<absl::string_view> first,
                     http::Headers* headers) const override;
  absl::Status AppendRecord(const Schema::Route& route, absl::string_view message, size_t max_bytes,
                            std::string* out) const override;
  void AppendEnding(const StreamEnd& /*end*/, std::string* /*out*/) const override {}
};

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_PROTOCOL_RAW_BODY_H_
