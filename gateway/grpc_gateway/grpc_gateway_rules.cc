#include "gateway/grpc_gateway/grpc_gateway_rules.h"

#include <utility>

#include "gateway/base/check.h"
#include "gateway/grpc_gateway/go_request_binding.h"
#include "gateway/grpc_gateway/go_response_binding.h"
#include "gateway/grpc_gateway/last_registered_router.h"
#include "google/protobuf/text_format.h"

namespace penstock::grpc_gateway {
namespace {

// What a health check needs of grpc/health/v1/health.proto.
constexpr char kHealthFile[] = R"(
    name: "grpc/health/v1/health.proto" package: "grpc.health.v1" syntax: "proto3"
    message_type { name: "HealthCheckRequest" field { name: "service" number: 1 label: LABEL_OPTIONAL type: TYPE_STRING } }
    message_type {
      name: "HealthCheckResponse"
      field {
        name: "status" number: 1 label: LABEL_OPTIONAL type: TYPE_ENUM
        type_name: ".grpc.health.v1.HealthCheckResponse.ServingStatus"
      }
      enum_type {
        name: "ServingStatus"
        value { name: "UNKNOWN" number: 0 } value { name: "SERVING" number: 1 }
        value { name: "NOT_SERVING" number: 2 } value { name: "SERVICE_UNKNOWN" number: 3 }
      }
    }
    service {
      name: "Health"
      method {
        name: "Check"
        input_type: ".grpc.health.v1.HealthCheckRequest" output_type: ".grpc.health.v1.HealthCheckResponse"
      }
    })";

}  // namespace

std::unique_ptr<route::Router::Builder> GrpcGatewayRules::NewRouter(route::Unescape unescape) const {
  return std::make_unique<LastRegisteredRouter::Builder>(unescape);
}

route::TemplateSyntax GrpcGatewayRules::template_syntax() const { return LastRegisteredRouter::kSyntax; }

absl::optional<HealthCheck> GrpcGatewayRules::health_check() const {
  HealthCheck check{"GET", "/healthz", {}};
  PENSTOCK_CHECK(google::protobuf::TextFormat::ParseFromString(kHealthFile, &check.file));
  return check;
}

absl::StatusOr<std::unique_ptr<const binding::RequestBinding>> GrpcGatewayRules::BindRequest(
    const codec::MessagePlan& input, const binding::RequestRule& rule) const {
  auto binding = GoRequestBinding::Build(input, rule);
  if (!binding.ok()) return binding.status();
  return std::make_unique<const GoRequestBinding>(*std::move(binding));
}

absl::StatusOr<std::unique_ptr<const binding::ResponseBinding>> GrpcGatewayRules::BindResponse(
    const codec::MessagePlan& output, absl::string_view response_body) const {
  auto binding = GoResponseBinding::Build(output, response_body);
  if (!binding.ok()) return binding.status();
  return std::make_unique<const GoResponseBinding>(*std::move(binding));
}

codec::PrintOptions GrpcGatewayRules::Printing(codec::PrintOptions asked) const {
  asked.unset_as_null = asked.unpopulated;
  asked.closed_enums = false;
  asked.group_type_names = true;
  asked.extensions_by_name = true;
  return asked;
}

}  // namespace penstock::grpc_gateway
