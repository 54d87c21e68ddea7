#include "gateway/schema/native_rules.h"

#include <utility>

#include "gateway/binding/native_request_binding.h"
#include "gateway/binding/native_response_binding.h"
#include "gateway/route/most_specific_router.h"

namespace penstock {

std::unique_ptr<route::Router::Builder> NativeRules::NewRouter(route::Unescape unescape) const {
  return std::make_unique<route::MostSpecificRouter::Builder>(unescape);
}

absl::StatusOr<std::unique_ptr<const binding::RequestBinding>> NativeRules::BindRequest(
    const codec::MessagePlan& input, const binding::RequestRule& rule) const {
  auto binding = binding::NativeRequestBinding::Build(input, rule);
  if (!binding.ok()) return binding.status();
  return std::make_unique<const binding::NativeRequestBinding>(*std::move(binding));
}

absl::StatusOr<std::unique_ptr<const binding::ResponseBinding>> NativeRules::BindResponse(
    const codec::MessagePlan& output, absl::string_view response_body) const {
  auto binding = binding::NativeResponseBinding::Build(output, response_body);
  if (!binding.ok()) return binding.status();
  return std::make_unique<const binding::NativeResponseBinding>(*std::move(binding));
}

}  // namespace penstock
