// How one request is spoken: how its body becomes messages, how messages, endings and errors are written, and how
// metadata and deadlines map in both directions. Everything that differs between two ways of speaking to the gateway is
// behind this interface; an exchange asks its protocol and nobody else.
//
// The protocol of a request is chosen from its head before routing (ProtocolSet). Native JSON and grpc-gateway's are
// two; what they share is in the functions that their implementations call, not in the interface.
//
//   const Protocol& protocol = protocols.Of(head);
//   Admission admission = protocol.Admit(head, route);
//   if (admission.refusal) Send(protocol.Fail(*admission.refusal, …));
//   else reader = protocol.NewReader({…});
//
// Implementations are pure, immutable and shared by all threads.
#ifndef PENSTOCK_GATEWAY_PROTOCOL_PROTOCOL_H_
#define PENSTOCK_GATEWAY_PROTOCOL_PROTOCOL_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "gateway/http/request_head.h"
#include "gateway/protocol/request_reader.h"
#include "gateway/protocol/stream_format.h"
#include "gateway/route/router.h"
#include "gateway/schema/schema.h"
#include "gateway/upstream/call.h"

namespace penstock {

// A complete response. 204 has no body.
struct Answer {
  int http_status = 0;
  absl::StatusCode code = absl::StatusCode::kOk;  // for logs and metrics
  http::Headers headers;                          // besides those of every answer (AppendCommonHeaders)
  std::string body;
  http::Headers trailers = {};  // sent in chunked bodies only
};

// Why a request gets no message, or no further one.
struct Failure {
  absl::Status status;
  bool unprocessed = false;              // no upstream saw the call, so it may be sent again
  absl::optional<int> http_status = {};  // where HTTP has a status that no gRPC code maps to (405, 413, 415)
  http::Headers headers = {};            // that the failure brings with it (Allow)
};

// What the upstream sent besides messages.
struct CallMetadata {
  upstream::Metadata headers;
  upstream::Metadata trailers;
};

// What the router is asked for, besides the path.
struct Lookup {
  std::string method;
  bool is_form_post = false;
};

// What becomes of a request whose route was found.
struct Admission {
  absl::optional<Failure> refusal = {};
  const StreamFormat* format = nullptr;         // of a method that streams its answer
  bool sends_trailers = false;                  // the client reads them
  absl::optional<absl::Duration> timeout = {};  // that the client asked for; InfiniteDuration: none, in so many words
};

// One message of a method that has one, printed. No type: the answer has no Content-Type.
struct PrintedMessage {
  absl::optional<std::string> type;
  std::string body;
};

// What a failure answers.
struct FailedRequest {
  const StreamFormat* format;  // Admission's; null also where nothing was admitted
  bool called;                 // a call was started
  bool sends_trailers;
  const CallMetadata& metadata;
  DetailTypes types;
};

class Protocol {
 public:
  virtual ~Protocol() = default;

  // For logs: "native".
  virtual absl::string_view name() const = 0;

  // Whether a request with this head is spoken so.
  virtual bool Claims(const http::RequestHead& head) const = 0;

  // --- Before the call ---

  // Whether a request that any web page could have sent, without a preflight, is refused (IsForgeable).
  virtual bool guards_against_csrf() const = 0;

  virtual Lookup LookupOf(const http::RequestHead& head) const { return {head.method, false}; }

  // No route takes the request, nor does a local resource.
  virtual Answer Unrouted(const http::RequestHead& head, const route::Router::Match& match,
                          absl::string_view path) const = 0;

  // A route does: what can be refused before the body is read, is; else how the answer is written.
  virtual Admission Admit(const http::RequestHead& head, const Schema::Route& route) const = 0;

  virtual std::unique_ptr<RequestReader> NewReader(RequestReader::Source source) const = 0;

  // Whether input that cannot be read ends a stream of requests as if the client had sent everything.
  virtual bool ends_bad_input_silently() const { return false; }

  virtual upstream::Metadata RequestMetadataOf(const http::RequestHead& head) const = 0;

  // --- The answer ---

  // Fields of every answer to a request with this protocol.
  virtual void AppendCommonHeaders(http::Headers* headers) const = 0;

  // Fields for the initial metadata of a stream.
  virtual void AppendMetadata(const upstream::Metadata& metadata, http::Headers* headers) const = 0;

  // HTTP trailers for the metadata at the end of a call.
  virtual http::Headers TrailersOf(const upstream::Metadata& trailers) const = 0;

  // How the upstream ended a call, as the client is told it.
  virtual absl::Status StatusOf(absl::Status sent) const = 0;

  // The one message of a method that does not stream. An error is the answer instead.
  virtual absl::Status Print(const Schema::Route& route, absl::string_view message, size_t max_bytes,
                             PrintedMessage* printed) const = 0;

  // The answer of a method that does not stream and whose call ended OK.
  virtual Answer Complete(const Schema::Route& route, PrintedMessage printed, const CallMetadata& metadata,
                          bool sends_trailers) const = 0;

  // The answer of a request that failed before its head was sent.
  virtual Answer Fail(const Failure& failure, const FailedRequest& request) const = 0;
};

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_PROTOCOL_PROTOCOL_H_
