#include "gateway/protocol/raw_body.h"

#include "gateway/protocol/record.h"

namespace penstock {

void RawBody::AppendHeaders(const Schema::Route& route, absl::optional<absl::string_view> first,
                            http::Headers* headers) const {
  codec::HttpBodyView body;
  if (first) body = route.response.HttpBody(*first).value_or(body);
  AppendStreamHeaders(body.content_type.empty() ? "application/octet-stream" : body.content_type, headers);
}

absl::Status RawBody::AppendRecord(const Schema::Route& route, absl::string_view message, size_t /*max_bytes*/,
                                   std::string* out) const {
  const auto body = route.response.HttpBody(message);
  if (body.ok()) out->append(body->data.data(), body->data.size());
  return body.status();
}

}  // namespace penstock
