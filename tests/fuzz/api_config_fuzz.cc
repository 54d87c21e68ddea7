// A gRPC API configuration: what is parsed is complete, has its position, and is the same after it is written and
// parsed again.
#include <yaml-cpp/yaml.h>

#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/grpc_gateway/last_registered_router.h"
#include "gateway/route/api_config.h"
#include "gateway/route/http_rule.h"
#include "tests/fuzz/expect.h"

namespace penstock::fuzz {
namespace {

using google::api::HttpRule;
using route::ApiRule;

void Write(const HttpRule& rule, YAML::Emitter* out) {
  *out << YAML::BeginMap;
  const auto field = [out](const char* key, const std::string& value) {
    *out << YAML::Key << key << YAML::Value << YAML::DoubleQuoted << value;
  };
  if (!rule.selector().empty()) field("selector", rule.selector());
  switch (rule.pattern_case()) {
    case HttpRule::kGet:
      field("get", rule.get());
      break;
    case HttpRule::kPut:
      field("put", rule.put());
      break;
    case HttpRule::kPost:
      field("post", rule.post());
      break;
    case HttpRule::kDelete:
      field("delete", rule.delete_());
      break;
    case HttpRule::kPatch:
      field("patch", rule.patch());
      break;
    case HttpRule::kCustom:
      *out << YAML::Key << "custom" << YAML::Value << YAML::BeginMap;
      field("kind", rule.custom().kind());
      field("path", rule.custom().path());
      *out << YAML::EndMap;
      break;
    case HttpRule::PATTERN_NOT_SET:
      FUZZ_EXPECT(false, "a rule without a pattern");
  }
  field("body", rule.body());
  field("responseBody", rule.response_body());
  if (rule.additional_bindings_size() > 0) {
    *out << YAML::Key << "additional_bindings" << YAML::Value << YAML::BeginSeq;
    for (const HttpRule& additional : rule.additional_bindings()) Write(additional, out);
    *out << YAML::EndSeq;
  }
  *out << YAML::EndMap;
}

std::string Written(const std::vector<ApiRule>& rules) {
  YAML::Emitter out;
  out << YAML::BeginMap << YAML::Key << "type" << YAML::Value << "google.api.Service" << YAML::Key << "config_version"
      << YAML::Value << 3 << YAML::Key << "http" << YAML::Value << YAML::BeginMap << YAML::Key << "rules" << YAML::Value
      << YAML::BeginSeq;
  for (const ApiRule& rule : rules) Write(rule.rule, &out);
  out << YAML::EndSeq << YAML::EndMap << YAML::EndMap;
  return out.c_str();
}

void Run(absl::string_view yaml) {
  const auto rules = route::ParseApiConfig(yaml);
  if (!rules.ok()) {
    FUZZ_EXPECT(rules.status().code() == absl::StatusCode::kInvalidArgument);
    FUZZ_EXPECT(absl::StartsWith(rules.status().message(), "line "), rules.status().ToString());
    return;
  }
  std::set<std::string> selectors;
  for (const ApiRule& rule : *rules) {
    FUZZ_EXPECT(!rule.rule.selector().empty() && selectors.insert(rule.rule.selector()).second, rule.rule.selector());
    FUZZ_EXPECT(absl::StartsWith(rule.place, "line "), rule.place);
    for (const auto syntax : {route::TemplateSyntax(), grpc_gateway::LastRegisteredRouter::kSyntax}) {
      const auto bindings = route::BindingsOf(rule.rule, rule.rule.selector(), syntax);
      const auto size = static_cast<size_t>(rule.rule.additional_bindings_size()) + 1;
      FUZZ_EXPECT(!bindings.ok() || bindings->size() == size);
    }
  }
  if (rules->empty()) return;
  const std::string written = Written(*rules);
  const auto again = route::ParseApiConfig(written);
  FUZZ_EXPECT(again.ok(), again.status().ToString(), "\n", written);
  FUZZ_EXPECT(again->size() == rules->size());
  for (size_t i = 0; i < rules->size(); ++i) {
    FUZZ_EXPECT((*again)[i].rule.SerializeAsString() == (*rules)[i].rule.SerializeAsString(), written);
  }
}

}  // namespace
}  // namespace penstock::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  penstock::fuzz::Run(absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
