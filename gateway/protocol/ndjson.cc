#include "gateway/protocol/ndjson.h"

#include "absl/strings/str_cat.h"
#include "gateway/codec/status_json.h"
#include "gateway/protocol/record.h"
#include "gateway/schema/record_frame.h"

namespace penstock {

void Ndjson::AppendHeaders(const Schema::Route& /*route*/, absl::optional<absl::string_view> /*first*/,
                           http::Headers* headers) const {
  AppendStreamHeaders(media_type_, headers);
}

absl::Status Ndjson::AppendRecord(const Schema::Route& route, absl::string_view message, size_t max_bytes,
                                  std::string* out) const {
  codec::RecordId::Digits digits;
  route.method->record_frame.AppendPrefix(IdOf(*route.method, message, &digits), out);
  absl::Status status = route.response.Print(message, max_bytes, out);
  out->append(kRecordSuffix.data(), kRecordSuffix.size());
  return status;
}

void Ndjson::AppendEnding(const StreamEnd& end, std::string* out) const {
  if (end.status.ok()) {
    absl::StrAppend(out, "{\"end\":{\"code\":0}}\n");
    return;
  }
  absl::StrAppend(out, "{\"error\":");
  codec::AppendStatusJson(end.status, end.types, out);
  absl::StrAppend(out, kRecordSuffix);
}

}  // namespace penstock
