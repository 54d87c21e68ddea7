#include "gateway/route/http_rule.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "gateway/route/path_template.h"

namespace penstock::route {
namespace {

absl::Status Error(absl::string_view full_method, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat(full_method, ": google.api.http: ", problem));
}

// RFC 9110 section 5.6.2: what a method is made of.
bool IsToken(absl::string_view text) {
  constexpr absl::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || kOthers.find(c) != absl::string_view::npos;
  });
}

absl::StatusOr<HttpBinding> BindingOf(const google::api::HttpRule& rule, absl::string_view full_method) {
  HttpBinding binding;
  switch (rule.pattern_case()) {
    case google::api::HttpRule::kGet:
      binding = {"GET", rule.get(), "", ""};
      break;
    case google::api::HttpRule::kPut:
      binding = {"PUT", rule.put(), "", ""};
      break;
    case google::api::HttpRule::kPost:
      binding = {"POST", rule.post(), "", ""};
      break;
    case google::api::HttpRule::kDelete:
      binding = {"DELETE", rule.delete_(), "", ""};
      break;
    case google::api::HttpRule::kPatch:
      binding = {"PATCH", rule.patch(), "", ""};
      break;
    case google::api::HttpRule::kCustom:
      binding = {rule.custom().kind(), rule.custom().path(), "", ""};
      break;
    case google::api::HttpRule::PATTERN_NOT_SET:
      return Error(full_method, "no pattern: set one of get, put, post, delete, patch or custom");
  }
  if (!IsToken(binding.method)) {
    return Error(full_method,
                 absl::StrCat("custom kind \"", binding.method, "\" is no HTTP method: write a name or \"*\""));
  }
  const absl::StatusOr<PathTemplate> parsed = PathTemplate::Parse(binding.path_template);
  if (!parsed.ok()) return Error(full_method, parsed.status().message());
  binding.body = rule.body();
  binding.response_body = rule.response_body();
  return binding;
}

}  // namespace

absl::StatusOr<std::vector<HttpBinding>> BindingsOf(const google::api::HttpRule& rule, absl::string_view full_method) {
  std::vector<HttpBinding> bindings;
  absl::StatusOr<HttpBinding> primary = BindingOf(rule, full_method);
  if (!primary.ok()) return primary.status();
  bindings.push_back(*std::move(primary));
  for (const google::api::HttpRule& additional : rule.additional_bindings()) {
    if (additional.additional_bindings_size() != 0) {
      return Error(full_method, "an additional binding has additional bindings: put them all into the rule's own list");
    }
    absl::StatusOr<HttpBinding> binding = BindingOf(additional, full_method);
    if (!binding.ok()) return binding.status();
    bindings.push_back(*std::move(binding));
  }
  return bindings;
}

HttpBinding UnboundBinding(absl::string_view full_method) {
  const size_t dot = full_method.rfind('.');
  if (dot == absl::string_view::npos) return {"POST", absl::StrCat("/", full_method), "*", ""};
  return {"POST", absl::StrCat("/", full_method.substr(0, dot), "/", full_method.substr(dot + 1)), "*", ""};
}

}  // namespace penstock::route
