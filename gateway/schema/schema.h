// A compiled API: which requests it answers and how their messages are transcoded. Built from descriptors alone, then
// immutable and shared by all threads; a request keeps the schema it started with.
//
// The API may be that of several upstreams. Each has a descriptor pool of its own, because two servers seldom hold
// byte for byte the same common.proto; what they share is the router.
//
//   auto schema = Schema::Build(descriptor_set, options);
//   route::Router::Match match = (*schema)->router().Find("POST", "/v1/ticks:subscribe");
//   const Schema::Route& route = (*schema)->route(match.route);
#ifndef PENSTOCK_GATEWAY_SCHEMA_SCHEMA_H_
#define PENSTOCK_GATEWAY_SCHEMA_SCHEMA_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "gateway/binding/request_binding.h"
#include "gateway/binding/response_binding.h"
#include "gateway/codec/message_plan.h"
#include "gateway/route/api_config.h"
#include "gateway/route/percent.h"
#include "gateway/route/router.h"
#include "gateway/schema/native_rules.h"
#include "gateway/schema/record_frame.h"
#include "gateway/schema/schema_rules.h"
#include "gateway/schema/stream_options.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"

namespace penstock {

struct SchemaOptions {
  const SchemaRules* rules = &kNativeRules;  // outlive the schema
  std::vector<std::string> expose;           // full names of services; empty: all but gRPC's own (`grpc.…`)
  bool unbound_methods = true;               // methods without a rule as POST /pkg.Service/Method
  route::Unescape unescape = route::Unescape::kAllExceptReserved;
  // Configured google.api.http rules, one a method, before its annotation or instead of it (see SchemaRules).
  std::vector<route::ApiRule> api_rules;
  codec::PrintOptions print;  // the rules have the last word
};

class Schema {
 public:
  struct Method {
    std::string full_name;  // "pkg.Service.Method"
    std::string path;       // "/pkg.Service/Method", what gRPC calls it
    size_t upstream = 0;    // which one has it: an index into what Build was given
    bool client_streaming = false;
    bool server_streaming = false;
    const codec::MessagePlan* input = nullptr;
    const codec::MessagePlan* output = nullptr;
    StreamOptions stream;  // of native streams: what their records are called, and how one is resumed
    RecordFrame record_frame{""};
  };

  struct Route {
    const Method* method;
    std::string path_template;  // for logs and metrics
    const binding::RequestBinding& request;
    const binding::ResponseBinding& response;
    // The rest of its rule, for who describes the API.
    std::string verb;              // "GET", …, "*" for any
    std::string body;              // "*", a field path, or none
    std::string response_body;     // a field, or none
    bool is_health_check = false;  // of the whole server, see SchemaRules
  };

  // One upstream's part of it.
  struct Api {
    std::string upstream;  // its name, for messages
    // Null: not known yet. Then what only it could have is no error.
    const google::protobuf::FileDescriptorSet* files;
  };

  // `files` in any order, each once; routes are added in it, service by service, method by method, binding by binding.
  // InvalidArgument: a file that misses an import or does not compile, a service in `expose` or a method in `api_rules`
  // that no file has, a rule that is wrong or two that clash; the message names file, method and template.
  static absl::StatusOr<std::shared_ptr<const Schema>> Build(const google::protobuf::FileDescriptorSet& files,
                                                             const SchemaOptions& options);

  // The same for several upstreams. InvalidArgument as well: two have the same exposed service, or rules of two clash.
  static absl::StatusOr<std::shared_ptr<const Schema>> Build(absl::Span<const Api> apis, const SchemaOptions& options);

  const route::Router& router() const { return *router_; }
  const Route& route(size_t index) const { return routes_[index]; }
  const std::vector<Route>& routes() const { return routes_; }
  size_t method_count() const { return methods_.size(); }

 private:
  class Builder;
  Schema() = default;

  struct Types {
    google::protobuf::DescriptorPool pool;
    std::unique_ptr<const codec::PlanSet> plans;
  };

  // In this order: each refers to those before it.
  std::vector<std::unique_ptr<Types>> types_;  // by upstream; null: not known
  std::vector<std::unique_ptr<const Method>> methods_;
  std::vector<std::unique_ptr<const binding::RequestBinding>> requests_;
  std::vector<std::unique_ptr<const binding::ResponseBinding>> responses_;
  std::vector<Route> routes_;
  std::unique_ptr<const route::Router> router_;
};

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_SCHEMA_SCHEMA_H_
