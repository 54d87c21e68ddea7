#include "gateway/exchange.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gateway/http/error_reply.h"
#include "gateway/http_status.h"
#include "gateway/negotiate.h"
#include "gateway/response_metadata.h"
#include "gateway/transcode/framing.h"
#include "gateway/transcode/status_json.h"
#include "gateway/transcode/wire_to_json.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace penstock {
namespace {

using observe::EndReason;

// Where a client that is told to come back should wait: long enough to matter to a herd, short enough for a person.
constexpr absl::string_view kRetryAfterSeconds = "1";

constexpr absl::string_view kUnaryMediaTypes[] = {"application/json"};

// UNAVAILABLE with a google.rpc.RetryInfo: the end of a stream that may be started again at once.
absl::Status ComeBack(absl::string_view message) {
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(1);
  google::rpc::Status details;
  details.set_code(static_cast<int>(absl::StatusCode::kUnavailable));
  details.add_details()->PackFrom(retry);
  absl::Status status = absl::UnavailableError(message);
  status.SetPayload(transcode::kStatusPayloadUrl, absl::Cord(details.SerializeAsString()));
  return status;
}

absl::string_view ProtocolName(http::Protocol protocol) {
  switch (protocol) {
    case http::Protocol::kHttp10:
      return "HTTP/1.0";
    case http::Protocol::kHttp11:
      return "HTTP/1.1";
    case http::Protocol::kHttp2:
      return "HTTP/2";
  }
  return "";
}

}  // namespace

Exchange::Exchange(ExchangeContext& context, http::RequestHead head, http::ResponseStream& response)
    : LiveStream(context.live),
      context_(context),
      response_(response),
      head_(std::move(head)),
      schema_(context.schema) {
  const absl::string_view target = head_.target;
  const size_t question = target.find('?');
  path_ = target.substr(0, question);
  query_ = question == absl::string_view::npos ? absl::string_view() : target.substr(question + 1);
  context_.metrics.requests_active.Add(1);
}

Exchange::~Exchange() {
  observe::LoopMetrics& metrics = context_.metrics;
  metrics.requests_active.Add(-1);
  if (pump_) metrics.streams_active.Add(-1);
  metrics.requests_by_status[static_cast<size_t>(status_)].Add(1);
  metrics.requests_by_end[static_cast<size_t>(end_reason_)].Add(1);
  if (context_.access_log.enabled()) WriteAccessLine();
}

// --- The request -----------------------------------------------------------------------------------------------------

void Exchange::OnRequestHead() {
  if (schema_ == nullptr) return AnswerWithFile();
  Answer(schema_->router().Find(head_.method, path_));
}

void Exchange::Answer(const route::Router::Match& match) {
  using Kind = route::Router::Match::Kind;
  switch (match.kind) {
    case Kind::kNotFound:
      return AnswerWithFile();
    case Kind::kBadPath:
      return Reply(400, match.error);
    case Kind::kMethodNotAllowed:
      if (head_.method == "OPTIONS") {
        SendHead(204, {{"Allow", match.allow}}, absl::nullopt);
        End(EndReason::kLocal, absl::StatusCode::kOk);
        return response_.Finish();
      }
      return Reply(405, absl::StrCat("method ", head_.method, " is not allowed here; allowed: ", match.allow),
                   {{"Allow", match.allow}});
    case Kind::kFound:
      route_ = &schema_->route(match.route);
      variables_ = match.variables;
      CheckHead();
  }
}

// The page's files; what they do not have either is not found, or not known yet.
void Exchange::AnswerWithFile() {
  if (const auto file = context_.files.Find(head_.method, head_.target, head_.headers)) {
    status_ = file->status;
    End(EndReason::kLocal, absl::StatusCode::kOk);
    return file->SendTo(response_);
  }
  if (!context_.no_schema_reason.empty()) {
    return Reply(503, absl::StrCat("the API's schema is not known yet: ", context_.no_schema_reason),
                 {{"Retry-After", std::string(kRetryAfterSeconds)}});
  }
  Reply(404, absl::StrCat("no method is bound to ", head_.method, " ", path_.substr(0, 256)));
}

// What can be refused before the body is read, is.
void Exchange::CheckHead() {
  const Schema::Method& method = *route_->method;
  if (method.client_streaming) {
    return Reply(501, absl::StrCat(method.full_name,
                                   " takes a stream of messages, which this gateway does not offer over HTTP"));
  }
  const absl::Span<const absl::string_view> offered =
      method.server_streaming ? absl::MakeConstSpan(transcode::kStreamMediaTypes) : kUnaryMediaTypes;
  const absl::optional<size_t> media_type = Negotiate(head_.headers, offered);
  if (!media_type) {
    return Reply(406, absl::StrCat("Accept takes none of ", method.server_streaming ? "application/x-ndjson, " : "",
                                   "application/json, and nothing else is offered here"));
  }
  media_type_ = *media_type;
  if (head_.has_body && http::FindHeader(head_.headers, "content-encoding") != nullptr) {
    return Reply(415, "request bodies are not taken compressed: drop Content-Encoding");
  }
  if (head_.has_body && !IsJsonBody(head_.headers)) {
    return Reply(415, "the body must be JSON: send Content-Type: application/json (with curl, --json instead of -d)");
  }
  if (head_.content_length.value_or(0) > context_.options.max_request_bytes) return ReplyTooLong();
  const absl::Duration otherwise = method.server_streaming ? absl::InfiniteDuration() : context_.options.unary_timeout;
  const absl::StatusOr<absl::Duration> timeout = RequestTimeout(head_.headers, context_.options.metadata, otherwise);
  if (!timeout.ok()) return ReplyStatus(timeout.status(), EndReason::kLocal);
  timeout_ = *timeout;
}

void Exchange::OnRequestBody(absl::string_view data) {
  response_.ReleaseRequestBody(data.size());
  if (answered_) return;
  if (body_.size() + data.size() > context_.options.max_request_bytes) {
    body_ = std::string();
    return ReplyTooLong();
  }
  body_.append(data.data(), data.size());
}

void Exchange::OnRequestBroken(int status, absl::string_view message) {
  if (answered_) return;
  if (status_ != 0) {
    CancelCall();
    End(EndReason::kClientGone, absl::StatusCode::kCancelled);
    return response_.Abort();
  }
  Reply(status, message);
}

void Exchange::OnRequestEnd() {
  if (answered_) return;
  if (!body_.empty() && !route_->request.takes_body()) {
    return Reply(400, absl::StrCat(head_.method, " ", route_->path_template,
                                   " takes no body: give the fields in the query instead"));
  }
  if (body_.empty() && route_->request.takes_body()) {
    return Reply(400, "the body is empty at byte 0, where JSON is expected: send {} for a message without fields");
  }
  std::string message;
  const absl::Status bound = route_->request.Bind({variables_, {query_}, body_, {}}, &message);
  body_ = std::string();
  if (!bound.ok()) return ReplyStatus(bound, EndReason::kLocal);
  if (head_.method == "HEAD" && route_->method->server_streaming) {
    // What the head would be; no call is made for a stream that nobody reads.
    SendStreamHead();
    End(EndReason::kOk, absl::StatusCode::kOk);
    return response_.Finish();
  }
  StartCall(std::move(message));
}

void Exchange::StartCall(std::string message) {
  upstream::CallRequest request;
  request.path = route_->method->path;
  request.metadata = RequestMetadata(head_, context_.options.metadata);
  request.timeout = timeout_;
  // Only names that the access line needs stay for the hours that a stream may last.
  head_.headers = http::Headers();
  variables_ = std::vector<std::string>();
  context_.metrics.upstream_calls.Add(1);
  if (route_->method->server_streaming) {
    pump_.emplace(EndingStyle::kRecord);
    context_.metrics.streams_active.Add(1);
    last_sent_ = Clock::now();
    ArmTimer();
  }
  call_ = context_.channels[route_->method->upstream]->StartCall(std::move(request), this);
  call_->SendMessage(message, /*last=*/true);
}

// --- The response ----------------------------------------------------------------------------------------------------

void Exchange::OnCallMetadata(const upstream::Metadata& metadata) {
  if (status_ == 0) metadata_ = ResponseHeaders(metadata, context_.options.metadata);
}

void Exchange::OnCallMessage(absl::string_view message, size_t window) {
  if (answered_) return;
  ++messages_;
  if (!first_message_) first_message_ = Clock::now() - start_;
  if (pump_) {
    OnStreamMessage(message, window);
  } else {
    OnUnaryMessage(message, window);
  }
}

void Exchange::OnCallPartial(size_t window) {
  if (answered_) return;
  if (pump_) {
    Carry(pump_->OnPartial(window), {});
  } else {
    call_->GiveBack(window);  // one message, bounded by the largest allowed
  }
}

void Exchange::OnCallEnd(upstream::CallEnd end) {
  if (answered_) return;
  const EndReason reason = end.status.ok()     ? EndReason::kOk
                           : end.from_upstream ? EndReason::kUpstreamError
                                               : EndReason::kUpstreamLost;
  if (pump_) {
    Carry(pump_->OnUpstreamEnd(end.status.ok()), {end.status, reason, end.unprocessed});
  } else {
    OnUnaryEnd(end, reason);
  }
}

// --- A stream --------------------------------------------------------------------------------------------------------

void Exchange::OnStreamMessage(absl::string_view message, size_t window) {
  // The first record is made before the head is sent, so that a message without JSON is still an HTTP status.
  const bool first = pump_->state() == Pump::State::kWaiting;
  std::string& body = first ? context_.scratch : response_.Body();
  if (first) body.clear();
  const size_t before = body.size();
  if (const absl::Status status = AppendRecord(message, &body); !status.ok()) {
    body.resize(before);
    return Carry(pump_->OnLocalEnd(), {status, EndReason::kBadMessage});
  }
  const size_t record = body.size() - before;
  const PumpActions actions = pump_->OnRecord(window, record);
  Carry(actions, {});
  if (first) response_.Body().append(body);
  response_.CommitBody();
  last_sent_ = Clock::now();
  bytes_ += record;
  context_.metrics.records.Add(1);
  context_.metrics.body_bytes.Add(static_cast<int64_t>(record));
}

absl::Status Exchange::AppendRecord(absl::string_view message, std::string* body) {
  body->append(route_->method->record_prefix);
  absl::Status status = route_->response.Print(message, context_.options.max_record_bytes, body);
  body->append(transcode::kRecordSuffix.data(), transcode::kRecordSuffix.size());
  return status;
}

void Exchange::Carry(const PumpActions& actions, const Ending& ending) {
  if (actions.cancel_upstream) CancelCall();
  if (actions.reply_error) return ReplyStatus(ending.status, ending.reason, ending.unprocessed);
  if (actions.send_head) {
    SendStreamHead();
    last_sent_ = Clock::now();
    if (!actions.finish) ArmTimer();  // from the wait for the head to the wait for silence
  }
  if (actions.send_heartbeat) {
    response_.Body().append(transcode::kHeartbeat.data(), transcode::kHeartbeat.size());
    response_.CommitBody();
    context_.metrics.heartbeats.Add(1);
  }
  if (actions.send_ending) {
    transcode::AppendEnding(ending.status, DetailTypes(), &response_.Body());
    response_.CommitBody();
  }
  if (actions.finish || actions.abort) End(ending.reason, ending.status.code());
  if (actions.finish) response_.Finish();
  if (actions.abort) response_.Abort();
  if (actions.give_back > 0 && call_ != nullptr) call_->GiveBack(actions.give_back);
}

void Exchange::SendStreamHead() {
  http::Headers headers = std::move(metadata_);
  metadata_ = http::Headers();
  headers.push_back({"Content-Type", std::string(transcode::kStreamMediaTypes[media_type_])});
  // For proxies on the way: keep nothing, change nothing, and pass each record on as it comes.
  headers.push_back({"Cache-Control", "no-store, no-transform"});
  headers.push_back({"X-Accel-Buffering", "no"});
  SendHead(200, std::move(headers), absl::nullopt);
}

void Exchange::OnDrained(size_t bytes) {
  if (pump_ && !answered_) Carry(pump_->OnDrained(bytes, response_.Unsent()), {});
}

void Exchange::ArmTimer() {
  const Clock::time_point now = Clock::now();
  const bool waiting = pump_->state() == Pump::State::kWaiting;
  const absl::Duration silence = waiting ? context_.options.head_wait : context_.options.heartbeat;
  const absl::Duration wait = std::min(context_.options.max_stream_duration - absl::FromChrono(now - start_),
                                       silence - absl::FromChrono(now - last_sent_));
  if (wait == absl::InfiniteDuration()) return;
  context_.loop.Arm(this, absl::ToChronoNanoseconds(std::max(wait, absl::ZeroDuration())));
}

void Exchange::OnTimer() {
  if (answered_ || !pump_) return;
  const Clock::time_point now = Clock::now();
  if (absl::FromChrono(now - start_) >= context_.options.max_stream_duration) {
    return Carry(pump_->OnLocalEnd(),
                 {ComeBack("the stream has reached its longest duration; start it again"), EndReason::kMaxDuration});
  }
  if (pump_->state() == Pump::State::kWaiting) return Carry(pump_->OnHeadWait(), {});
  if (absl::FromChrono(now - last_sent_) >= context_.options.heartbeat) {
    Carry(pump_->OnSilence(), {});
    last_sent_ = now;
  }
  ArmTimer();
}

// --- One message -----------------------------------------------------------------------------------------------------

void Exchange::OnUnaryMessage(absl::string_view message, size_t window) {
  if (unary_received_) {
    CancelCall();
    return ReplyStatus(absl::InternalError("the upstream sent more than one message for a unary method"),
                       EndReason::kUpstreamError);
  }
  unary_received_ = true;
  const absl::Status status = route_->response.Print(message, context_.options.max_record_bytes, &unary_json_);
  if (!status.ok()) {
    CancelCall();
    return ReplyStatus(status, EndReason::kBadMessage);
  }
  call_->GiveBack(window);
}

void Exchange::OnUnaryEnd(const upstream::CallEnd& end, EndReason reason) {
  if (!end.status.ok()) return ReplyStatus(end.status, reason, end.unprocessed);
  if (!unary_received_) {
    return ReplyStatus(absl::InternalError("the upstream ended a unary method well but sent no message"),
                       EndReason::kUpstreamError);
  }
  SendWhole(200, std::move(metadata_), unary_json_);
  bytes_ += unary_json_.size();
  context_.metrics.body_bytes.Add(static_cast<int64_t>(unary_json_.size()));
  End(reason, absl::StatusCode::kOk);
  response_.Finish();
}

// --- Replies and ends ------------------------------------------------------------------------------------------------

// An answer of the gateway's own to a request that it makes no call for.
void Exchange::Reply(int http_status, absl::string_view message, http::Headers extra) {
  const int code = http::GrpcCodeOf(http_status);
  status_ = http_status;
  End(EndReason::kLocal, static_cast<absl::StatusCode>(code));
  http::SendError(response_, http_status, code, message, std::move(extra));
}

void Exchange::ReplyTooLong() {
  Reply(413, absl::StrCat("the body is longer than ", context_.options.max_request_bytes, " bytes"));
}

void Exchange::ReplyStatus(const absl::Status& status, EndReason reason, bool unprocessed) {
  std::string json;
  transcode::AppendStatusJson(status, DetailTypes(), &json);
  const int http_status = HttpStatus(status.code());
  http::Headers headers = std::move(metadata_);
  if (unprocessed && (http_status == 503 || http_status == 429)) {
    headers.push_back({"Retry-After", std::string(kRetryAfterSeconds)});
  }
  if (http_status == 401) headers.push_back({"WWW-Authenticate", "Bearer"});
  SendWhole(http_status, std::move(headers), json);
  End(reason, status.code());
  response_.Finish();
}

void Exchange::SendWhole(int http_status, http::Headers headers, absl::string_view json) {
  headers.push_back({"Content-Type", "application/json"});
  SendHead(http_status, std::move(headers), json.size());
  response_.Body().append(json.data(), json.size());
  response_.CommitBody();
}

void Exchange::SendHead(int status, http::Headers headers, absl::optional<uint64_t> content_length) {
  status_ = status;
  headers.push_back({"X-Content-Type-Options", "nosniff"});
  response_.SendHead(status, headers, content_length);
}

// Nothing more is said to the client; Finish or Abort goes with it.
void Exchange::End(EndReason reason, absl::StatusCode code) {
  answered_ = true;
  end_reason_ = reason;
  code_ = code;
  Disarm();
}

void Exchange::OnClientGone(absl::string_view reason) {
  if (pump_) pump_->OnClientGone();
  // A reply that was complete but not taken is a client that left, too.
  End(reason == "slow_client" ? EndReason::kSlowClient : EndReason::kClientGone, absl::StatusCode::kCancelled);
}

void Exchange::EndForDrain() {
  if (answered_) return;
  const absl::Status status = ComeBack("the gateway is shutting down; start the stream again");
  if (pump_) return Carry(pump_->OnLocalEnd(), {status, EndReason::kDrain});
  CancelCall();
  ReplyStatus(status, EndReason::kDrain);
}

void Exchange::CancelCall() {
  if (call_ != nullptr) context_.loop.Defer(this);
}

void Exchange::RunDeferred() { call_.reset(); }

std::vector<const transcode::PlanSet*> Exchange::DetailTypes() const {
  std::vector<const transcode::PlanSet*> types = {&context_.known_types};
  if (route_ != nullptr) types.push_back(&route_->method->output->plans());
  return types;
}

void Exchange::WriteAccessLine() const {
  observe::AccessEntry entry;
  entry.end_time = absl::Now();
  entry.method = head_.method;
  entry.path = path_;
  entry.route = route_ == nullptr ? absl::string_view() : absl::string_view(route_->path_template);
  entry.protocol = ProtocolName(head_.protocol);
  entry.peer = head_.peer;
  entry.status = status_;
  entry.grpc_code = code_;
  entry.end_reason = observe::EndReasonName(end_reason_);
  entry.duration = absl::FromChrono(Clock::now() - start_);
  if (first_message_) entry.first_message = absl::FromChrono(*first_message_);
  entry.messages = messages_;
  entry.bytes = bytes_;
  context_.access_log.Write(observe::FormatAccessLine(entry));
}

}  // namespace penstock
