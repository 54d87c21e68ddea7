#include "gateway/grpc_gateway/grpc_gateway_protocol.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gateway/codec/status_json.h"
#include "gateway/codec/wire.h"
#include "gateway/grpc_gateway/go_metadata.h"
#include "gateway/grpc_gateway/html_escape.h"
#include "gateway/protocol/http_status.h"
#include "gateway/protocol/json_request_reader.h"
#include "gateway/protocol/media_type.h"
#include "gateway/protocol/printed_message.h"
#include "gateway/protocol/response_metadata.h"

namespace penstock::grpc_gateway {
namespace {

constexpr absl::string_view kResult = "{\"result\":";
constexpr absl::string_view kError = "{\"error\":";
constexpr absl::string_view kEndOfLine = "}\n";

void Append(absl::string_view text, std::string* out) { out->append(text.data(), text.size()); }

// As Go's server writes the value of a header that a handler gave it.
std::string HeaderValue(absl::string_view text) {
  return absl::StrReplaceAll(absl::StripAsciiWhitespace(text), {{"\r", " "}, {"\n", " "}});
}

// One line a message: {"result":…}. An end that went well is only the end of the body.
class ResultLines : public StreamFormat {
 public:
  bool head_goes_alone() const override { return false; }
  bool ends_in_band() const override { return true; }
  absl::string_view heartbeat() const override { return ""; }

  void AppendHeaders(const Schema::Route& /*route*/, absl::optional<absl::string_view> first,
                     http::Headers* headers) const override {
    if (first) headers->push_back({"Content-Type", std::string(kJsonType)});
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

  void AppendEnding(const StreamEnd& end, std::string* out) const override {
    if (end.status.ok()) return;
    Append(kError, out);
    const size_t begin = out->size();
    codec::AppendStatusJson(end.status, end.types, out);
    EscapeHtml(begin, out);
    Append(kEndOfLine, out);
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

// The health check of the whole server is an answer by its message: HealthCheckResponse { status = 1 }.
absl::Status HealthOf(absl::string_view message) {
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

}  // namespace

GrpcGatewayProtocol::GrpcGatewayProtocol(MetadataOptions metadata) : metadata_(std::move(metadata)) {
  metadata_.trust_any_proxy = true;
  metadata_.show_protocol_metadata = true;
}

// --- Before the call -------------------------------------------------------------------------------------------------

Lookup GrpcGatewayProtocol::LookupOf(const http::RequestHead& head) const {
  if (head.method != "POST" || !IsFormBody(head.headers)) return {head.method, false};
  const std::string* instead = http::FindHeader(head.headers, "x-http-method-override");
  if (instead == nullptr || instead->empty()) return {head.method, true};
  return {absl::AsciiStrToUpper(*instead), false};
}

Answer GrpcGatewayProtocol::Unrouted(const http::RequestHead& head, const route::Router::Match& match,
                                     absl::string_view path) const {
  using Kind = route::Router::Match::Kind;
  const http::Header text{"Content-Type", "text/plain; charset=utf-8"};
  // Go's server answers this one, and the bad paths, before any handler.
  if (head.method == "OPTIONS" && path == "*") return {200, absl::StatusCode::kOk, {}, ""};
  if (match.kind == Kind::kBadPath) {
    return {400, absl::StatusCode::kInvalidArgument, {{"connection", "close"}, text}, "400 Bad Request"};
  }
  const bool not_allowed = match.kind == Kind::kMethodNotAllowed;
  const absl::Status status =
      not_allowed ? absl::UnimplementedError("Method Not Allowed") : absl::NotFoundError("Not Found");
  return Fail({status}, {nullptr, /*called=*/false, /*sends_trailers=*/false, {}, {}});
}

Admission GrpcGatewayProtocol::Admit(const http::RequestHead& head, const Schema::Route& route) const {
  static const ResultLines kLines;
  static const BodyLines kBodies;
  Admission admission;
  if (route.method->server_streaming) {
    admission.format = route.response.is_http_body() ? static_cast<const StreamFormat*>(&kBodies) : &kLines;
  }
  // A stream's trailers are not passed on.
  admission.sends_trailers = admission.format == nullptr && WantsTrailers(head.headers);
  const auto timeout = GoTimeout(head.headers);
  absl::Status status = timeout.status();
  if (status.ok() && metadata_.legacy_metadata_headers) status = CheckLegacyHeaders(head.headers);
  if (status.ok()) {
    admission.timeout = *timeout;
  } else {
    admission.refusal = Failure{std::move(status)};
  }
  return admission;
}

std::unique_ptr<RequestReader> GrpcGatewayProtocol::NewReader(RequestReader::Source source) const {
  return std::make_unique<JsonRequestReader>(std::move(source), BodyRules{.lenient = true, .forms = true});
}

upstream::Metadata GrpcGatewayProtocol::RequestMetadataOf(const http::RequestHead& head) const {
  return RequestMetadata(head, metadata_);
}

// --- The answer ------------------------------------------------------------------------------------------------------

void GrpcGatewayProtocol::AppendMetadata(const upstream::Metadata& metadata, http::Headers* headers) const {
  AppendResponseHeaders(metadata, metadata_, headers);
}

http::Headers GrpcGatewayProtocol::TrailersOf(const upstream::Metadata& trailers) const {
  return ResponseTrailers(trailers, metadata_);
}

// The Go client takes the code by its number, and the message from the details where there are some, which must agree.
absl::Status GrpcGatewayProtocol::StatusOf(absl::Status sent) const {
  const absl::optional<absl::Cord> details = sent.GetPayload(codec::kStatusPayloadUrl);
  if (!details) return sent;
  const std::string bytes(*details);
  // google.rpc.Status { code = 1, message = 2, details = 3 }
  uint64_t code = 0;
  absl::string_view message;
  codec::WireReader reader(bytes);
  for (uint32_t tag = 0; !reader.AtEnd();) {
    if (!reader.ReadTag(&tag)) return sent;
    const bool read = tag == codec::MakeTag(1, codec::WireType::kVarint)            ? reader.ReadVarint(&code)
                      : tag == codec::MakeTag(2, codec::WireType::kLengthDelimited) ? reader.ReadBytes(&message)
                                                                                    : reader.Skip(tag);
    if (!read) return sent;
  }
  if (static_cast<int>(code) != sent.raw_code()) {
    return absl::InternalError(absl::StrCat(
        "grpc-status-details-bin mismatch: grpc-status=", sent.raw_code(), ", grpc-message=", sent.message(),
        ", grpc-status-details-bin=code:", static_cast<int>(code), " message:", message));
  }
  absl::Status status(static_cast<absl::StatusCode>(sent.raw_code()), message);
  status.SetPayload(codec::kStatusPayloadUrl, *details);
  return status;
}

absl::Status GrpcGatewayProtocol::Print(const Schema::Route& route, absl::string_view message, size_t max_bytes,
                                        PrintedMessage* printed) const {
  if (route.is_health_check) {
    if (absl::Status status = HealthOf(message); !status.ok()) return status;
  }
  return PrintMessage(route, message, max_bytes, printed);
}

Answer GrpcGatewayProtocol::Complete(const Schema::Route& route, PrintedMessage printed, const CallMetadata& metadata,
                                     bool sends_trailers) const {
  Answer answer{200, absl::StatusCode::kOk, {}, std::move(printed.body)};
  absl::optional<std::string> type = std::move(printed.type);
  if (route.is_health_check) {
    // Not made as other answers are: its handler asks the upstream by itself.
    answer.body.push_back('\n');
  } else {
    AppendMetadata(metadata.headers, &answer.headers);
    if (route.response.is_http_body()) {
      type = route.response.is_field() ? std::string(kJsonType) : HeaderValue(type.value_or(""));
    }
  }
  if (type) answer.headers.push_back({"Content-Type", *std::move(type)});
  if (sends_trailers) answer.trailers = TrailersOf(metadata.trailers);
  return answer;
}

Answer GrpcGatewayProtocol::Fail(const Failure& failure, const FailedRequest& request) const {
  const absl::Status& status = failure.status;
  Answer answer{failure.http_status.value_or(HttpStatus(status.code())), status.code(), {}, ""};
  AppendMetadata(request.metadata.headers, &answer.headers);
  const bool streams = request.format != nullptr;
  if (!streams && status.code() == absl::StatusCode::kUnauthenticated) {
    answer.headers.push_back({"WWW-Authenticate", HeaderValue(status.message())});
  }
  answer.headers.insert(answer.headers.end(), failure.headers.begin(), failure.headers.end());
  answer.headers.push_back({"Content-Type", std::string(kJsonType)});
  // A call that no upstream took fails where grpc-gateway has no stream yet, and so no line to write.
  if (streams && request.called && !failure.unprocessed && !failure.http_status) {
    request.format->AppendEnding({status, request.metadata.trailers, request.types}, &answer.body);
  } else {
    codec::AppendStatusJson(status, request.types, &answer.body);
  }
  if (request.sends_trailers) answer.trailers = TrailersOf(request.metadata.trailers);
  return answer;
}

}  // namespace penstock::grpc_gateway
