// gRPC API Configuration: google.api.http rules in a YAML file, for methods whose protos cannot be annotated. Pure.
//
//   type: google.api.Service
//   config_version: 3
//   http:
//     rules:
//     - selector: penstock.tick.v1.TickService.Subscribe
//       post: /v1/ticks:subscribe
//       body: "*"
//       additional_bindings:
//       - get: /v1/ticks:subscribe
//
//   absl::StatusOr<std::vector<ApiRule>> rules = ParseApiConfig(yaml);
//   rules->front().rule.post()  → "/v1/ticks:subscribe"
//
// The file is the YAML of a google.api.Service: keys in snake_case or lowerCamelCase, as protobuf's JSON has them. Of a
// Service's fields `http` is read, `type` and `config_version` are checked, the others are left alone.
#ifndef PENSTOCK_GATEWAY_ROUTE_API_CONFIG_H_
#define PENSTOCK_GATEWAY_ROUTE_API_CONFIG_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/api/http.pb.h"

namespace penstock::route {

struct ApiRule {
  google::api::HttpRule rule;  // with one pattern, as have its additional bindings; the selector names one method
  std::string place;           // of the rule in the file, for errors: "line 4, column 7"
};

// The rules in the order of the file, one a selector. InvalidArgument, with line and column and the remedy: what is no
// YAML, a key that the format does not have, a value of the wrong type, a rule without a selector or a pattern or with
// two patterns, a selector that stands for several methods or comes twice.
absl::StatusOr<std::vector<ApiRule>> ParseApiConfig(absl::string_view yaml);

}  // namespace penstock::route

#endif  // PENSTOCK_GATEWAY_ROUTE_API_CONFIG_H_
