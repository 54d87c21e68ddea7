// Native JSON over HTTP: strict about what it takes, and a stream whose end is always told. See protocol.h.
#ifndef PENSTOCK_GATEWAY_PROTOCOL_NATIVE_PROTOCOL_H_
#define PENSTOCK_GATEWAY_PROTOCOL_NATIVE_PROTOCOL_H_

#include <memory>
#include <utility>

#include "gateway/protocol/protocol.h"
#include "gateway/protocol/request_metadata.h"

namespace penstock {

class NativeProtocol final : public Protocol {
 public:
  explicit NativeProtocol(MetadataOptions metadata) : metadata_(std::move(metadata)) {}

  absl::string_view name() const override { return "native"; }
  // Whatever no other protocol claims.
  bool Claims(const http::RequestHead& /*head*/) const override { return true; }

  bool guards_against_csrf() const override { return true; }
  Answer Unrouted(const http::RequestHead& head, const route::Router::Match& match,
                  absl::string_view path) const override;
  Admission Admit(const http::RequestHead& head, const Schema::Route& route) const override;
  std::unique_ptr<RequestReader> NewReader(RequestReader::Source source) const override;
  upstream::Metadata RequestMetadataOf(const http::RequestHead& head) const override;

  void AppendCommonHeaders(http::Headers* headers) const override;
  void AppendMetadata(const upstream::Metadata& metadata, http::Headers* headers) const override;
  http::Headers TrailersOf(const upstream::Metadata& trailers) const override;
  absl::Status StatusOf(absl::Status sent) const override;
  absl::Status Print(const Schema::Route& route, absl::string_view message, size_t max_bytes,
                     PrintedMessage* printed) const override;
  Answer Complete(const Schema::Route& route, PrintedMessage printed, const CallMetadata& metadata,
                  bool sends_trailers) const override;
  Answer Fail(const Failure& failure, const FailedRequest& request) const override;

 private:
  const MetadataOptions metadata_;
};

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_PROTOCOL_NATIVE_PROTOCOL_H_
