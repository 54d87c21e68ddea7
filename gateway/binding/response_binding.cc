#include "gateway/binding/response_binding.h"

#include "absl/strings/str_cat.h"

namespace penstock::binding {

absl::StatusOr<ResponseSource> ResolveResponse(const codec::MessagePlan& output, absl::string_view response_body) {
  ResponseSource source{&output, {}};
  const codec::MessagePlan* message = &output;
  if (!response_body.empty()) {
    absl::StatusOr<codec::FieldPath> path = codec::ResolveFieldPath(output, response_body);
    if (!path.ok()) return absl::InvalidArgumentError(absl::StrCat("response_body ", path.status().message()));
    source.field = *std::move(path);
    message = source.field.back()->repeated ? nullptr : source.field.back()->message;
  }
  source.http_body = message != nullptr && codec::IsHttpBody(*message);
  return source;
}

}  // namespace penstock::binding
