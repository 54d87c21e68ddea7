#include "gateway/dialect/grpc_gateway.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "gateway/negotiate.h"
#include "gateway/transcode/html_escape.h"
#include "gateway/transcode/status_json.h"
#include "gateway/transcode/wire.h"

namespace penstock {
namespace {

constexpr absl::string_view kResult = "{\"result\":";
constexpr absl::string_view kError = "{\"error\":";
constexpr absl::string_view kEndOfLine = "}\n";

void Append(absl::string_view text, std::string* out) { out->append(text.data(), text.size()); }

// One line a message: {"result":…}. An end that went well is only the end of the body.
class ResultLines : public StreamFormat {
 public:
  bool head_goes_alone() const override { return false; }
  EndingStyle ending_style() const override { return EndingStyle::kRecord; }
  absl::string_view heartbeat() const override { return ""; }

  void AppendHeaders(const Schema::Route& /*route*/, absl::optional<absl::string_view> first,
                     http::Headers* headers) const override {
    if (first) headers->push_back({"Content-Type", "application/json"});
  }

  absl::Status AppendRecord(const Schema::Route& route, absl::string_view message, size_t max_bytes,
                            std::string* out) const override {
    Append(kResult, out);
    const size_t begin = out->size();
    absl::Status status = route.response.Print(message, max_bytes, out);
    transcode::EscapeHtml(begin, out);
    Append(kEndOfLine, out);
    return status;
  }

  void AppendEnding(const absl::Status& status, DetailTypes types, std::string* out) const override {
    if (status.ok()) return;
    Append(kError, out);
    const size_t begin = out->size();
    transcode::AppendStatusJson(status, types, out);
    transcode::EscapeHtml(begin, out);
    Append(kEndOfLine, out);
  }

  // A call that no upstream took fails where grpc-gateway has no stream yet, and so no line to write.
  void AppendEarlyFailure(const absl::Status& status, bool unprocessed, DetailTypes types,
                          std::string* out) const override {
    if (unprocessed) return transcode::AppendStatusJson(status, types, out);
    AppendEnding(status, types, out);
  }
};

// google.api.HttpBody: each message's bytes and a newline.
class BodyLines final : public ResultLines {
 public:
  void AppendHeaders(const Schema::Route& route, absl::optional<absl::string_view> first,
                     http::Headers* headers) const override {
    if (!first) return;
    const auto body = route.response.HttpBody(*first);
    if (body.ok()) headers->push_back({"Content-Type", std::string(body->content_type)});
  }

  absl::Status AppendRecord(const Schema::Route& route, absl::string_view message, size_t /*max_bytes*/,
                            std::string* out) const override {
    const auto body = route.response.HttpBody(message);
    if (body.ok()) Append(body->data, out);
    out->push_back('\n');
    return body.status();
  }
};

}  // namespace

Lookup GrpcGatewayDialect::LookupOf(const http::RequestHead& head) const {
  if (head.method != "POST" || !IsFormBody(head.headers)) return {head.method, false};
  const std::string* instead = http::FindHeader(head.headers, "x-http-method-override");
  if (instead == nullptr || instead->empty()) return {head.method, true};
  return {absl::AsciiStrToUpper(*instead), false};
}

LocalAnswer GrpcGatewayDialect::Unrouted(const http::RequestHead& /*head*/, const route::Router::Match& match,
                                         absl::string_view /*path*/) const {
  using Kind = route::Router::Match::Kind;
  switch (match.kind) {
    case Kind::kBadPath:
      // Go's server answers this one, before any handler.
      return {400, absl::StatusCode::kInvalidArgument, "400 Bad Request", {{"connection", "close"}}, true};
    case Kind::kMethodNotAllowed:
      return {501, absl::StatusCode::kUnimplemented, "Method Not Allowed", {}, false};
    case Kind::kNotFound:
    case Kind::kFound:
      break;
  }
  return {404, absl::StatusCode::kNotFound, "Not Found", {}, false};
}

Admission GrpcGatewayDialect::Admit(const http::RequestHead& /*head*/, const Schema::Route& route) const {
  static const ResultLines kLines;
  static const BodyLines kBodies;
  Admission admission;
  if (!route.method->server_streaming) return admission;
  admission.format = route.response.is_http_body() ? static_cast<const StreamFormat*>(&kBodies) : &kLines;
  return admission;
}

absl::Status GrpcGatewayDialect::Judge(const Schema::Route& route, absl::string_view message) const {
  if (!route.is_health_check) return absl::OkStatus();
  // HealthCheckResponse { status = 1 }
  uint64_t status = 0;
  transcode::WireReader reader(message);
  for (uint32_t tag = 0; !reader.AtEnd();) {
    if (!reader.ReadTag(&tag)) break;
    const bool read = tag == transcode::MakeTag(1, transcode::WireType::kVarint) ? reader.ReadVarint(&status)
                                                                                 : reader.Skip(tag);
    if (!read) break;
  }
  switch (status) {
    case 1:
      return absl::OkStatus();
    case 2:
      return absl::UnavailableError("status:NOT_SERVING");
    case 3:
      return absl::NotFoundError("status:SERVICE_UNKNOWN");
    default:
      return absl::UnavailableError("");
  }
}

void GrpcGatewayDialect::AppendFailureHeaders(const absl::Status& status, bool /*unprocessed*/, bool streams,
                                              http::Headers* headers) const {
  if (streams || status.code() != absl::StatusCode::kUnauthenticated) return;
  headers->push_back({"WWW-Authenticate", std::string(status.message())});
}

}  // namespace penstock
