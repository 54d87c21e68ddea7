#include "gateway/protocol/native.h"

#include <iterator>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/codec/status_json.h"
#include "gateway/protocol/event_stream.h"
#include "gateway/protocol/http_status.h"
#include "gateway/protocol/negotiate.h"
#include "gateway/protocol/record.h"
#include "gateway/schema/record_frame.h"

namespace penstock {
namespace {

// Where a client that is told to come back should wait: long enough to matter to a herd, short enough for a person.
constexpr char kRetryAfterSeconds[] = "1";

constexpr absl::string_view kUnaryMediaTypes[] = {"application/json"};
// Of streams, the default first.
constexpr absl::string_view kStreamMediaTypes[] = {"application/x-ndjson", "application/json", "text/event-stream"};

// {"type":"tick","id":"7","data":{…}} a line, then {"end":…} or {"error":…}.
class NativeLines final : public StreamFormat {
 public:
  explicit NativeLines(absl::string_view media_type) : media_type_(media_type) {}

  bool head_goes_alone() const override { return true; }
  EndingStyle ending_style() const override { return EndingStyle::kRecord; }
  absl::string_view heartbeat() const override { return kHeartbeat; }

  void AppendHeaders(const Schema::Route& /*route*/, absl::optional<absl::string_view> /*first*/,
                     http::Headers* headers) const override {
    AppendStreamHeaders(media_type_, headers);
  }

  absl::Status AppendRecord(const Schema::Route& route, absl::string_view message, size_t max_bytes,
                            std::string* out) const override {
    codec::RecordId::Digits digits;
    route.method->record_frame.AppendPrefix(IdOf(*route.method, message, &digits), out);
    absl::Status status = route.response.Print(message, max_bytes, out);
    out->append(kRecordSuffix.data(), kRecordSuffix.size());
    return status;
  }

  void AppendEnding(const absl::Status& status, DetailTypes types, std::string* out) const override {
    penstock::AppendEnding(status, types, out);
  }

  void AppendEarlyFailure(const absl::Status& status, bool /*unprocessed*/, DetailTypes types,
                          std::string* out) const override {
    codec::AppendStatusJson(status, types, out);
  }

 private:
  const absl::string_view media_type_;
};

// google.api.HttpBody: the bytes of its messages as they are, and a cut where the call failed.
class NativeBytes final : public StreamFormat {
 public:
  // Only a message says what type the body has.
  bool head_goes_alone() const override { return false; }
  EndingStyle ending_style() const override { return EndingStyle::kBare; }
  absl::string_view heartbeat() const override { return ""; }

  void AppendHeaders(const Schema::Route& route, absl::optional<absl::string_view> first,
                     http::Headers* headers) const override {
    codec::HttpBodyView body;
    if (first) body = route.response.HttpBody(*first).value_or(body);
    AppendStreamHeaders(body.content_type.empty() ? "application/octet-stream" : body.content_type, headers);
  }

  absl::Status AppendRecord(const Schema::Route& route, absl::string_view message, size_t /*max_bytes*/,
                            std::string* out) const override {
    const auto body = route.response.HttpBody(message);
    if (body.ok()) out->append(body->data.data(), body->data.size());
    return body.status();
  }

  void AppendEnding(const absl::Status& /*status*/, DetailTypes /*types*/, std::string* /*out*/) const override {}

  void AppendEarlyFailure(const absl::Status& status, bool /*unprocessed*/, DetailTypes types,
                          std::string* out) const override {
    codec::AppendStatusJson(status, types, out);
  }
};

Admission Refused(int http_status, absl::StatusCode code, std::string message) {
  Admission admission;
  admission.refusal = LocalAnswer{http_status, code, std::move(message), {}, false};
  return admission;
}

// Accept, and what it picks of what the method can give.
Admission PickFormat(const http::RequestHead& head, const Schema::Route& route) {
  static const NativeLines kLines[] = {NativeLines(kStreamMediaTypes[0]), NativeLines(kStreamMediaTypes[1])};
  static const EventStream kEvents;
  static const NativeBytes kBytes;
  Admission admission;
  const bool streams = route.method->server_streaming;
  if (route.response.is_http_body()) {
    // Its type is the upstream's choice and not known yet.
    if (streams) admission.format = &kBytes;
    return admission;
  }
  const absl::Span<const absl::string_view> offered =
      streams ? absl::MakeConstSpan(kStreamMediaTypes) : kUnaryMediaTypes;
  const absl::optional<size_t> media_type = Negotiate(head.headers, offered);
  if (!media_type) {
    return Refused(
        406, absl::StatusCode::kInvalidArgument,
        absl::StrCat("Accept takes none of ", absl::StrJoin(offered, ", "), ", and nothing else is offered here"));
  }
  if (streams && *media_type < std::size(kLines)) admission.format = &kLines[*media_type];
  if (streams && *media_type == std::size(kLines)) admission.format = &kEvents;
  return admission;
}

}  // namespace

LocalAnswer NativeDialect::Unrouted(const http::RequestHead& head, const route::Router::Match& match,
                                    absl::string_view path) const {
  using Kind = route::Router::Match::Kind;
  switch (match.kind) {
    case Kind::kBadPath:
      return {400, absl::StatusCode::kInvalidArgument, match.error, {}, false};
    case Kind::kMethodNotAllowed:
      if (head.method == "OPTIONS") return {204, absl::StatusCode::kOk, "", {{"Allow", match.allow}}, false};
      return {405,
              absl::StatusCode::kUnimplemented,
              absl::StrCat("method ", head.method, " is not allowed here; allowed: ", match.allow),
              {{"Allow", match.allow}},
              false};
    case Kind::kNotFound:
    case Kind::kFound:
      break;
  }
  return {404,
          absl::StatusCode::kNotFound,
          absl::StrCat("no method is bound to ", head.method, " ", path.substr(0, 256)),
          {},
          false};
}

Admission NativeDialect::Admit(const http::RequestHead& head, const Schema::Route& route) const {
  Admission admission = PickFormat(head, route);
  if (admission.refusal || !head.has_body) return admission;
  if (http::FindHeader(head.headers, "content-encoding") != nullptr) {
    return Refused(415, absl::StatusCode::kInvalidArgument,
                   "request bodies are not taken compressed: drop Content-Encoding");
  }
  const bool json = IsJsonBody(head.headers) || (route.method->client_streaming && IsJsonLinesBody(head.headers));
  if (!json && !route.request.takes_http_body()) {
    return Refused(415, absl::StatusCode::kInvalidArgument,
                   "the body must be JSON: send Content-Type: application/json (with curl, --json instead of -d)");
  }
  return admission;
}

// A code that gRPC does not define must not pass for one that it does; its number is worth knowing.
absl::Status NativeDialect::StatusOf(absl::Status said) const {
  if (said.raw_code() == static_cast<int>(said.code())) return said;
  absl::Status known(said.code(), absl::StrCat(said.message(), said.message().empty() ? "" : " ", "(grpc-status ",
                                               said.raw_code(), ")"));
  said.ForEachPayload([&known](absl::string_view url, const absl::Cord& payload) { known.SetPayload(url, payload); });
  return known;
}

void NativeDialect::AppendCommonHeaders(http::Headers* headers) const {
  headers->push_back({"X-Content-Type-Options", "nosniff"});
}

void NativeDialect::AppendFailureHeaders(const absl::Status& status, bool unprocessed, bool /*streams*/,
                                         http::Headers* headers) const {
  const int http_status = HttpStatus(status.code());
  if (unprocessed && (http_status == 503 || http_status == 429))
    headers->push_back({"Retry-After", kRetryAfterSeconds});
  if (http_status == 401) headers->push_back({"WWW-Authenticate", "Bearer"});
}

}  // namespace penstock
