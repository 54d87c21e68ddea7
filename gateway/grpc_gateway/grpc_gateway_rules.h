// The SchemaRules of grpc-gateway v2 with its default options: of the routes that match the last registered wins, and
// requests and responses are bound as its generated code and Go's libraries do.
#ifndef PENSTOCK_GATEWAY_GRPC_GATEWAY_GRPC_GATEWAY_RULES_H_
#define PENSTOCK_GATEWAY_GRPC_GATEWAY_GRPC_GATEWAY_RULES_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "gateway/schema/schema_rules.h"

namespace penstock::grpc_gateway {

class GrpcGatewayRules final : public SchemaRules {
 public:
  std::unique_ptr<route::Router::Builder> NewRouter(route::Unescape unescape) const override;
  route::TemplateSyntax template_syntax() const override;
  bool keeps_annotations() const override { return true; }
  // GET /healthz, as WithHealthzEndpoint has it.
  absl::optional<HealthCheck> health_check() const override;
  absl::StatusOr<std::unique_ptr<const binding::RequestBinding>> BindRequest(
      const codec::MessagePlan& input, const binding::RequestRule& rule) const override;
  absl::StatusOr<std::unique_ptr<const binding::ResponseBinding>> BindResponse(
      const codec::MessagePlan& output, absl::string_view response_body) const override;
  // protojson's EmitUnpopulated prints unset messages too; Go's proto2 has no closed enums.
  codec::PrintOptions Printing(codec::PrintOptions asked) const override;
  bool reads_stream_options() const override { return false; }
};

inline const GrpcGatewayRules kGrpcGatewayRules;

}  // namespace penstock::grpc_gateway

#endif  // PENSTOCK_GATEWAY_GRPC_GATEWAY_GRPC_GATEWAY_RULES_H_
