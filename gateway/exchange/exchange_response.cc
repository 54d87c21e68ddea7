// The second half of a request's life: what the upstream says, as the client hears it.
#include <algorithm>
#include <utility>

#include "gateway/codec/status_json.h"
#include "gateway/exchange/exchange.h"
#include "gateway/http/error_reply.h"
#include "gateway/protocol/http_status.h"
#include "gateway/protocol/response_metadata.h"
#include "gateway/protocol/retry_hint.h"

namespace penstock {
namespace {

using observe::EndReason;

constexpr char kJson[] = "application/json";

}  // namespace

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

void Exchange::OnCallSent() {
  if (unreleased_ > 0) context_.loop.Defer(this);
}

void Exchange::OnCallEnd(upstream::CallEnd end) {
  if (answered_) return;
  Ending ending;
  ending.reason = end.status.ok()     ? EndReason::kOk
                  : end.from_upstream ? EndReason::kUpstreamError
                                      : EndReason::kUpstreamLost;
  ending.status = context_.dialect.StatusOf(std::move(end.status));
  ending.unprocessed = end.unprocessed;
  if (wants_trailers_ && (!pump_ || context_.dialect.stream_trailers())) {
    ending.trailers = ResponseTrailers(end.trailers, context_.options.metadata);
  }
  if (!pump_) return OnUnaryEnd(std::move(ending));
  const bool nothing_left = resumed_ && ending.status.ok() && pump_->state() == Pump::State::kWaiting;
  if (nothing_left && format_->nothing_left_is_204()) return EndWithNothingLeft();
  Carry(pump_->OnUpstreamEnd(ending.status.ok()), ending);
}

// The client has come back for more, and has it all.
void Exchange::EndWithNothingLeft() {
  pump_->OnClientGone();
  SendHead(204, std::exchange(metadata_, http::Headers()), absl::nullopt);
  End(EndReason::kOk, absl::StatusCode::kOk);
  response_.Finish();
}

// --- A stream --------------------------------------------------------------------------------------------------------

void Exchange::OnStreamMessage(absl::string_view message, size_t window) {
  // The first record is made before the head is sent, so that a message without JSON is still an HTTP status.
  const bool first = pump_->state() == Pump::State::kWaiting;
  std::string& body = first ? context_.scratch : response_.Body();
  if (first) body.clear();
  const size_t before = body.size();
  const absl::Status status = format_->AppendRecord(*route_, message, context_.options.max_record_bytes, &body);
  if (!status.ok()) {
    body.resize(before);
    return Carry(pump_->OnLocalEnd(), {status, EndReason::kBadMessage});
  }
  const size_t record = body.size() - before;
  Carry(pump_->OnRecord(window, record), {}, message);
  if (first) response_.Body().append(body);
  response_.CommitBody();
  last_sent_ = Clock::now();
  bytes_ += record;
  context_.metrics.records.Add(1);
  context_.metrics.body_bytes.Add(static_cast<int64_t>(record));
}

void Exchange::Carry(const PumpActions& actions, const Ending& ending, absl::optional<absl::string_view> first) {
  if (actions.cancel_upstream) CancelCall();
  if (actions.reply_error) return ReplyFailure(ending);
  if (actions.send_head) {
    SendStreamHead(first);
    last_sent_ = Clock::now();
    if (!actions.finish) ArmTimer();  // from the wait for the head to the wait for silence
  }
  if (actions.send_heartbeat) {
    const absl::string_view heartbeat = format_->heartbeat();
    response_.Body().append(heartbeat.data(), heartbeat.size());
    response_.CommitBody();
    context_.metrics.heartbeats.Add(1);
  }
  if (actions.send_ending) {
    format_->AppendEnding(ending.status, StatusTypes(), &response_.Body());
    response_.CommitBody();
  }
  if (actions.finish || actions.abort) End(ending.reason, ending.status.code());
  if (actions.finish) response_.Finish(ending.trailers);
  if (actions.abort) response_.Abort();
  if (actions.give_back > 0 && call_ != nullptr) call_->GiveBack(actions.give_back);
}

void Exchange::SendStreamHead(absl::optional<absl::string_view> first) {
  http::Headers headers = std::exchange(metadata_, http::Headers());
  format_->AppendHeaders(*route_, first, &headers);
  SendHead(200, std::move(headers), absl::nullopt);
}

void Exchange::OnDrained(size_t bytes) {
  if (pump_ && !answered_) Carry(pump_->OnDrained(bytes, response_.Unsent()), {});
}

void Exchange::ArmTimer() {
  const ExchangeOptions& options = context_.options;
  absl::Duration silence = format_->heartbeat().empty() ? absl::InfiniteDuration() : options.heartbeat;
  if (pump_->state() == Pump::State::kWaiting) {
    silence = format_->head_goes_alone() ? options.head_wait : absl::InfiniteDuration();
  }
  const Clock::time_point now = Clock::now();
  const absl::Duration unlogged = context_.access_log.enabled() ? kLogEvery : absl::InfiniteDuration();
  const absl::Duration wait =
      std::min({options.max_stream_duration - absl::FromChrono(now - start_),
                silence - absl::FromChrono(now - last_sent_), unlogged - absl::FromChrono(now - logged_)});
  if (wait == absl::InfiniteDuration()) return;
  context_.loop.Arm(this, absl::ToChronoNanoseconds(std::max(wait, absl::ZeroDuration())));
}

void Exchange::OnTimer() {
  if (answered_ || !pump_) return;
  const Clock::time_point now = Clock::now();
  if (absl::FromChrono(now - start_) >= context_.options.max_stream_duration) {
    return Carry(pump_->OnLocalEnd(),
                 {RetryHint("the stream has reached its longest duration; start it again"), EndReason::kMaxDuration});
  }
  if (context_.access_log.enabled() && absl::FromChrono(now - logged_) >= kLogEvery) {
    logged_ = now;
    WriteAccessLine("open");
  }
  if (pump_->state() == Pump::State::kWaiting) {
    const bool waited = absl::FromChrono(now - last_sent_) >= context_.options.head_wait;
    return format_->head_goes_alone() && waited ? Carry(pump_->OnHeadWait(), {}) : ArmTimer();
  }
  if (absl::FromChrono(now - last_sent_) >= context_.options.heartbeat) {
    Carry(pump_->OnSilence(), {});
    last_sent_ = now;
  }
  ArmTimer();
}

// --- One message -----------------------------------------------------------------------------------------------------

void Exchange::OnUnaryMessage(absl::string_view message, size_t window) {
  absl::Status status = whole_ != nullptr
                            ? absl::InternalError("the upstream sent more than one message for a method that has one")
                            : PrintWhole(message);
  if (!status.ok()) {
    CancelCall();
    return ReplyFailure({std::move(status), EndReason::kBadMessage});
  }
  call_->GiveBack(window);
}

absl::Status Exchange::PrintWhole(absl::string_view message) {
  if (absl::Status status = context_.dialect.Judge(*route_, message); !status.ok()) return status;
  whole_ = std::make_unique<WholeAnswer>();
  if (!route_->response.is_http_body()) {
    whole_->type = kJson;
    return route_->response.Print(message, context_.options.max_record_bytes, &whole_->body);
  }
  const auto body = route_->response.HttpBody(message);
  if (!body.ok()) return body.status();
  if (!body->content_type.empty()) whole_->type = std::string(body->content_type);
  whole_->body = std::string(body->data);
  return absl::OkStatus();
}

void Exchange::OnUnaryEnd(Ending ending) {
  if (ending.status.ok() && whole_ == nullptr) {
    ending.status = absl::InternalError("the upstream ended the call well but sent no message");
    ending.reason = EndReason::kUpstreamError;
  }
  if (!ending.status.ok()) return ReplyFailure(ending);
  context_.dialect.Finish(*route_, whole_.get(), &metadata_);
  bytes_ += whole_->body.size();
  context_.metrics.body_bytes.Add(static_cast<int64_t>(whole_->body.size()));
  http::Headers headers = std::move(metadata_);
  if (whole_->type) headers.push_back({"Content-Type", *std::move(whole_->type)});
  SendWhole(200, std::move(headers), whole_->body, ending.trailers);
  End(ending.reason, absl::StatusCode::kOk);
  response_.Finish(ending.trailers);
}

// --- Replies and ends ------------------------------------------------------------------------------------------------

// To a request that no call is made for.
void Exchange::Reply(LocalAnswer answer) {
  http::Headers headers = std::move(answer.headers);
  std::string body;
  if (answer.plain_text) {
    if (!answer.message.empty()) headers.push_back({"Content-Type", "text/plain; charset=utf-8"});
    body = std::move(answer.message);
  } else if (answer.http_status != 204) {
    headers.push_back({"Content-Type", kJson});
    body = http::ErrorJson(static_cast<int>(answer.code), answer.message);
  }
  if (answer.http_status == 204) {
    SendHead(204, std::move(headers), absl::nullopt);
  } else {
    SendWhole(answer.http_status, std::move(headers), body, {});
  }
  End(EndReason::kLocal, answer.code);
  response_.Finish();
}

void Exchange::ReplyTooLong(absl::string_view message) {
  Reply({413, absl::StatusCode::kResourceExhausted, std::string(message), {}, false});
}

void Exchange::ReplyFailure(const Ending& ending) {
  std::string json;
  if (format_ != nullptr) {
    format_->AppendEarlyFailure(ending.status, ending.unprocessed || call_ == nullptr, StatusTypes(), &json);
  } else {
    codec::AppendStatusJson(ending.status, StatusTypes(), &json);
  }
  http::Headers headers = std::move(metadata_);
  context_.dialect.AppendFailureHeaders(ending.status, ending.unprocessed, format_ != nullptr, &headers);
  headers.push_back({"Content-Type", kJson});
  SendWhole(HttpStatus(ending.status.code()), std::move(headers), json, ending.trailers);
  End(ending.reason, ending.status.code());
  response_.Finish(ending.trailers);
}

// Head and body. Only a chunked body has room for trailers behind it.
void Exchange::SendWhole(int http_status, http::Headers headers, absl::string_view body,
                         const http::Headers& trailers) {
  absl::optional<uint64_t> length = body.size();
  if (!trailers.empty()) {
    length = absl::nullopt;
    for (http::Header& announced : TrailerAnnouncement(trailers)) headers.push_back(std::move(announced));
  }
  SendHead(http_status, std::move(headers), length);
  response_.Body().append(body.data(), body.size());
  response_.CommitBody();
}

void Exchange::SendHead(int status, http::Headers headers, absl::optional<uint64_t> content_length) {
  status_ = status;
  context_.dialect.AppendCommonHeaders(&headers);
  context_.options.cors.AppendHeaders(origin_, &headers);
  response_.SendHead(status, headers, content_length);
}

std::vector<const codec::PlanSet*> Exchange::StatusTypes() const {
  std::vector<const codec::PlanSet*> types = {&context_.known_types};
  if (route_ != nullptr) types.push_back(&route_->method->output->plans());
  return types;
}

}  // namespace penstock
