// What of the response message becomes the HTTP response: the response_body of a google.api.http rule.
//
// Compiled once a route, immutable, shared by all threads; the PlanSet must outlive it.
//
//   auto binding = ResponseBinding::Build(*output, "book");
//   if (binding->is_http_body()) ...; else status = binding->Print(message, max_bytes, &json);
#ifndef PENSTOCK_GATEWAY_BINDING_RESPONSE_BINDING_H_
#define PENSTOCK_GATEWAY_BINDING_RESPONSE_BINDING_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/binding/binding_rules.h"
#include "gateway/codec/field_path.h"
#include "gateway/codec/http_body.h"
#include "gateway/codec/message_plan.h"

namespace penstock::binding {

class ResponseBinding {
 public:
  // `response_body`: "" for the whole message (in grpc-gateway's dialect "*" too), else a field path. InvalidArgument:
  // no such field.
  static absl::StatusOr<ResponseBinding> Build(const codec::MessagePlan& output, absl::string_view response_body,
                                               BindingRules rules = BindingRules::kNative);

  // True: the response is a google.api.HttpBody, to be sent as it is.
  bool is_http_body() const { return http_body_; }

  // True: the response is a field of the message, or what stands in it.
  bool is_field() const { return !field_.empty(); }

  // Its parts, as views of `wire`. REQUIRES: is_http_body(). INTERNAL: the wire is broken.
  absl::StatusOr<codec::HttpBodyView> HttpBody(absl::string_view wire) const {
    return codec::ReadHttpBody(field_, wire);
  }

  // As WireToJson. A message field that is unset prints `null`, in grpc-gateway's dialect the message's default; what
  // is no message, Go's encoding/json prints there: 64-bit integers as numbers, strings fit for HTML, an unset
  // `optional` as `null`, and no NaN. There what cannot be printed is UNKNOWN.
  absl::Status Print(absl::string_view wire, size_t max_bytes, std::string* out) const;

 private:
  ResponseBinding(const codec::MessagePlan& output, BindingRules rules) : output_(&output), rules_(rules) {}

  absl::Status PrintGoField(absl::string_view wire, size_t max_bytes, std::string* out) const;

  const codec::MessagePlan* output_;
  BindingRules rules_;
  codec::FieldPath field_;  // empty: all of it
  bool http_body_ = false;
};

}  // namespace penstock::binding

#endif  // PENSTOCK_GATEWAY_BINDING_RESPONSE_BINDING_H_
