#include "gateway/protocol/native_protocol.h"

#include <iterator>
#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/codec/status_json.h"
#include "gateway/protocol/event_stream.h"
#include "gateway/protocol/http_status.h"
#include "gateway/protocol/json_request_reader.h"
#include "gateway/protocol/media_type.h"
#include "gateway/protocol/ndjson.h"
#include "gateway/protocol/printed_message.h"
#include "gateway/protocol/raw_body.h"
#include "gateway/protocol/response_metadata.h"
#include "gateway/protocol/timeout.h"

namespace penstock {
namespace {

// How long a client that is told to retry should wait: long enough to matter to a herd, short enough for a person.
constexpr char kRetryAfterSeconds[] = "1";

constexpr absl::string_view kUnaryMediaTypes[] = {kJsonType};
// Of streams, the default first.
constexpr absl::string_view kStreamMediaTypes[] = {"application/x-ndjson", kJsonType, "text/event-stream"};

Failure Refusal(int http_status, std::string message) {
  return {absl::InvalidArgumentError(std::move(message)), /*unprocessed=*/false, http_status};
}

// The format that Accept picks of what a stream can have.
absl::optional<Failure> PickFormat(const http::RequestHead& head, const Schema::Route& route,
                                   const StreamFormat** format) {
  static const Ndjson kLines[] = {Ndjson(kStreamMediaTypes[0]), Ndjson(kStreamMediaTypes[1])};
  static const EventStream kEvents;
  static const RawBody kBytes;
  const bool streams = route.method->server_streaming;
  if (route.response.is_http_body()) {
    // Its type is the upstream's choice and not known yet.
    if (streams) *format = &kBytes;
    return absl::nullopt;
  }
  const absl::Span<const absl::string_view> offered =
      streams ? absl::MakeConstSpan(kStreamMediaTypes) : kUnaryMediaTypes;
  const absl::optional<size_t> media_type = Negotiate(head.headers, offered);
  if (!media_type) {
    return Refusal(
        406, absl::StrCat("Accept takes none of ", absl::StrJoin(offered, ", "), ", and nothing else is offered here"));
  }
  if (!streams) return absl::nullopt;
  *format = *media_type < std::size(kLines) ? static_cast<const StreamFormat*>(&kLines[*media_type]) : &kEvents;
  return absl::nullopt;
}

absl::optional<Failure> CheckBodyType(const http::RequestHead& head, const Schema::Route& route) {
  if (!head.has_body) return absl::nullopt;
  if (http::FindHeader(head.headers, "content-encoding") != nullptr) {
    return Refusal(415, "request bodies are not taken compressed: drop Content-Encoding");
  }
  const bool json = IsJsonBody(head.headers) || (route.method->client_streaming && IsJsonLinesBody(head.headers));
  if (json || route.request.takes_http_body()) return absl::nullopt;
  return Refusal(415, "the body must be JSON: send Content-Type: application/json (with curl, --json instead of -d)");
}

}  // namespace

// --- Before the call -------------------------------------------------------------------------------------------------

Answer NativeProtocol::Unrouted(const http::RequestHead& head, const route::Router::Match& match,
                                absl::string_view path) const {
  using Kind = route::Router::Match::Kind;
  Failure failure;
  switch (match.kind) {
    case Kind::kBadPath:
      failure.status = absl::InvalidArgumentError(match.error);
      break;
    case Kind::kMethodNotAllowed:
      if (head.method == "OPTIONS") return {204, absl::StatusCode::kOk, {{"Allow", match.allow}}, ""};
      failure.status = absl::UnimplementedError(
          absl::StrCat("method ", head.method, " is not allowed here; allowed: ", match.allow));
      failure.http_status = 405;
      failure.headers = {{"Allow", match.allow}};
      break;
    case Kind::kNotFound:
    case Kind::kFound:
      failure.status =
          absl::NotFoundError(absl::StrCat("no method is bound to ", head.method, " ", path.substr(0, 256)));
      break;
  }
  return Fail(failure, {nullptr, /*called=*/false, /*sends_trailers=*/false, {}, {}});
}

Admission NativeProtocol::Admit(const http::RequestHead& head, const Schema::Route& route) const {
  Admission admission;
  admission.refusal = PickFormat(head, route, &admission.format);
  if (!admission.refusal) admission.refusal = CheckBodyType(head, route);
  if (admission.refusal) return admission;
  admission.sends_trailers = WantsTrailers(head.headers);
  auto timeout = GrpcTimeout(head.headers);
  if (timeout.ok()) {
    admission.timeout = *timeout;
  } else {
    admission.refusal = Failure{timeout.status()};
  }
  return admission;
}

std::unique_ptr<RequestReader> NativeProtocol::NewReader(RequestReader::Source source) const {
  return std::make_unique<JsonRequestReader>(std::move(source), BodyRules());
}

upstream::Metadata NativeProtocol::RequestMetadataOf(const http::RequestHead& head) const {
  return RequestMetadata(head, metadata_);
}

// --- The answer ------------------------------------------------------------------------------------------------------

void NativeProtocol::AppendCommonHeaders(http::Headers* headers) const {
  headers->push_back({"X-Content-Type-Options", "nosniff"});
}

void NativeProtocol::AppendMetadata(const upstream::Metadata& metadata, http::Headers* headers) const {
  AppendResponseHeaders(metadata, metadata_, headers);
}

http::Headers NativeProtocol::TrailersOf(const upstream::Metadata& trailers) const {
  return ResponseTrailers(trailers, metadata_);
}

// A code that gRPC does not define must not pass for one that it does; its number is worth knowing.
absl::Status NativeProtocol::StatusOf(absl::Status sent) const {
  if (sent.raw_code() == static_cast<int>(sent.code())) return sent;
  absl::Status known(sent.code(), absl::StrCat(sent.message(), sent.message().empty() ? "" : " ", "(grpc-status ",
                                               sent.raw_code(), ")"));
  sent.ForEachPayload([&known](absl::string_view url, const absl::Cord& payload) { known.SetPayload(url, payload); });
  return known;
}

absl::Status NativeProtocol::Print(const Schema::Route& route, absl::string_view message, size_t max_bytes,
                                   PrintedMessage* printed) const {
  return PrintMessage(route, message, max_bytes, printed);
}

Answer NativeProtocol::Complete(const Schema::Route& /*route*/, PrintedMessage printed, const CallMetadata& metadata,
                                bool sends_trailers) const {
  Answer answer{200, absl::StatusCode::kOk, {}, std::move(printed.body)};
  AppendMetadata(metadata.headers, &answer.headers);
  if (printed.type) answer.headers.push_back({"Content-Type", *std::move(printed.type)});
  if (sends_trailers) answer.trailers = TrailersOf(metadata.trailers);
  return answer;
}

Answer NativeProtocol::Fail(const Failure& failure, const FailedRequest& request) const {
  Answer answer{failure.http_status.value_or(HttpStatus(failure.status.code())), failure.status.code(), {}, ""};
  AppendMetadata(request.metadata.headers, &answer.headers);
  if (failure.unprocessed && (answer.http_status == 503 || answer.http_status == 429)) {
    answer.headers.push_back({"Retry-After", kRetryAfterSeconds});
  }
  if (answer.http_status == 401) answer.headers.push_back({"WWW-Authenticate", "Bearer"});
  answer.headers.insert(answer.headers.end(), failure.headers.begin(), failure.headers.end());
  answer.headers.push_back({"Content-Type", std::string(kJsonType)});
  codec::AppendStatusJson(failure.status, request.types, &answer.body);
  if (request.sends_trailers) answer.trailers = TrailersOf(request.metadata.trailers);
  return answer;
}

}  // namespace penstock
