#include "gateway/exchange/exchange.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gateway/exchange/cross_site.h"
#include "gateway/exchange/resume.h"
#include "gateway/http/error_reply.h"
#include "gateway/protocol/response_metadata.h"
#include "gateway/protocol/retry_hint.h"
#include "gateway/schema/method_list.h"

namespace penstock {
namespace {

using observe::EndReason;

// Of an id that the client chose: longer than a UUID, short enough for a line.
constexpr size_t kMostIdBytes = 128;

absl::string_view ProtocolName(http::Version protocol) {
  switch (protocol) {
    case http::Version::kHttp10:
      return "HTTP/1.0";
    case http::Version::kHttp11:
      return "HTTP/1.1";
    case http::Version::kHttp2:
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
  if (!context_.access_log.enabled()) return;
  trace_id_ = TraceIdOf(head_.headers);
  const std::string* request_id = http::FindHeader(head_.headers, "x-request-id");
  if (request_id != nullptr) request_id_ = request_id->substr(0, kMostIdBytes);
}

Exchange::~Exchange() {
  observe::LoopMetrics& metrics = context_.metrics;
  metrics.requests_active.Add(-1);
  if (pump_) metrics.streams_active.Add(-1);
  metrics.requests_by_end[static_cast<size_t>(end_reason_)].Add(1);
  context_.routes.RequestEnded(head_.method,
                               route_ == nullptr ? absl::string_view() : absl::string_view(route_->path_template),
                               status_, absl::FromChrono(Clock::now() - start_),
                               first_message_ ? absl::make_optional(absl::FromChrono(*first_message_)) : absl::nullopt);
  if (called_) context_.routes.CallEnded(route_->method->path, code_, messages_);
  if (context_.access_log.enabled()) WriteAccessLine(observe::EndReasonName(end_reason_));
}

// --- The request -----------------------------------------------------------------------------------------------------

void Exchange::OnRequestHead() {
  origin_ = context_.options.cors.Match(head_.headers);
  if (context_.memory != nullptr && context_.memory->over()) {
    return ReplyFailure({absl::UnavailableError("the gateway has no memory left for another request"),
                         EndReason::kLocal, /*unprocessed=*/true});
  }
  if (schema_ == nullptr) return AnswerWithoutRoute({});
  if (context_.options.cors.on() && Cors::IsPreflight(head_.method, head_.headers)) return AnswerPreflight();
  const Lookup lookup = context_.dialect.LookupOf(head_);
  route::Router::Match match = schema_->router().Find(lookup.method, path_, lookup.is_form_post);
  if (match.kind != route::Router::Match::Kind::kFound) return AnswerWithoutRoute(match);
  Admit(std::move(match));
}

// A browser asks whether a page may send the request that it describes. It may if its origin was configured and there
// is such a route; any other answer, this one without an origin too, keeps the page from it.
void Exchange::AnswerPreflight() {
  const std::string method = *http::FindHeader(head_.headers, "access-control-request-method");
  const route::Router::Match match = schema_->router().Find(method, path_, /*is_form_post=*/false);
  if (match.kind != route::Router::Match::Kind::kFound) return AnswerWithoutRoute(match);
  LocalAnswer answer{204, absl::StatusCode::kOk, "", {}, false};
  context_.options.cors.AppendPreflight(origin_, head_.headers, method, &answer.headers);
  Reply(std::move(answer));
}

// The page's files; what they do not have either is not found, or not known yet.
void Exchange::AnswerWithoutRoute(const route::Router::Match& match) {
  using Kind = route::Router::Match::Kind;
  if (match.kind == Kind::kNotFound) {
    if (context_.method_list != nullptr && path_ == kMethodListPath) return SendMethodList();
    if (const auto file = context_.files.Find(head_.method, head_.target, head_.headers)) {
      status_ = file->status;
      End(EndReason::kLocal, absl::StatusCode::kOk);
      return file->SendTo(response_);
    }
  }
  if (match.kind != Kind::kBadPath && !context_.no_schema_reason.empty()) {
    const absl::Status unknown =
        absl::UnavailableError(absl::StrCat("the API's schema is not known yet: ", context_.no_schema_reason));
    return ReplyFailure({unknown, EndReason::kLocal, /*unprocessed=*/true});
  }
  Reply(context_.dialect.Unrouted(head_, match, path_));
}

void Exchange::SendMethodList() {
  if (head_.method != "GET" && head_.method != "HEAD") {
    return Reply({405,
                  absl::StatusCode::kUnimplemented,
                  "the list of methods is read with GET",
                  {{"Allow", "GET, HEAD"}},
                  false});
  }
  // Another schema may come at any time.
  SendWhole(200, {{"Content-Type", "application/json"}, {"Cache-Control", "no-cache"}}, *context_.method_list, {});
  End(EndReason::kLocal, absl::StatusCode::kOk);
  response_.Finish();
}

// What can be refused before the body is read, is.
void Exchange::Admit(route::Router::Match match) {
  route_ = &schema_->route(match.route);
  if (context_.dialect.guards_against_other_sites() && origin_ == nullptr && IsForgeable(head_)) {
    return ReplyFailure({absl::PermissionDeniedError(
                             "a page of another origin may not send this: configure it with --cors-origin, or send "
                             "Content-Type: application/json"),
                         EndReason::kLocal});
  }
  Admission admission = context_.dialect.Admit(head_, *route_);
  if (admission.refusal) return Reply(*std::move(admission.refusal));
  format_ = admission.format;
  const Schema::Method& method = *route_->method;
  const size_t max_bytes = context_.options.max_request_bytes;
  if (!method.client_streaming && head_.content_length.value_or(0) > max_bytes) {
    return ReplyTooLong(absl::StrCat("the body is longer than ", max_bytes, " bytes"));
  }
  const bool streams = method.server_streaming || method.client_streaming;
  const absl::Duration otherwise = streams ? absl::InfiniteDuration() : context_.options.unary_timeout;
  const absl::StatusOr<absl::Duration> timeout = RequestTimeout(head_.headers, context_.options.metadata, otherwise);
  if (!timeout.ok()) return ReplyFailure({timeout.status(), EndReason::kLocal});
  timeout_ = *timeout;
  if (absl::Status status = CheckRequestHeaders(head_.headers, context_.options.metadata); !status.ok()) {
    return ReplyFailure({std::move(status), EndReason::kLocal});
  }
  absl::optional<std::string> last_id;
  if (!method.stream.resume_field.empty()) {
    rest_of_query_ = std::string(query_);
    if (absl::Status status = TakeLastEventId(head_.headers, &rest_of_query_, &last_id); !status.ok()) {
      return ReplyFailure({std::move(status), EndReason::kLocal});
    }
    query_ = rest_of_query_;
    resumed_ = last_id.has_value();
  }
  reader_ = std::make_unique<RequestReader>(*route_, std::move(match.variables), query_, head_,
                                            context_.dialect.body_rules(), std::move(last_id), max_bytes);
  if (method.client_streaming) StartCall();
}

void Exchange::OnRequestBody(absl::string_view data) {
  unreleased_ += data.size();
  if (!answered_ && reader_ != nullptr) {
    const absl::Status status = reader_->Take(data, [this](absl::string_view wire) { SendMessage(wire); });
    if (!status.ok()) OnBadBody(status);
  }
  ReleaseBody();
}

// Lets the session read on, unless the upstream does not take what it has been sent.
void Exchange::ReleaseBody() {
  if (!answered_ && call_ != nullptr && call_->Unsent() > context_.options.max_unsent_bytes) return;
  if (unreleased_ > 0) response_.ReleaseRequestBody(std::exchange(unreleased_, 0));
}

void Exchange::OnRequestEnd() {
  if (answered_ || reader_ == nullptr) return;
  const std::unique_ptr<RequestReader> reader = std::move(reader_);
  if (head_.method == "HEAD" && format_ != nullptr && call_ == nullptr) {
    // What the head would be; no call is made for a stream that nobody reads.
    SendStreamHead(absl::nullopt);
    End(EndReason::kOk, absl::StatusCode::kOk);
    return response_.Finish();
  }
  const absl::Status status = reader->End([this](absl::string_view wire) { SendMessage(wire); });
  if (!status.ok()) return OnBadBody(status);
  if (route_->method->client_streaming) call_->CloseSend();
}

void Exchange::OnBadBody(const absl::Status& status) {
  reader_.reset();
  if (pump_ && context_.dialect.body_rules().silent_input_errors) return call_->CloseSend();
  if (pump_) return Carry(pump_->OnLocalEnd(), {status, EndReason::kLocal});
  CancelCall();
  if (status.code() == absl::StatusCode::kResourceExhausted) return ReplyTooLong(status.message());
  ReplyFailure({status, EndReason::kLocal});
}

void Exchange::OnRequestBroken(int status, absl::string_view message) {
  if (answered_) return;
  reader_.reset();
  if (status_ != 0) {
    return Carry(pump_->OnLocalEnd(), {absl::InvalidArgumentError(message), EndReason::kLocal});
  }
  CancelCall();
  if (pump_) pump_->OnClientGone();
  Reply({status, static_cast<absl::StatusCode>(http::GrpcCodeOf(status)), std::string(message), {}, false});
}

void Exchange::StartCall() {
  upstream::CallRequest request;
  request.path = route_->method->path;
  request.metadata = RequestMetadata(head_, context_.options.metadata);
  request.timeout = timeout_;
  wants_trailers_ = WantsTrailers(head_.headers);
  // Only names that the access line needs stay for the hours that a stream may last.
  head_.headers = http::Headers();
  context_.routes.CallStarted(route_->method->path);
  called_ = true;
  if (format_ != nullptr) {
    pump_.emplace(format_->ending_style());
    context_.metrics.streams_active.Add(1);
    last_sent_ = Clock::now();
    ArmTimer();
  }
  call_ = context_.channels[route_->method->upstream]->StartCall(std::move(request), this);
}

void Exchange::SendMessage(absl::string_view wire) {
  const bool many = route_->method->client_streaming;
  if (!many) StartCall();
  call_->SendMessage(wire, /*last=*/!many);
}

// --- The end ---------------------------------------------------------------------------------------------------------

// Nothing more is said to the client; Finish or Abort goes with it.
void Exchange::End(EndReason reason, absl::StatusCode code) {
  answered_ = true;
  end_reason_ = reason;
  code_ = code;
  reader_.reset();
  Disarm();
}

void Exchange::OnClientGone(absl::string_view reason) {
  if (pump_) pump_->OnClientGone();
  // A reply that was complete but not taken is a client that left, too.
  End(reason == "slow_client" ? EndReason::kSlowClient : EndReason::kClientGone, absl::StatusCode::kCancelled);
}

void Exchange::EndForDrain() {
  if (answered_) return;
  const Ending ending{RetryHint("the gateway is shutting down; start the stream again"), EndReason::kDrain};
  if (pump_) return Carry(pump_->OnLocalEnd(), ending);
  CancelCall();
  ReplyFailure(ending);
}

void Exchange::CancelCall() {
  if (call_ == nullptr) return;
  cancel_ = true;
  context_.loop.Defer(this);
}

void Exchange::RunDeferred() {
  if (cancel_) call_.reset();
  ReleaseBody();
}

observe::LiveEntry Exchange::Describe() const {
  observe::LiveEntry entry;
  entry.method = head_.method;
  if (route_ != nullptr) entry.route = route_->path_template;
  entry.protocol = std::string(ProtocolName(head_.version));
  entry.peer = head_.peer;
  entry.age = absl::FromChrono(Clock::now() - start_);
  entry.records = messages_;
  entry.bytes = bytes_;
  entry.held_bytes = held_bytes();
  return entry;
}

void Exchange::WriteAccessLine(absl::string_view end_reason) const {
  observe::AccessEntry entry;
  entry.end_time = absl::Now();
  entry.method = head_.method;
  entry.path = path_;
  entry.route = route_ == nullptr ? absl::string_view() : absl::string_view(route_->path_template);
  entry.protocol = ProtocolName(head_.version);
  entry.peer = head_.peer;
  entry.status = status_;
  entry.grpc_code = code_;
  entry.end_reason = end_reason;
  entry.duration = absl::FromChrono(Clock::now() - start_);
  if (first_message_) entry.first_message = absl::FromChrono(*first_message_);
  entry.messages = messages_;
  entry.bytes = bytes_;
  entry.trace_id = trace_id_;
  entry.request_id = request_id_;
  if (called_) entry.upstream = context_.upstream_names[route_->method->upstream];
  if (called_) entry.deadline = timeout_;
  context_.access_log.Write(observe::FormatAccessLine(entry));
}

}  // namespace penstock
