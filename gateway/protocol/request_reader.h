// The body of one request as the messages of its method: JSON or raw bytes in, as they arrive, wire bytes out.
//
//   one message      a JSON value, or none, or the bytes of a google.api.HttpBody; bound with path and query
//   many messages    (client-streaming) JSON values one behind the other, or each piece as one HttpBody; every one is
//                    bound as the one message of a unary method would be
//
//   RequestReader reader(route, std::move(match.variables), query, content_type, options);
//   absl::Status status = reader.Take(piece, sink);    // for each piece of the body
//   status = reader.End(sink);
//
// Pure. One a request; its thread only. `route` and `query` outlive it. Holds at most one value of the body, as it came
// or as wire bytes.
#ifndef PENSTOCK_GATEWAY_PROTOCOL_REQUEST_READER_H_
#define PENSTOCK_GATEWAY_PROTOCOL_REQUEST_READER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "gateway/codec/json_values.h"
#include "gateway/http/request_head.h"
#include "gateway/protocol/dialect.h"
#include "gateway/schema/schema.h"

namespace penstock {

class RequestReader {
 public:
  // Receives each message. The bytes are valid during the call.
  using Sink = std::function<void(absl::string_view wire)>;

  // `last_id`: of the record after which the client goes on, where the method can (gateway/exchange/resume).
  // `max_bytes`: of the body, where it is one message; of each value, where it is many.
  RequestReader(const Schema::Route& route, std::vector<std::string> variables, absl::string_view query,
                const http::RequestHead& head, const BodyRules& rules, absl::optional<std::string> last_id,
                size_t max_bytes);

  // Takes the next piece. RESOURCE_EXHAUSTED: longer than allowed. INVALID_ARGUMENT: what cannot be read, with its
  // place. Nothing may be asked after an error.
  absl::Status Take(absl::string_view data, const Sink& sink);

  // The body is complete.
  absl::Status End(const Sink& sink);

 private:
  enum class Mode : uint8_t {
    kNone,        // no body is wanted; one that comes is refused
    kIgnore,      // no body is wanted; one that comes is passed over
    kForm,        // it is query parameters
    kWhole,       // it is one message
    kFirstValue,  // its first JSON value is one message; the rest is passed over
    kValues,      // each JSON value is a message
    kPieces,      // each piece is a message
  };

  static Mode ModeOf(const Schema::Route& route, const http::RequestHead& head, const BodyRules& rules);

  absl::Status Collect(absl::string_view data);
  absl::Status TakeFirstValue(absl::string_view data);
  absl::Status TakeValues(absl::string_view data, const Sink& sink);
  absl::Status SendValue(absl::string_view value, const Sink& sink);
  absl::Status Fault(codec::JsonValues::Result result) const;
  // Binds path, query and `body` to wire_.
  absl::Status Bind(absl::string_view body);

  const Schema::Route& route_;
  const std::vector<std::string> variables_;
  const absl::string_view query_;
  const std::string content_type_;
  const absl::optional<uint64_t> length_;
  const absl::optional<std::string> last_id_;
  const size_t max_bytes_;
  const Mode mode_;
  codec::JsonValues values_;
  std::string collected_;  // kForm, kWhole: the body so far
  std::string wire_;       // the message in the making, or made
  bool bound_ = false;     // wire_ is the one message
  uint64_t messages_ = 0;  // kValues, kPieces
};

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_PROTOCOL_REQUEST_READER_H_
