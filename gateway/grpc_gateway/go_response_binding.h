// The ResponseBinding of grpc-gateway. A message is printed as protojson does; a field that is no message as Go's
// encoding/json does: 64-bit integers as numbers, strings fit for HTML, an unset `optional` as `null`, and no NaN.
//
//   auto binding = GoResponseBinding::Build(*output, "book.pages");
#ifndef PENSTOCK_GATEWAY_GRPC_GATEWAY_GO_RESPONSE_BINDING_H_
#define PENSTOCK_GATEWAY_GRPC_GATEWAY_GO_RESPONSE_BINDING_H_

#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/binding/response_binding.h"
#include "gateway/codec/message_plan.h"

namespace penstock::grpc_gateway {

class GoResponseBinding final : public binding::ResponseBinding {
 public:
  // As ResolveResponse, and "*" for the whole message.
  static absl::StatusOr<GoResponseBinding> Build(const codec::MessagePlan& output, absl::string_view response_body);

  // A message field that is unset prints the message's default. What cannot be printed is UNKNOWN.
  absl::Status Print(absl::string_view wire, size_t max_bytes, std::string* out) const override;

 private:
  explicit GoResponseBinding(binding::ResponseSource source) : ResponseBinding(std::move(source)) {}

  absl::Status PrintField(absl::string_view wire, size_t max_bytes, std::string* out) const;
};

}  // namespace penstock::grpc_gateway

#endif  // PENSTOCK_GATEWAY_GRPC_GATEWAY_GO_RESPONSE_BINDING_H_
