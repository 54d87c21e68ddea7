// google.api.http rules as flat bindings. Pure; any thread.
//
//   absl::StatusOr<std::vector<HttpBinding>> bindings =
//       BindingsOf(rule, "penstock.tick.v1.TickService.Subscribe", TemplateSyntax());
//   bindings->front()  → POST /v1/ticks:subscribe, body "*"
#ifndef PENSTOCK_GATEWAY_ROUTE_HTTP_RULE_H_
#define PENSTOCK_GATEWAY_ROUTE_HTTP_RULE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/route/path_template.h"
#include "google/api/http.pb.h"

namespace penstock::route {

struct HttpBinding {
  std::string method;  // "GET", …, a custom kind such as "HEAD", or "*" for any
  PathTemplate path_template;
  std::string body;           // "": none; "*": the whole message; else a field path
  std::string response_body;  // "": the whole message; else a field
};

// The rule's own binding, then its additional ones, in order. `full_method` ("pkg.Service.Method") is named in errors:
// InvalidArgument for a rule without a pattern, a bad template, a custom kind that is no HTTP token, and an additional
// binding that has additional ones.
absl::StatusOr<std::vector<HttpBinding>> BindingsOf(const google::api::HttpRule& rule, absl::string_view full_method,
                                                    TemplateSyntax syntax);

// How a method without a rule is reached: POST /pkg.Service/Method, body "*".
HttpBinding UnboundBinding(absl::string_view full_method);

}  // namespace penstock::route

#endif  // PENSTOCK_GATEWAY_ROUTE_HTTP_RULE_H_
