// The seam between the two dialects of the HTTP contract: everything that "native" and "grpc-gateway" answer
// differently, asked by the exchange at fixed points of a request's life. What is a matter of routing, of binding or of
// the upstream's metadata was decided earlier, when the schema and the options were built (config::Dialect).
//
//   const Dialect& dialect = DialectOf(config.dialect);
//   Admission admission = dialect.Admit(head, route);
//   if (admission.refusal) return Reply(*admission.refusal);
//
// Pure, immutable, shared by all threads.
#ifndef PENSTOCK_GATEWAY_PROTOCOL_DIALECT_H_
#define PENSTOCK_GATEWAY_PROTOCOL_DIALECT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "gateway/http/request_head.h"
#include "gateway/protocol/stream_format.h"
#include "gateway/route/router.h"
#include "gateway/schema/schema.h"

namespace penstock {

// An answer of the gateway's own, for a request that it makes no call for.
struct LocalAnswer {
  int http_status = 0;  // 204 and 304 have no body, others a JSON status
  absl::StatusCode code = absl::StatusCode::kOk;
  std::string message;
  http::Headers headers;    // besides what every answer has
  bool plain_text = false;  // the body is the message as it stands, if there is one
};

// A method's one message, printed. Absent type: the answer has no Content-Type.
struct WholeAnswer {
  absl::optional<std::string> type;
  std::string body;
};

// What the router is asked for, besides the path.
struct Lookup {
  std::string method;
  bool is_form_post = false;
};

// What becomes of a request whose route was found.
struct Admission {
  absl::optional<LocalAnswer> refusal;
  const StreamFormat* format = nullptr;  // of a method that streams its answer
};

// How a request's body is read.
struct BodyRules {
  // On: the first JSON value counts and what follows it is passed over, no body is the default message, a body that
  // the method does not take is passed over. Off: each of these is refused.
  bool lenient = false;
  // A form's fields are query parameters, where the method takes no body or the form's head names another method.
  bool forms = false;
  // A value that cannot be read ends a bidirectional stream's input as if the client had said all.
  bool silent_input_errors = false;
};

class Dialect {
 public:
  virtual ~Dialect() = default;

  // Whether a request that any web page could have sent, without being asked, is refused (IsForgeable).
  virtual bool guards_against_other_sites() const = 0;

  // What the router is asked for.
  virtual Lookup LookupOf(const http::RequestHead& head) const = 0;

  // No route takes the request, and no file of the page does.
  virtual LocalAnswer Unrouted(const http::RequestHead& head, const route::Router::Match& match,
                               absl::string_view path) const = 0;

  // A route does: may the call be made, and how is its answer written?
  virtual Admission Admit(const http::RequestHead& head, const Schema::Route& route) const = 0;

  virtual const BodyRules& body_rules() const = 0;

  // Whether a method's one message says after all that something is wrong; then the answer is that failure.
  virtual absl::Status Judge(const Schema::Route& route, absl::string_view message) const = 0;

  // What the upstream said at a call's end, as the client is told it.
  virtual absl::Status StatusOf(absl::Status said) const = 0;

  // Changes a method's one message, printed, and the `metadata` that goes with it, where answers are not made so.
  virtual void Finish(const Schema::Route& route, WholeAnswer* answer, http::Headers* metadata) const = 0;

  // Fields that every answer of a method has.
  virtual void AppendCommonHeaders(http::Headers* headers) const = 0;

  // Fields that a failed call's answer has. `unprocessed`: no upstream saw it, so it may be sent again. `streams`: the
  // answer would have been a stream.
  virtual void AppendFailureHeaders(const absl::Status& status, bool unprocessed, bool streams,
                                    http::Headers* headers) const = 0;

  // Whether a stream's trailers are passed on to the clients who ask for them.
  virtual bool stream_trailers() const = 0;
};

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_PROTOCOL_DIALECT_H_
