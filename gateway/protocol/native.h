// The native dialect: strict about what it takes, and a stream whose end is always told. See dialect.h.
#ifndef PENSTOCK_GATEWAY_PROTOCOL_NATIVE_H_
#define PENSTOCK_GATEWAY_PROTOCOL_NATIVE_H_

#include "gateway/protocol/dialect.h"

namespace penstock {

class NativeDialect final : public Dialect {
 public:
  bool guards_against_other_sites() const override { return true; }
  Lookup LookupOf(const http::RequestHead& head) const override { return {head.method, false}; }
  LocalAnswer Unrouted(const http::RequestHead& head, const route::Router::Match& match,
                       absl::string_view path) const override;
  Admission Admit(const http::RequestHead& head, const Schema::Route& route) const override;
  const BodyRules& body_rules() const override { return body_rules_; }
  absl::Status Judge(const Schema::Route& /*route*/, absl::string_view /*message*/) const override {
    return absl::OkStatus();
  }
  absl::Status StatusOf(absl::Status said) const override;
  void Finish(const Schema::Route& /*route*/, WholeAnswer* /*answer*/, http::Headers* /*metadata*/) const override {}
  void AppendCommonHeaders(http::Headers* headers) const override;
  void AppendFailureHeaders(const absl::Status& status, bool unprocessed, bool streams,
                            http::Headers* headers) const override;
  bool stream_trailers() const override { return true; }

 private:
  const BodyRules body_rules_{};
};

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_PROTOCOL_NATIVE_H_
