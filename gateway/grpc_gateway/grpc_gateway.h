// The grpc-gateway dialect: answers as grpc-gateway v2 does with its default options, so that a service can change
// gateways without its clients noticing. Held to it by //tests/conformance:differential_test. See dialect.h.
#ifndef PENSTOCK_GATEWAY_GRPC_GATEWAY_GRPC_GATEWAY_H_
#define PENSTOCK_GATEWAY_GRPC_GATEWAY_GRPC_GATEWAY_H_

#include "gateway/protocol/dialect.h"

namespace penstock::grpc_gateway {

class GrpcGatewayDialect final : public Dialect {
 public:
  bool guards_against_other_sites() const override { return false; }
  Lookup LookupOf(const http::RequestHead& head) const override;
  LocalAnswer Unrouted(const http::RequestHead& head, const route::Router::Match& match,
                       absl::string_view path) const override;
  Admission Admit(const http::RequestHead& head, const Schema::Route& route) const override;
  const BodyRules& body_rules() const override { return body_rules_; }
  absl::Status Judge(const Schema::Route& route, absl::string_view message) const override;
  absl::Status StatusOf(absl::Status said) const override;
  void Finish(const Schema::Route& route, WholeAnswer* answer, http::Headers* metadata) const override;
  void AppendCommonHeaders(http::Headers* /*headers*/) const override {}
  void AppendFailureHeaders(const absl::Status& status, bool unprocessed, bool streams,
                            http::Headers* headers) const override;
  bool stream_trailers() const override { return false; }

 private:
  const BodyRules body_rules_{.lenient = true, .forms = true, .silent_input_errors = true};
};

}  // namespace penstock::grpc_gateway

#endif  // PENSTOCK_GATEWAY_GRPC_GATEWAY_GRPC_GATEWAY_H_
