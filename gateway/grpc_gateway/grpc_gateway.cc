#include "gateway/grpc_gateway/grpc_gateway.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gateway/codec/status_json.h"
#include "gateway/codec/wire.h"
#include "gateway/grpc_gateway/html_escape.h"
#include "gateway/protocol/negotiate.h"

namespace penstock::grpc_gateway {
namespace {

constexpr absl::string_view kResult = "{\"result\":";
constexpr absl::string_view kError = "{\"error\":";
constexpr absl::string_view kEndOfLine = "}\n";

constexpr char kJson[] = "application/json";

void Append(absl::string_view text, std::string* out) { out->append(text.data(), text.size()); }

// As Go's server writes the value of a header that a handler gave it.
std::string HeaderValue(absl::string_view text) {
  return absl::StrReplaceAll(absl::StripAsciiWhitespace(text), {{"\r", " "}, {"\n", " "}});
}

// One line a message: {"result":…}. An end that went well is only the end of the body.
class ResultLines : public StreamFormat {
 public:
  bool head_goes_alone() const override { return false; }
  EndingStyle ending_style() const override { return EndingStyle::kRecord; }
  absl::string_view heartbeat() const override { return ""; }

  void AppendHeaders(const Schema::Route& /*route*/, absl::optional<absl::string_view> first,
                     http::Headers* headers) const override {
    if (first) headers->push_back({"Content-Type", kJson});
  }

  absl::Status AppendRecord(const Schema::Route& route, absl::string_view message, size_t max_bytes,
                            std::string* out) const override {
    Append(kResult, out);
    const size_t begin = out->size();
    absl::Status status = route.response.Print(message, max_bytes, out);
    EscapeHtml(begin, out);
    Append(kEndOfLine, out);
    return status;
  }

  void AppendEnding(const absl::Status& status, DetailTypes types, std::string* out) const override {
    if (status.ok()) return;
    Append(kError, out);
    const size_t begin = out->size();
    codec::AppendStatusJson(status, types, out);
    EscapeHtml(begin, out);
    Append(kEndOfLine, out);
  }

  // A call that no upstream took fails where grpc-gateway has no stream yet, and so no line to write.
  void AppendEarlyFailure(const absl::Status& status, bool unprocessed, DetailTypes types,
                          std::string* out) const override {
    if (unprocessed) return codec::AppendStatusJson(status, types, out);
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
    if (body.ok()) headers->push_back({"Content-Type", HeaderValue(body->content_type)});
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

LocalAnswer GrpcGatewayDialect::Unrouted(const http::RequestHead& head, const route::Router::Match& match,
                                         absl::string_view path) const {
  using Kind = route::Router::Match::Kind;
  // Go's server answers this one, and the bad paths, before any handler.
  if (head.method == "OPTIONS" && path == "*") return {200, absl::StatusCode::kOk, "", {}, true};
  switch (match.kind) {
    case Kind::kBadPath:
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
  codec::WireReader reader(message);
  for (uint32_t tag = 0; !reader.AtEnd();) {
    if (!reader.ReadTag(&tag)) break;
    const bool read =
        tag == codec::MakeTag(1, codec::WireType::kVarint) ? reader.ReadVarint(&status) : reader.Skip(tag);
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

// The Go client takes the code by its number, and the message from the details where there are some, which must agree.
absl::Status GrpcGatewayDialect::StatusOf(absl::Status said) const {
  const absl::optional<absl::Cord> details = said.GetPayload(codec::kStatusPayloadUrl);
  if (!details) return said;
  const std::string bytes(*details);
  // google.rpc.Status { code = 1, message = 2, details = 3 }
  uint64_t code = 0;
  absl::string_view message;
  codec::WireReader reader(bytes);
  for (uint32_t tag = 0; !reader.AtEnd();) {
    if (!reader.ReadTag(&tag)) return said;
    const bool read = tag == codec::MakeTag(1, codec::WireType::kVarint)            ? reader.ReadVarint(&code)
                      : tag == codec::MakeTag(2, codec::WireType::kLengthDelimited) ? reader.ReadBytes(&message)
                                                                                    : reader.Skip(tag);
    if (!read) return said;
  }
  if (static_cast<int>(code) != said.raw_code()) {
    return absl::InternalError(absl::StrCat(
        "grpc-status-details-bin mismatch: grpc-status=", said.raw_code(), ", grpc-message=", said.message(),
        ", grpc-status-details-bin=code:", static_cast<int>(code), " message:", message));
  }
  absl::Status status(static_cast<absl::StatusCode>(said.raw_code()), message);
  status.SetPayload(codec::kStatusPayloadUrl, *details);
  return status;
}

void GrpcGatewayDialect::Finish(const Schema::Route& route, WholeAnswer* answer, http::Headers* metadata) const {
  if (route.is_health_check) {
    // Not made as other answers are: its handler asks the upstream by itself.
    metadata->clear();
    answer->body.push_back('\n');
  } else if (route.response.is_http_body()) {
    answer->type = route.response.is_field() ? kJson : HeaderValue(answer->type.value_or(""));
  }
}

void GrpcGatewayDialect::AppendFailureHeaders(const absl::Status& status, bool /*unprocessed*/, bool streams,
                                              http::Headers* headers) const {
  if (streams || status.code() != absl::StatusCode::kUnauthenticated) return;
  headers->push_back({"WWW-Authenticate", HeaderValue(status.message())});
}

}  // namespace penstock::grpc_gateway
