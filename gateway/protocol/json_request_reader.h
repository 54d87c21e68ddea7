// Reads a body of JSON, or the raw bytes of a google.api.HttpBody, as the messages of a method.
//
//   one message      a JSON value, or none, or the bytes of a google.api.HttpBody; bound with path and query
//   many messages    (client-streaming) JSON values one after another, or each piece as one HttpBody; every one is
//                    bound as the one message of a unary method would be
//
// Pure. Holds at most one value of the body, as it came or as wire bytes.
#ifndef PENSTOCK_GATEWAY_PROTOCOL_JSON_REQUEST_READER_H_
#define PENSTOCK_GATEWAY_PROTOCOL_JSON_REQUEST_READER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "gateway/codec/json_values.h"
#include "gateway/protocol/request_reader.h"

namespace penstock {

// How bodies are read.
struct BodyRules {
  // On: the first JSON value counts and what follows it is ignored, no body is the default message, a body that the
  // method does not take is ignored. Off: each of these is refused.
  bool lenient = false;
  // A form's fields are query parameters, where the method takes no body or the form's head names another method.
  bool forms = false;
};

class JsonRequestReader final : public RequestReader {
 public:
  JsonRequestReader(Source source, const BodyRules& rules);

  absl::Status Take(absl::string_view data, Sink sink) override;
  absl::Status End(Sink sink) override;

 private:
  enum class Mode : uint8_t {
    kNone,        // no body is wanted; one that comes is refused
    kIgnore,      // no body is wanted; one that comes is ignored
    kForm,        // it is query parameters
    kWhole,       // it is one message
    kFirstValue,  // its first JSON value is one message; the rest is ignored
    kValues,      // each JSON value is a message
    kPieces,      // each piece is a message
  };

  static Mode ModeOf(const Schema::Route& route, const http::RequestHead& head, const BodyRules& rules);

  absl::Status Collect(absl::string_view data);
  absl::Status TakeFirstValue(absl::string_view data);
  absl::Status TakeValues(absl::string_view data, Sink sink);
  absl::Status SendValue(absl::string_view value, Sink sink);
  absl::Status Fault(codec::JsonValues::Result result) const;
  // Binds path, query and `body` to wire_.
  absl::Status Bind(absl::string_view body);

  const Schema::Route& route_;
  const std::vector<std::string> variables_;
  const absl::string_view query_;
  const std::string content_type_;
  const absl::optional<uint64_t> length_;
  const size_t max_bytes_;
  const Mode mode_;
  codec::JsonValues values_;
  std::string collected_;  // kForm, kWhole: the body so far
  std::string wire_;       // the message in progress, or complete
  bool bound_ = false;     // wire_ is the one message
  uint64_t messages_ = 0;  // kValues, kPieces
};

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_PROTOCOL_JSON_REQUEST_READER_H_
