#include "gateway/binding/native_response_binding.h"

#include "gateway/codec/wire_to_json.h"

namespace penstock::binding {

absl::StatusOr<NativeResponseBinding> NativeResponseBinding::Build(const codec::MessagePlan& output,
                                                                   absl::string_view response_body) {
  absl::StatusOr<ResponseSource> source = ResolveResponse(output, response_body);
  if (!source.ok()) return source.status();
  return NativeResponseBinding(*std::move(source));
}

absl::Status NativeResponseBinding::Print(absl::string_view wire, size_t max_bytes, std::string* out) const {
  if (!is_field()) return codec::WireToJson(*source().output, wire, max_bytes, out);
  return codec::WireFieldToJson(*source().output, source().field, wire, max_bytes, out);
}

}  // namespace penstock::binding
