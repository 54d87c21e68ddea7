// The rules that a schema is built by: which router it has, how its templates are written, how requests and responses
// are bound, and which defaults hold. Native and grpc-gateway are two values; who builds a schema chooses one, and
// nobody asks later which it was.
//
// Pure, immutable, shared by all threads; outlives the schemas that are built by it.
//
//   SchemaOptions options;
//   options.rules = &grpc_gateway::kGrpcGatewayRules;
//   auto schema = Schema::Build(descriptor_set, options);
#ifndef PENSTOCK_GATEWAY_SCHEMA_SCHEMA_RULES_H_
#define PENSTOCK_GATEWAY_SCHEMA_SCHEMA_RULES_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "gateway/binding/request_binding.h"
#include "gateway/binding/response_binding.h"
#include "gateway/codec/message_plan.h"
#include "gateway/route/path_template.h"
#include "gateway/route/percent.h"
#include "gateway/route/router.h"
#include "google/protobuf/descriptor.pb.h"

namespace penstock {

// A route that asks the first upstream whether it is well.
struct HealthCheck {
  std::string http_method;
  std::string path;
  // Declares the method to be called, the first of its only service: an API's own files need not have it. It takes no
  // body.
  google::protobuf::FileDescriptorProto file;
};

class SchemaRules {
 public:
  virtual ~SchemaRules() = default;

  // Where routes are put, in the order of files, services, methods and bindings.
  virtual std::unique_ptr<route::Router::Builder> NewRouter(route::Unescape unescape) const = 0;

  // Of the templates of google.api.http rules.
  virtual route::TemplateSyntax template_syntax() const = 0;

  // Where a configured rule names a method, the method's annotation holds as well, after it; else not any more.
  virtual bool keeps_annotations() const = 0;

  // Routed before all methods.
  virtual absl::optional<HealthCheck> health_check() const = 0;

  // How each route is bound. InvalidArgument: the rule does not fit the message.
  virtual absl::StatusOr<std::unique_ptr<const binding::RequestBinding>> BindRequest(
      const codec::MessagePlan& input, const binding::RequestRule& rule) const = 0;
  virtual absl::StatusOr<std::unique_ptr<const binding::ResponseBinding>> BindResponse(
      const codec::MessagePlan& output, absl::string_view response_body) const = 0;

  // `asked`, completed by what is nobody's choice.
  virtual codec::PrintOptions Printing(codec::PrintOptions asked) const = 0;

  // Methods are asked for the option penstock.options.v1.stream; else it has no meaning.
  virtual bool reads_stream_options() const = 0;
};

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_SCHEMA_SCHEMA_RULES_H_
