#include "gateway/schema/schema.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/route/http_rule.h"
#include "gateway/route/path_template.h"
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

// The files of one upstream into its pool.
class FileBuilder {
 public:
  FileBuilder(const pb::FileDescriptorSet& files, pb::DescriptorPool* pool,
              std::vector<const pb::FileDescriptor*>* built)
      : files_(files), pool_(pool), built_(built) {}

  // Imports before what imports them, whatever the order they came in.
  absl::Status Build() {
    for (const pb::FileDescriptorProto& file : files_.file()) by_name_.emplace(file.name(), &file);
    for (const pb::FileDescriptorProto& file : files_.file()) {
      if (absl::Status status = BuildFile(file); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

 private:
  absl::Status BuildFile(const pb::FileDescriptorProto& file) {
    if (pool_->FindFileByName(file.name()) != nullptr) return absl::OkStatus();
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
    const pb::FileDescriptor* built = pool_->BuildFileCollectingErrors(file, &errors);
    if (built == nullptr) return errors.status();
    built_->push_back(built);
    return absl::OkStatus();
  }

  const pb::FileDescriptorSet& files_;
  pb::DescriptorPool* const pool_;
  std::vector<const pb::FileDescriptor*>* const built_;
  absl::flat_hash_map<std::string, const pb::FileDescriptorProto*> by_name_;
  std::set<std::string> in_progress_;
};

}  // namespace

class Schema::Builder {
 public:
  Builder(absl::Span<const Api> apis, const SchemaOptions& options)
      : apis_(apis),
        options_(options),
        rules_(*options.rules),
        schema_(new Schema),
        router_(rules_.NewRouter(options.unescape)) {}

  absl::StatusOr<std::shared_ptr<const Schema>> Build() {
    schema_->types_.resize(apis_.size());
    for (size_t i = 0; i < apis_.size(); ++i) {
      all_known_ = all_known_ && apis_[i].files != nullptr;
      if (apis_[i].files == nullptr) continue;
      if (absl::Status status = AddTypes(i); !status.ok()) return Named(i, status);
    }
    if (absl::Status status = CheckExposed(); !status.ok()) return status;
    if (absl::Status status = TakeApiRules(); !status.ok()) return status;
    if (const absl::optional<HealthCheck> check = rules_.health_check()) {
      if (absl::Status status = AddHealthCheck(*check); !status.ok()) return status;
    }
    for (size_t i = 0; i < apis_.size(); ++i) {
      if (apis_[i].files == nullptr) continue;
      if (absl::Status status = AddServices(i); !status.ok()) return Named(i, status);
    }
    auto router = std::move(*router_).Build();
    if (!router.ok()) return router.status();
    schema_->router_ = *std::move(router);
    return std::shared_ptr<const Schema>(std::move(schema_));
  }

 private:
  absl::Status Named(size_t api, const absl::Status& status) const {
    return apis_.size() == 1 ? status : Prefixed(absl::StrCat("upstream ", apis_[api].upstream), status);
  }

  absl::Status AddTypes(size_t api) {
    schema_->types_[api] = std::make_unique<Types>();
    Types& types = *schema_->types_[api];
    std::vector<const pb::FileDescriptor*> built;
    if (absl::Status status = FileBuilder(*apis_[api].files, &types.pool, &built).Build(); !status.ok()) return status;
    auto plans = codec::PlanSet::Build(built, rules_.Printing(options_.print));
    if (!plans.ok()) return plans.status();
    types.plans = *std::move(plans);
    return absl::OkStatus();
  }

  // What `find` finds first in one of the pools; null: in none.
  template <typename Find>
  auto FindInPools(Find find) const -> decltype(find(std::declval<const pb::DescriptorPool&>())) {
    for (const auto& types : schema_->types_) {
      if (types == nullptr) continue;
      if (const auto* found = find(types->pool)) return found;
    }
    return nullptr;
  }

  const pb::ServiceDescriptor* FindService(const std::string& name) const {
    return FindInPools([&](const pb::DescriptorPool& pool) { return pool.FindServiceByName(name); });
  }

  bool Exposed(const std::string& service) const {
    if (options_.expose.empty()) return !absl::StartsWith(service, "grpc.");
    return std::find(options_.expose.begin(), options_.expose.end(), service) != options_.expose.end();
  }

  absl::Status CheckExposed() const {
    for (const std::string& service : options_.expose) {
      if (!all_known_ || FindService(service) != nullptr) continue;
      std::vector<std::string> known;
      for (const Api& api : apis_) {
        for (const pb::FileDescriptorProto& file : api.files->file()) {
          for (const auto& one : file.service()) {
            known.push_back(file.package().empty() ? one.name() : absl::StrCat(file.package(), ".", one.name()));
          }
        }
      }
      return absl::InvalidArgumentError(absl::StrCat("--expose=", service, ": there is no such service; there are: ",
                                                     known.empty() ? "none" : absl::StrJoin(known, ", ")));
    }
    return absl::OkStatus();
  }

  absl::Status TakeApiRules() {
    for (const route::ApiRule& configured : options_.api_rules) {
      const std::string& selector = configured.rule.selector();
      const auto* method = FindInPools([&](const pb::DescriptorPool& pool) { return pool.FindMethodByName(selector); });
      if (method == nullptr && all_known_) {
        return Prefixed(ConfiguredAt(configured),
                        absl::InvalidArgumentError(
                            absl::StrCat("selector \"", selector, "\" names no method: ", MethodsLike(selector))));
      }
      api_rules_.emplace(selector, &configured);
    }
    return absl::OkStatus();
  }

  // What `selector` may have meant.
  std::string MethodsLike(absl::string_view selector) const {
    const absl::string_view name = selector.substr(0, std::min(selector.size(), selector.rfind('.')));
    const pb::ServiceDescriptor* service = FindService(std::string(name));
    if (service == nullptr) return "write package.Service.Method as the descriptors have it";
    std::vector<std::string> methods;
    for (int i = 0; i < service->method_count(); ++i) methods.push_back(service->method(i)->name());
    return absl::StrCat(name, " has ", methods.empty() ? "none" : absl::StrJoin(methods, ", "));
  }

  // In the order they came in, not the one they were built in: which route wins may depend on it.
  absl::Status AddServices(size_t api) {
    for (const pb::FileDescriptorProto& file : apis_[api].files->file()) {
      const pb::FileDescriptor& built = *schema_->types_[api]->pool.FindFileByName(file.name());
      for (int i = 0; i < built.service_count(); ++i) {
        if (absl::Status status = AddService(api, *built.service(i)); !status.ok()) return status;
      }
    }
    return absl::OkStatus();
  }

  absl::Status AddService(size_t api, const pb::ServiceDescriptor& service) {
    if (!Exposed(service.full_name())) return absl::OkStatus();
    const auto [owner, fresh] = owners_.emplace(service.full_name(), api);
    if (!fresh) {
      return absl::InvalidArgumentError(absl::StrCat(
          service.full_name(), " is served by upstream ", apis_[owner->second].upstream,
          " as well: give both as one --upstream, a comma list, if either may be called; else --expose what is meant"));
    }
    for (int i = 0; i < service.method_count(); ++i) {
      if (absl::Status status = AddMethod(api, *service.method(i)); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status AddHealthCheck(const HealthCheck& check) {
    schema_->types_.push_back(std::make_unique<Types>());
    Types& types = *schema_->types_.back();
    const pb::FileDescriptor* file = types.pool.BuildFile(check.file);
    auto plans = codec::PlanSet::Build({file}, rules_.Printing(options_.print));
    if (!plans.ok()) return plans.status();
    types.plans = *std::move(plans);
    const route::PathTemplate path = route::PathTemplate::Parse(check.path).value();
    absl::Status status = AddMethod(0, *types.plans, *file->service(0)->method(0), {{check.http_method, path, "", ""}});
    if (status.ok()) schema_->routes_.back().is_health_check = true;
    return status;
  }

  absl::Status AddMethod(size_t api, const pb::MethodDescriptor& descriptor) {
    const auto bindings = BindingsOf(descriptor);
    if (!bindings.ok()) return bindings.status();
    return AddMethod(api, *schema_->types_[api]->plans, descriptor, *bindings);
  }

  absl::Status AddMethod(size_t api, const codec::PlanSet& plans, const pb::MethodDescriptor& descriptor,
                         const std::vector<route::HttpBinding>& bindings) {
    auto method = std::make_unique<Method>();
    method->full_name = descriptor.full_name();
    method->path = absl::StrCat("/", descriptor.service()->full_name(), "/", descriptor.name());
    method->upstream = api;
    method->client_streaming = descriptor.client_streaming();
    method->server_streaming = descriptor.server_streaming();
    method->input = plans.Find(descriptor.input_type()->full_name());
    method->output = plans.Find(descriptor.output_type()->full_name());
    const codec::MessagePlan& input = *method->input;
    if (rules_.reads_stream_options()) {
      absl::StatusOr<StreamOptions> stream = StreamOptionsOf(descriptor, input, *method->output);
      if (!stream.ok()) return stream.status();
      method->stream = *std::move(stream);
      method->record_frame = RecordFrame(method->stream.type);
    }

    for (const route::HttpBinding& binding : bindings) {
      if (absl::Status status = AddRoute(*method, input, binding); !status.ok()) {
        return Prefixed(absl::StrCat(method->full_name, ": ", binding.method, " ", binding.path_template.text()),
                        status);
      }
    }
    schema_->methods_.push_back(std::move(method));
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<route::HttpBinding>> BindingsOf(const pb::MethodDescriptor& method) const {
    const route::TemplateSyntax syntax = rules_.template_syntax();
    std::vector<route::HttpBinding> bindings;
    const auto configured = api_rules_.find(method.full_name());
    if (configured != api_rules_.end()) {
      auto of_rule = route::BindingsOf(configured->second->rule, method.full_name(), syntax);
      if (!of_rule.ok()) return Prefixed(ConfiguredAt(*configured->second), of_rule.status());
      bindings = *std::move(of_rule);
      if (!rules_.keeps_annotations()) return bindings;
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

  absl::Status AddRoute(const Method& method, const codec::MessagePlan& input, const route::HttpBinding& binding) {
    binding::RequestRule rule;
    for (const auto& variable : binding.path_template.variables()) rule.path_variables.push_back(variable.field_path);
    rule.body = binding.body;
    rule.patch = binding.method == "PATCH";
    auto request = rules_.BindRequest(input, rule);
    if (!request.ok()) return request.status();
    auto response = rules_.BindResponse(*method.output, binding.response_body);
    if (!response.ok()) return response.status();
    const size_t index = schema_->routes_.size();
    router_->Add(binding.method, binding.path_template, index, method.full_name);
    schema_->requests_.push_back(*std::move(request));
    schema_->responses_.push_back(*std::move(response));
    schema_->routes_.push_back(Route{&method, binding.path_template.text(), *schema_->requests_.back(),
                                     *schema_->responses_.back(), binding.method, binding.body, binding.response_body,
                                     false});
    return absl::OkStatus();
  }

  const absl::Span<const Api> apis_;
  const SchemaOptions& options_;
  const SchemaRules& rules_;
  std::unique_ptr<Schema> schema_;
  bool all_known_ = true;                                              // of each API the files
  absl::flat_hash_map<std::string, size_t> owners_;                    // of exposed services
  absl::flat_hash_map<std::string, const route::ApiRule*> api_rules_;  // options_.api_rules by selector
  std::unique_ptr<route::Router::Builder> router_;
};

absl::StatusOr<std::shared_ptr<const Schema>> Schema::Build(const pb::FileDescriptorSet& files,
                                                            const SchemaOptions& options) {
  const Api api{"", &files};
  return Build(absl::MakeConstSpan(&api, 1), options);
}

absl::StatusOr<std::shared_ptr<const Schema>> Schema::Build(absl::Span<const Api> apis, const SchemaOptions& options) {
  return Builder(apis, options).Build();
}

}  // namespace penstock
