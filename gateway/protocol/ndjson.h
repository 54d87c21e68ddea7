// A native stream as newline-delimited JSON, one record per line:
//
//   {"type":"tick","id":"7","data":{…}}   a message; the id where the method has one
//   {"end":{"code":0}}                    the final record of a stream that ended OK
//   {"error":{"code":14,…}}               the final record of one that failed
//
// A body without a final record was aborted. Pure, immutable.
#ifndef PENSTOCK_GATEWAY_PROTOCOL_NDJSON_H_
#define PENSTOCK_GATEWAY_PROTOCOL_NDJSON_H_

#include <string>

#include "gateway/protocol/stream_format.h"

namespace penstock {

class Ndjson final : public StreamFormat {
 public:
  // `media_type`: the answer's Content-Type.
  explicit Ndjson(absl::string_view media_type) : media_type_(media_type) {}

  bool head_goes_alone() const override { return true; }
  bool ends_in_band() const override { return true; }
  // White space that may stand before a record (RFC 8259 section 2) and ends no line, so that no reader of lines sees
  // it.
  absl::string_view heartbeat() const override { return " "; }
  void AppendHeaders(const Schema::Route& route, absl::optional<absl::string_view> first,
                     http::Headers* headers) const override;
  absl::Status AppendRecord(const Schema::Route& route, absl::string_view message, size_t max_bytes,
                            std::string* out) const override;
  void AppendEnding(const StreamEnd& end, std::string* out) const override;

 private:
  const absl::string_view media_type_;
};

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_PROTOCOL_NDJSON_H_
