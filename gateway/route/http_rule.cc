#include "gateway/route/http_rule.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

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

// The method and the template's text. An empty method: none is set.
std::pair<std::string, std::string> PatternOf(const google::api::HttpRule& rule) {
  switch (rule.pattern_case()) {
    case google::api::HttpRule::kGet:
      return {"GET", rule.get()};
    case google::api::HttpRule::kPut:
      return {"PUT", rule.put()};
    case google::api::HttpRule::kPost:
      return {"POST", rule.post()};
    case google::api::HttpRule::kDelete:
      return {"DELETE", rule.delete_()};
    case google::api::HttpRule::kPatch:
      return {"PATCH", rule.patch()};
    case google::api::HttpRule::kCustom:
      return {rule.custom().kind(), rule.custom().path()};
    case google::api::HttpRule::PATTERN_NOT_SET:
      break;
  }
  return {};
}

absl::StatusOr<HttpBinding> BindingOf(const google::api::HttpRule& rule, absl::string_view full_method,
                                      TemplateSyntax syntax) {
  if (rule.pattern_case() == google::api::HttpRule::PATTERN_NOT_SET) {
    return Error(full_method, "no pattern: set one of get, put, post, delete, patch or custom");
  }
  auto [method, text] = PatternOf(rule);
  if (!IsToken(method)) {
    return Error(full_method, absl::StrCat("custom kind \"", method, "\" is no HTTP method: write a name or \"*\""));
  }
  absl::StatusOr<PathTemplate> path_template = PathTemplate::Parse(text, syntax);
  if (!path_template.ok()) {
    return Error(full_method, absl::StrCat(method, " ", path_template.status().message()));
  }
  // Only a body can be "*" by the rules of google.api.http, but there are APIs that have it here as well.
  const bool whole_response = rule.response_body() == "*";
  return HttpBinding{std::move(method), *std::move(path_template), rule.body(),
                     whole_response ? "" : rule.response_body()};
}

}  // namespace

absl::StatusOr<std::vector<HttpBinding>> BindingsOf(const google::api::HttpRule& rule, absl::string_view full_method,
                                                    TemplateSyntax syntax) {
  std::vector<HttpBinding> bindings;
  absl::StatusOr<HttpBinding> primary = BindingOf(rule, full_method, syntax);
  if (!primary.ok()) return primary.status();
  bindings.push_back(*std::move(primary));
  for (const google::api::HttpRule& additional : rule.additional_bindings()) {
    if (additional.additional_bindings_size() != 0) {
      return Error(full_method, "an additional binding has additional bindings: put them all into the rule's own list");
    }
    absl::StatusOr<HttpBinding> binding = BindingOf(additional, full_method, syntax);
    if (!binding.ok()) return binding.status();
    bindings.push_back(*std::move(binding));
  }
  return bindings;
}

HttpBinding UnboundBinding(absl::string_view full_method) {
  const size_t dot = full_method.rfind('.');
  const std::string path = dot == absl::string_view::npos
                               ? absl::StrCat("/", full_method)
                               : absl::StrCat("/", full_method.substr(0, dot), "/", full_method.substr(dot + 1));
  return {"POST", PathTemplate::Parse(path).value(), "*", ""};  // names and dots are literals
}

}  // namespace penstock::route
