#include "gateway/schema.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/route/http_rule.h"
#include "gateway/route/last_registered_router.h"
#include "gateway/route/most_specific_router.h"
#include "gateway/route/path_template.h"
#include "gateway/transcode/framing.h"
#include "google/api/annotations.pb.h"

namespace penstock {
namespace {

namespace pb = google::protobuf;

class ErrorCollector final : public pb::DescriptorPool::ErrorCollector {
 public:
  void AddError(const std::string& file, const std::string& element, const pb::Message* /*descriptor*/,
                ErrorLocation /*location*/, const std::string& message) override {
    errors_.push_back(absl::StrCat(file, ": ", element, ": ", message));
  }
  absl::Status status() const { return absl::InvalidArgumentError(absl::StrJoin(errors_, "; ")); }

 private:
  std::vector<std::string> errors_;
};

absl::Status Prefixed(absl::string_view where, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(where, ": ", status.message()));
}

std::string ConfiguredAt(const route::ApiRule& rule) { return absl::StrCat("--api-config: ", rule.place); }

route::PathTemplate::Syntax SyntaxOf(config::Dialect dialect) {
  return dialect == config::Dialect::kGrpcGateway ? route::PathTemplate::Syntax::kGrpcGateway
                                                  : route::PathTemplate::Syntax::kGoogleApi;
}

std::unique_ptr<route::Router::Builder> RouterBuilderFor(const SchemaOptions& options) {
  if (options.dialect == config::Dialect::kGrpcGateway) {
    return std::make_unique<route::LastRegisteredRouter::Builder>(options.unescape);
  }
  return std::make_unique<route::MostSpecificRouter::Builder>(options.unescape);
}

}  // namespace

class Schema::Builder {
 public:
  Builder(const pb::FileDescriptorSet& files, const SchemaOptions& options)
      : files_(files), options_(options), schema_(new Schema), router_(RouterBuilderFor(options)) {}

  absl::StatusOr<std::shared_ptr<const Schema>> Build() {
    if (absl::Status status = BuildFiles(); !status.ok()) return status;
    auto plans = transcode::PlanSet::Build(built_, options_.print);
    if (!plans.ok()) return plans.status();
    schema_->plans_ = *std::move(plans);
    if (absl::Status status = CheckExposed(); !status.ok()) return status;
    if (absl::Status status = TakeRules(); !status.ok()) return status;
    // In the order they came in, not the one they were built in: grpc-gateway's routes depend on it.
    for (const pb::FileDescriptorProto& file : files_.file()) {
      const pb::FileDescriptor& built = *schema_->pool_.FindFileByName(file.name());
      for (int i = 0; i < built.service_count(); ++i) {
        if (absl::Status status = AddService(*built.service(i)); !status.ok()) return status;
      }
    }
    auto router = std::move(*router_).Build();
    if (!router.ok()) return router.status();
    schema_->router_ = *std::move(router);
    return std::shared_ptr<const Schema>(std::move(schema_));
  }

 private:
  // Imports before what imports them, whatever the order they came in.
  absl::Status BuildFiles() {
    for (const pb::FileDescriptorProto& file : files_.file()) by_name_.emplace(file.name(), &file);
    for (const pb::FileDescriptorProto& file : files_.file()) {
      if (absl::Status status = BuildFile(file); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status BuildFile(const pb::FileDescriptorProto& file) {
    if (schema_->pool_.FindFileByName(file.name()) != nullptr) return absl::OkStatus();
    if (!in_progress_.insert(file.name()).second) {
      return absl::InvalidArgumentError(absl::StrCat(file.name(), ": imports itself"));
    }
    for (const std::string& import : file.dependency()) {
      const auto found = by_name_.find(import);
      if (found == by_name_.end()) {
        return absl::InvalidArgumentError(
            absl::StrCat(file.name(), ": imports \"", import,
                         "\", which is missing; make the descriptor set with protoc --include_imports"));
      }
      if (absl::Status status = BuildFile(*found->second); !status.ok()) return status;
    }
    ErrorCollector errors;
    const pb::FileDescriptor* built = schema_->pool_.BuildFileCollectingErrors(file, &errors);
    if (built == nullptr) return errors.status();
    built_.push_back(built);
    return absl::OkStatus();
  }

  bool Exposed(const std::string& service) const {
    if (options_.expose.empty()) return !absl::StartsWith(service, "grpc.");
    return std::find(options_.expose.begin(), options_.expose.end(), service) != options_.expose.end();
  }

  absl::Status CheckExposed() const {
    for (const std::string& service : options_.expose) {
      if (schema_->pool_.FindServiceByName(service) != nullptr) continue;
      std::vector<std::string> known;
      for (const pb::FileDescriptor* file : built_) {
        for (int i = 0; i < file->service_count(); ++i) known.push_back(file->service(i)->full_name());
      }
      return absl::InvalidArgumentError(absl::StrCat("--expose=", service, ": there is no such service; there are: ",
                                                     known.empty() ? "none" : absl::StrJoin(known, ", ")));
    }
    return absl::OkStatus();
  }

  absl::Status TakeRules() {
    for (const route::ApiRule& configured : options_.rules) {
      const std::string& selector = configured.rule.selector();
      if (schema_->pool_.FindMethodByName(selector) == nullptr) {
        return Prefixed(ConfiguredAt(configured),
                        absl::InvalidArgumentError(
                            absl::StrCat("selector \"", selector, "\" names no method: ", MethodsLike(selector))));
      }
      rules_.emplace(selector, &configured);
    }
    return absl::OkStatus();
  }

  // What `selector` may have meant.
  std::string MethodsLike(absl::string_view selector) const {
    const absl::string_view name = selector.substr(0, std::min(selector.size(), selector.rfind('.')));
    const pb::ServiceDescriptor* service = schema_->pool_.FindServiceByName(std::string(name));
    if (service == nullptr) return "write package.Service.Method as the descriptors have it";
    std::vector<std::string> methods;
    for (int i = 0; i < service->method_count(); ++i) methods.push_back(service->method(i)->name());
    return absl::StrCat(name, " has ", methods.empty() ? "none" : absl::StrJoin(methods, ", "));
  }

  absl::Status AddService(const pb::ServiceDescriptor& service) {
    if (!Exposed(service.full_name())) return absl::OkStatus();
    for (int i = 0; i < service.method_count(); ++i) {
      if (absl::Status status = AddMethod(*service.method(i)); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status AddMethod(const pb::MethodDescriptor& descriptor) {
    auto method = std::make_unique<Method>();
    method->full_name = descriptor.full_name();
    method->path = absl::StrCat("/", descriptor.service()->full_name(), "/", descriptor.name());
    method->client_streaming = descriptor.client_streaming();
    method->server_streaming = descriptor.server_streaming();
    method->output = schema_->plans_->Find(descriptor.output_type()->full_name());
    method->record_prefix = transcode::RecordPrefix(transcode::RecordType(descriptor.output_type()->name()));
    const transcode::MessagePlan& input = *schema_->plans_->Find(descriptor.input_type()->full_name());

    const auto bindings = BindingsOf(descriptor);
    if (!bindings.ok()) return bindings.status();
    for (const route::HttpBinding& binding : *bindings) {
      if (absl::Status status = AddRoute(*method, input, binding); !status.ok()) {
        return Prefixed(absl::StrCat(method->full_name, ": ", binding.method, " ", binding.path_template.text()),
                        status);
      }
    }
    schema_->methods_.push_back(std::move(method));
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<route::HttpBinding>> BindingsOf(const pb::MethodDescriptor& method) const {
    const route::PathTemplate::Syntax syntax = SyntaxOf(options_.dialect);
    std::vector<route::HttpBinding> bindings;
    const auto configured = rules_.find(method.full_name());
    if (configured != rules_.end()) {
      auto of_rule = route::BindingsOf(configured->second->rule, method.full_name(), syntax);
      if (!of_rule.ok()) return Prefixed(ConfiguredAt(*configured->second), of_rule.status());
      bindings = *std::move(of_rule);
      if (options_.dialect == config::Dialect::kNative) return bindings;
    }
    if (method.options().HasExtension(google::api::http)) {
      auto of_rule = route::BindingsOf(method.options().GetExtension(google::api::http), method.full_name(), syntax);
      if (!of_rule.ok()) return of_rule;
      bindings.insert(bindings.end(), of_rule->begin(), of_rule->end());
    } else if (bindings.empty() && options_.unbound_methods) {
      bindings.push_back(route::UnboundBinding(method.full_name()));
    }
    return bindings;
  }

  absl::Status AddRoute(const Method& method, const transcode::MessagePlan& input, const route::HttpBinding& binding) {
    std::vector<std::string> variables;
    for (const auto& variable : binding.path_template.variables()) variables.push_back(variable.field_path);
    auto request = transcode::RequestBinding::Build(*schema_->plans_, input, std::move(variables), binding.body);
    if (!request.ok()) return request.status();
    auto response = transcode::ResponseBinding::Build(*method.output, binding.response_body);
    if (!response.ok()) return response.status();
    const size_t index = schema_->routes_.size();
    router_->Add(binding.method, binding.path_template, index, method.full_name);
    schema_->routes_.push_back(Route{&method, binding.path_template.text(), *std::move(request), *std::move(response)});
    return absl::OkStatus();
  }

  const pb::FileDescriptorSet& files_;
  const SchemaOptions& options_;
  std::unique_ptr<Schema> schema_;
  absl::flat_hash_map<std::string, const pb::FileDescriptorProto*> by_name_;
  std::set<std::string> in_progress_;
  std::vector<const pb::FileDescriptor*> built_;
  absl::flat_hash_map<std::string, const route::ApiRule*> rules_;  // options_.rules by selector
  std::unique_ptr<route::Router::Builder> router_;
};

absl::StatusOr<std::shared_ptr<const Schema>> Schema::Build(const pb::FileDescriptorSet& files,
                                                            const SchemaOptions& options) {
  return Builder(files, options).Build();
}

}  // namespace penstock
