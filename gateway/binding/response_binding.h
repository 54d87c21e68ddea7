// What of the response message becomes the HTTP response: the response_body of a google.api.http rule.
//
// Compiled once per route, immutable, shared by all threads; the PlanSet must outlive it. How the message is printed is
// the implementation's.
//
//   if (binding.is_http_body()) ...; else status = binding.Print(message, max_bytes, &json);
#ifndef PENSTOCK_GATEWAY_BINDING_RESPONSE_BINDING_H_
#define PENSTOCK_GATEWAY_BINDING_RESPONSE_BINDING_H_

#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/codec/field_path.h"
#include "gateway/codec/http_body.h"
#include "gateway/codec/message_plan.h"

namespace penstock::binding {

// What a response_body names.
struct ResponseSource {
  const codec::MessagePlan* output;
  codec::FieldPath field;  // empty: all of it
  bool http_body = false;  // a google.api.HttpBody
};

// `response_body`: "" for the whole message, else a field path. InvalidArgument: no such field.
absl::StatusOr<ResponseSource> ResolveResponse(const codec::MessagePlan& output, absl::string_view response_body);

class ResponseBinding {
 public:
  virtual ~ResponseBinding() = default;

  // True: the response is a google.api.HttpBody, to be sent as it is.
  bool is_http_body() const { return source_.http_body; }

  // True: the response is a field of the message, or what stands in it.
  bool is_field() const { return !source_.field.empty(); }

  // Its parts, as views of `wire`. REQUIRES: is_http_body(). INTERNAL: the wire is broken.
  absl::StatusOr<codec::HttpBodyView> HttpBody(absl::string_view wire) const {
    return codec::ReadHttpBody(source_.field, wire);
  }

  // Appends the JSON, as WireToJson does.
  virtual absl::Status Print(absl::string_view wire, size_t max_bytes, std::string* out) const = 0;

 protected:
  explicit ResponseBinding(ResponseSource source) : source_(std::move(source)) {}

  const ResponseSource& source() const { return source_; }

 private:
  ResponseSource source_;
};

}  // namespace penstock::binding

#endif  // PENSTOCK_GATEWAY_BINDING_RESPONSE_BINDING_H_
