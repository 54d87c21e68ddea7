// The native SchemaRules: the most specific route wins, and whatever cannot be bound is an error.
#ifndef PENSTOCK_GATEWAY_SCHEMA_NATIVE_RULES_H_
#define PENSTOCK_GATEWAY_SCHEMA_NATIVE_RULES_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "gateway/schema/schema_rules.h"

namespace penstock {

class NativeRules final : public SchemaRules {
 public:
  std::unique_ptr<route::Router::Builder> NewRouter(route::Unescape unescape) const override;
  route::TemplateSyntax template_syntax() const override { return {}; }
  bool keeps_annotations() const override { return false; }
  absl::optional<HealthCheck> health_check() const override { return absl::nullopt; }
  absl::StatusOr<std::unique_ptr<const binding::RequestBinding>> BindRequest(
      const codec::MessagePlan& input, const binding::RequestRule& rule) const override;
  absl::StatusOr<std::unique_ptr<const binding::ResponseBinding>> BindResponse(
      const codec::MessagePlan& output, absl::string_view response_body) const override;
  codec::PrintOptions Printing(codec::PrintOptions asked) const override { return asked; }
  bool reads_stream_options() const override { return true; }
};

inline const NativeRules kNativeRules;

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_SCHEMA_NATIVE_RULES_H_
