#include "gateway/protocol/event_stream.h"

#include "absl/strings/str_cat.h"
#include "gateway/codec/status_json.h"
#include "gateway/protocol/record.h"
#include "gateway/protocol/retry_hint.h"

namespace penstock {

void EventStream::AppendHeaders(const Schema::Route& /*route*/, absl::optional<absl::string_view> /*first*/,
                                http::Headers* headers) const {
  AppendStreamHeaders("text/event-stream", headers);
}

absl::Status EventStream::AppendRecord(const Schema::Route& route, absl::string_view message, size_t max_bytes,
                                       std::string* out) const {
  codec::RecordId::Digits digits;
  const absl::string_view id = IdOf(*route.method, message, &digits);
  absl::StrAppend(out, "event: ", route.method->record_frame.type(), "\n");
  if (!id.empty()) absl::StrAppend(out, "id: ", id, "\n");
  absl::StrAppend(out, "data: ");
  absl::Status status = route.response.Print(message, max_bytes, out);
  absl::StrAppend(out, "\n\n");
  return status;
}

void EventStream::AppendEnding(const StreamEnd& end, std::string* out) const {
  if (end.status.ok()) {
    absl::StrAppend(out, "event: end\ndata: {\"code\":0}\n\n");
    return;
  }
  absl::StrAppend(out, "event: failure\n");
  if (const absl::optional<absl::Duration> delay = RetryDelayOf(end.status)) {
    absl::StrAppend(out, "retry: ", absl::ToInt64Milliseconds(*delay), "\n");
  }
  absl::StrAppend(out, "data: ");
  codec::AppendStatusJson(end.status, end.types, out);
  absl::StrAppend(out, "\n\n");
}

}  // namespace penstock
