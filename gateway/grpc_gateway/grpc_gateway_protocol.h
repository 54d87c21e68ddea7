// grpc-gateway's own way over HTTP: answers as grpc-gateway v2 does with its default options, so that a service can
// change gateways without its clients noticing. Held to it by //tests/conformance:differential_test. See protocol.h.
#ifndef PENSTOCK_GATEWAY_GRPC_GATEWAY_GRPC_GATEWAY_PROTOCOL_H_
#define PENSTOCK_GATEWAY_GRPC_GATEWAY_GRPC_GATEWAY_PROTOCOL_H_

#include <memory>

#include "gateway/protocol/protocol.h"
#include "gateway/protocol/request_metadata.h"

namespace penstock::grpc_gateway {

class GrpcGatewayProtocol final : public Protocol {
 public:
  // Of `metadata` what grpc-gateway does otherwise is set here: every proxy is believed, and the protocol's own fields
  // are shown.
  explicit GrpcGatewayProtocol(MetadataOptions metadata);

  absl::string_view name() const override { return "grpc-gateway"; }
  bool Claims(const http::RequestHead& /*head*/) const override { return true; }

  bool guards_against_csrf() const override { return false; }
  Lookup LookupOf(const http::RequestHead& head) const override;
  Answer Unrouted(const http::RequestHead& head, const route::Router::Match& match,
                  absl::string_view path) const override;
  Admission Admit(const http::RequestHead& head, const Schema::Route& route) const override;
  std::unique_ptr<RequestReader> NewReader(RequestReader::Source source) const override;
  bool ends_bad_input_silently() const override { return true; }
  upstream::Metadata RequestMetadataOf(const http::RequestHead& head) const override;

  void AppendCommonHeaders(http::Headers* /*headers*/) const override {}
  void AppendMetadata(const upstream::Metadata& metadata, http::Headers* headers) const override;
  http::Headers TrailersOf(const upstream::Metadata& trailers) const override;
  absl::Status StatusOf(absl::Status sent) const override;
  absl::Status Print(const Schema::Route& route, absl::string_view message, size_t max_bytes,
                     PrintedMessage* printed) const override;
  Answer Complete(const Schema::Route& route, PrintedMessage printed, const CallMetadata& metadata,
                  bool sends_trailers) const override;
  Answer Fail(const Failure& failure, const FailedRequest& request) const override;

 private:
  MetadataOptions metadata_;
};

}  // namespace penstock::grpc_gateway

#endif  // PENSTOCK_GATEWAY_GRPC_GATEWAY_GRPC_GATEWAY_PROTOCOL_H_
