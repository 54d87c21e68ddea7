// The body of one request as the messages of its method: bytes in, as they arrive, wire bytes out.
//
//   std::unique_ptr<RequestReader> reader = protocol.NewReader({route, std::move(match.variables), query, head, max});
//   absl::Status status = reader->Take(piece, sink);    // for each piece of the body
//   status = reader->End(sink);
//
// One per request, on its thread.
#ifndef PENSTOCK_GATEWAY_PROTOCOL_REQUEST_READER_H_
#define PENSTOCK_GATEWAY_PROTOCOL_REQUEST_READER_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gateway/http/request_head.h"
#include "gateway/schema/schema.h"

namespace penstock {

class RequestReader {
 public:
  // What a reader is made of. `route` and `query` outlive it.
  struct Source {
    const Schema::Route& route;
    std::vector<std::string> variables;  // of the path, unescaped
    absl::string_view query;
    const http::RequestHead& head;  // read during construction only
    size_t max_bytes;               // of the body, where it is one message; of each message, where it is many
  };

  // Receives each message, and may append to it. An error ends the reading and is returned by Take or End. The bytes
  // are valid during the call.
  using Sink = absl::FunctionRef<absl::Status(std::string* wire)>;

  virtual ~RequestReader() = default;

  // Takes the next piece. RESOURCE_EXHAUSTED: longer than allowed. INVALID_ARGUMENT: what cannot be read, with its
  // place. Nothing may be called after an error.
  virtual absl::Status Take(absl::string_view data, Sink sink) = 0;

  // The body is complete.
  virtual absl::Status End(Sink sink) = 0;
};

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_PROTOCOL_REQUEST_READER_H_
