#include "gateway/exchange/exchange.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/exchange/resume.h"
#include "gateway/http/error_reply.h"
#include "gateway/protocol/request_metadata.h"
#include "gateway/protocol/retry_hint.h"

namespace penstock {
namespace {

using observe::EndReason;
using Kind = route::Router::Match::Kind;

// Of an id that the client chose: longer than a UUID, short enough for a line.
constexpr size_t kMostIdBytes = 128;

constexpr int kContentTooLarge = 413;

absl::string_view VersionName(http::Version version) {
  switch (version) {
    case http::Version::kHttp10:
      return "HTTP/1.0";
    case http::Version::kHttp11:
      return "HTTP/1.1";
    case http::Version::kHttp2:
      return "HTTP/2";
  }
  return "";
}

Failure TooLong(absl::string_view message) {
  return {absl::ResourceExhaustedError(message), /*unprocessed=*/false, kContentTooLarge};
}

}  // namespace

Exchange::Exchange(ExchangeContext& context, http::RequestHead head, http::ResponseStream& response)
    : LiveStream(context.live),
      context_(context),
      response_(response),
      head_(std::move(head)),
      protocol_(context.protocols.Of(head_)),
      schema_(context.schema) {
  const absl::string_view target = head_.target;
  const size_t question = target.find('?');
  path_ = target.substr(0, question);
  query_ = question == absl::string_view::npos ? absl::string_view() : target.substr(question + 1);
  context_.observer.OnRequest();
  if (!context_.observer.wants_open_reports()) return;
  trace_id_ = TraceIdOf(head_.headers);
  const std::string* request_id = http::FindHeader(head_.headers, "x-request-id");
  if (request_id != nullptr) request_id_ = request_id->substr(0, kMostIdBytes);
}

Exchange::~Exchange() { context_.observer.OnEnd(Facts()); }

// --- The head --------------------------------------------------------------------------------------------------------

void Exchange::OnRequestHead() {
  origin_ = context_.options.cors.Match(head_.headers);
  route::Router::Match match = Route();
  if (match.kind == Kind::kFound) route_ = &schema_->route(match.route);
  PassGates(std::move(match), 0);
}

route::Router::Match Exchange::Route() const {
  if (schema_ == nullptr) return {};
  const Lookup lookup = protocol_.LookupOf(head_);
  return schema_->router().Find(lookup.method, path_, lookup.is_form_post);
}

void Exchange::PassGates(route::Router::Match match, size_t first) {
  for (size_t i = first; i < context_.gates.size(); ++i) {
    Gate::Verdict verdict = context_.gates[i]->Check({head_, protocol_, route_, origin_}, *this);
    if (verdict.refusal) return ReplyFailure(*verdict.refusal, EndReason::kLocal);
    if (verdict.ticket == nullptr) continue;
    waiting_ = std::make_unique<Waiting>(Waiting{i, std::move(verdict.ticket), std::move(match), ""});
    return;
  }
  Enter(std::move(match));
}

void Exchange::OnVerdict(Gate::Verdict verdict) {
  const std::unique_ptr<Waiting> waited = std::move(waiting_);
  if (verdict.refusal) return ReplyFailure(*verdict.refusal, EndReason::kLocal);
  PassGates(std::move(waited->match), waited->gate + 1);
  if (waiting_ != nullptr) {
    waiting_->body = std::move(waited->body);
    waiting_->complete = waited->complete;
    return;
  }
  if (!waited->body.empty()) {
    unreleased_ -= waited->body.size();  // counted when it came
    OnRequestBody(waited->body);
  }
  if (waited->complete) OnRequestEnd();
}

void Exchange::Enter(route::Router::Match match) {
  if (schema_ != nullptr && context_.options.cors.on() && Cors::IsPreflight(head_.method, head_.headers)) {
    return AnswerPreflight();
  }
  if (match.kind != Kind::kFound) return AnswerWithoutRoute(match);
  Admit(std::move(match));
}

// A browser asks whether a page may send the request that it describes. It may if its origin was configured and there
// is such a route; any other answer, this one without an origin too, keeps the page from it.
void Exchange::AnswerPreflight() {
  const std::string method = *http::FindHeader(head_.headers, "access-control-request-method");
  const route::Router::Match match = schema_->router().Find(method, path_, /*is_form_post=*/false);
  if (match.kind != Kind::kFound) return AnswerWithoutRoute(match);
  Answer answer{204, absl::StatusCode::kOk, {}, ""};
  context_.options.cors.AppendPreflight(origin_, head_.headers, method, &answer.headers);
  Reply(std::move(answer), EndReason::kLocal);
}

// The gateway's own resources; what they do not have either is not found, or not known yet.
void Exchange::AnswerWithoutRoute(const route::Router::Match& match) {
  if (match.kind == Kind::kNotFound) {
    for (const LocalResource* resource : context_.resources) {
      const auto reply = resource->Find(head_, path_);
      if (!reply) continue;
      status_ = reply->status;
      End(EndReason::kLocal, absl::StatusCode::kOk);
      return reply->SendTo(response_);
    }
  }
  if (match.kind != Kind::kBadPath && !context_.no_schema_reason.empty()) {
    const absl::Status unknown =
        absl::UnavailableError(absl::StrCat("the API's schema is not known yet: ", context_.no_schema_reason));
    return ReplyFailure({unknown, /*unprocessed=*/true}, EndReason::kLocal);
  }
  Reply(protocol_.Unrouted(head_, match, path_), EndReason::kLocal);
}

// What can be refused before the body is read, is.
void Exchange::Admit(route::Router::Match match) {
  const Schema::Method& method = *route_->method;
  Admission admission = protocol_.Admit(head_, *route_);
  if (admission.refusal) return ReplyFailure(*admission.refusal, EndReason::kLocal);
  format_ = admission.format;
  sends_trailers_ = admission.sends_trailers;
  const bool streams = method.server_streaming || method.client_streaming;
  timeout_ = admission.timeout.value_or(streams ? absl::InfiniteDuration() : context_.options.unary_timeout);
  const size_t max_bytes = context_.options.max_request_bytes;
  if (!method.client_streaming && head_.content_length.value_or(0) > max_bytes) {
    return ReplyFailure(TooLong(absl::StrCat("the body is longer than ", max_bytes, " bytes")), EndReason::kLocal);
  }
  if (absl::Status status = TakeLastEventId(); !status.ok()) {
    return ReplyFailure({std::move(status)}, EndReason::kLocal);
  }
  reader_ = protocol_.NewReader({*route_, std::move(match.variables), query_, head_, max_bytes});
  if (method.client_streaming) StartCall();
}

// Where the method can be resumed, the id of the last record that the client has seen.
absl::Status Exchange::TakeLastEventId() {
  if (route_->method->stream.resume_field.empty()) return absl::OkStatus();
  rest_of_query_ = std::string(query_);
  if (absl::Status status = penstock::TakeLastEventId(head_.headers, &rest_of_query_, &last_id_); !status.ok()) {
    return status;
  }
  query_ = rest_of_query_;
  resumed_ = last_id_.has_value();
  return absl::OkStatus();
}

// --- The body --------------------------------------------------------------------------------------------------------

void Exchange::OnRequestBody(absl::string_view data) {
  unreleased_ += data.size();
  if (waiting_ != nullptr) {
    waiting_->body.append(data.data(), data.size());
    return;
  }
  if (!answered_ && reader_ != nullptr) {
    const absl::Status status = reader_->Take(data, [this](std::string* wire) { return SendMessage(wire); });
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
  if (waiting_ != nullptr) {
    waiting_->complete = true;
    return;
  }
  if (answered_ || reader_ == nullptr) return;
  const std::unique_ptr<RequestReader> reader = std::move(reader_);
  if (head_.method == "HEAD" && format_ != nullptr && call_ == nullptr) {
    // What the head would be; no call is made for a stream that no client reads.
    SendStreamHead(absl::nullopt);
    End(EndReason::kOk, absl::StatusCode::kOk);
    return response_.Finish();
  }
  const absl::Status status = reader->End([this](std::string* wire) { return SendMessage(wire); });
  if (!status.ok()) return OnBadBody(status);
  if (route_->method->client_streaming) call_->CloseSend();
}

void Exchange::OnBadBody(const absl::Status& status) {
  reader_.reset();
  if (pump_ && protocol_.ends_bad_input_silently()) return call_->CloseSend();
  if (pump_) return Apply(pump_->OnLocalEnd(), {status, EndReason::kLocal});
  CancelCall();
  if (status.code() == absl::StatusCode::kResourceExhausted) {
    return ReplyFailure(TooLong(status.message()), EndReason::kLocal);
  }
  ReplyFailure({status}, EndReason::kLocal);
}

void Exchange::OnRequestBroken(int status, absl::string_view message) {
  if (answered_) return;
  reader_.reset();
  waiting_.reset();
  if (status_ != 0) {
    return Apply(pump_->OnLocalEnd(), {absl::InvalidArgumentError(message), EndReason::kLocal});
  }
  CancelCall();
  if (pump_) pump_->OnClientGone();
  const auto code = static_cast<absl::StatusCode>(http::GrpcCodeOf(status));
  ReplyFailure({absl::Status(code, message), /*unprocessed=*/false, status}, EndReason::kLocal);
}

void Exchange::StartCall() {
  upstream::CallRequest request;
  request.path = route_->method->path;
  request.metadata = protocol_.RequestMetadataOf(head_);
  request.timeout = timeout_;
  // What the gateway's own reports need stays for the hours that a stream may last; the headers do not.
  head_.headers = http::Headers();
  called_ = true;
  context_.observer.OnCall({route_->method->path, format_ != nullptr});
  if (format_ != nullptr) {
    pump_.emplace(format_->ends_in_band() ? EndingStyle::kRecord : EndingStyle::kBare);
    last_sent_ = Clock::now();
    ArmTimer();
  }
  call_ = context_.channels[route_->method->upstream]->StartCall(std::move(request), this);
}

absl::Status Exchange::SendMessage(std::string* wire) {
  if (last_id_) {
    absl::Status status = AppendLastEventId(route_->method->stream.resume_field, *last_id_, wire);
    if (!status.ok()) return status;
  }
  const bool many = route_->method->client_streaming;
  if (!many) StartCall();
  call_->SendMessage(*wire, /*last=*/!many);
  return absl::OkStatus();
}

// --- The end ---------------------------------------------------------------------------------------------------------

// Nothing more is said to the client; Finish or Abort goes with it.
void Exchange::End(EndReason reason, absl::StatusCode code) {
  answered_ = true;
  end_reason_ = reason;
  code_ = code;
  reader_.reset();
  waiting_.reset();
  Disarm();
}

void Exchange::OnClientGone(absl::string_view reason) {
  if (pump_) pump_->OnClientGone();
  // A reply that was complete but not taken is a client that left, too.
  End(reason == "slow_client" ? EndReason::kSlowClient : EndReason::kClientGone, absl::StatusCode::kCancelled);
}

void Exchange::EndForDrain() {
  if (answered_) return;
  const absl::Status status = RetryHint("the gateway is shutting down; start the stream again");
  if (pump_) return Apply(pump_->OnLocalEnd(), {status, EndReason::kDrain});
  CancelCall();
  ReplyFailure({status}, EndReason::kDrain);
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
  entry.protocol = std::string(VersionName(head_.version));
  entry.peer = head_.peer;
  entry.age = absl::FromChrono(Clock::now() - start_);
  entry.records = messages_;
  entry.bytes = bytes_;
  entry.held_bytes = held_bytes();
  return entry;
}

observe::RequestFacts Exchange::Facts() const {
  observe::RequestFacts facts;
  facts.method = head_.method;
  facts.path = path_;
  if (route_ != nullptr) facts.route = route_->path_template;
  facts.http_version = VersionName(head_.version);
  facts.peer = head_.peer;
  facts.trace_id = trace_id_;
  facts.request_id = request_id_;
  if (called_) {
    facts.call_path = route_->method->path;
    facts.upstream = context_.upstream_names[route_->method->upstream];
    facts.streams = pump_.has_value();
    facts.deadline = timeout_;
  }
  facts.status = status_;
  facts.code = code_;
  facts.end_reason = end_reason_;
  facts.age = absl::FromChrono(Clock::now() - start_);
  if (first_message_) facts.first_message = absl::FromChrono(*first_message_);
  facts.messages = messages_;
  facts.bytes = bytes_;
  return facts;
}

}  // namespace penstock
