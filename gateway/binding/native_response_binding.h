// The native ResponseBinding: protobuf's JSON of the message or field, `null` for a message field that is unset.
//
//   auto binding = NativeResponseBinding::Build(*output, "book");
#ifndef PENSTOCK_GATEWAY_BINDING_NATIVE_RESPONSE_BINDING_H_
#define PENSTOCK_GATEWAY_BINDING_NATIVE_RESPONSE_BINDING_H_

#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/binding/response_binding.h"
#include "gateway/codec/message_plan.h"

namespace penstock::binding {

class NativeResponseBinding final : public ResponseBinding {
 public:
  // As ResolveResponse.
  static absl::StatusOr<NativeResponseBinding> Build(const codec::MessagePlan& output, absl::string_view response_body);

  absl::Status Print(absl::string_view wire, size_t max_bytes, std::string* out) const override;

 private:
  explicit NativeResponseBinding(ResponseSource source) : ResponseBinding(std::move(source)) {}
};

}  // namespace penstock::binding

#endif  // PENSTOCK_GATEWAY_BINDING_NATIVE_RESPONSE_BINDING_H_
