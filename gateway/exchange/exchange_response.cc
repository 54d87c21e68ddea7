// The second half of a request's life: what the upstream sends, as the client receives it.
#include <algorithm>
#include <utility>

#include "gateway/exchange/exchange.h"
#include "gateway/protocol/response_metadata.h"
#include "gateway/protocol/retry_hint.h"

namespace penstock {
namespace {

using observe::EndReason;

}  // namespace

void Exchange::OnCallMetadata(const upstream::Metadata& metadata) {
  if (status_ == 0) metadata_.headers = metadata;
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
    Apply(pump_->OnPartial(window), {});
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
  ending.status = protocol_.StatusOf(std::move(end.status));
  ending.unprocessed = end.unprocessed;
  metadata_.trailers = std::move(end.trailers);
  if (!pump_) return OnUnaryEnd(ending);
  const bool nothing_left = resumed_ && ending.status.ok() && pump_->state() == Pump::State::kWaiting;
  if (nothing_left && format_->nothing_left_is_204()) return EndWithNothingLeft();
  Apply(pump_->OnUpstreamEnd(ending.status.ok()), ending);
}

// The client has resumed after the last record there is.
void Exchange::EndWithNothingLeft() {
  pump_->OnClientGone();
  http::Headers headers;
  protocol_.AppendMetadata(metadata_.headers, &headers);
  SendHead(204, std::move(headers), absl::nullopt);
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
    return Apply(pump_->OnLocalEnd(), {status, EndReason::kBadMessage});
  }
  const size_t record = body.size() - before;
  Apply(pump_->OnRecord(window, record), {}, message);
  if (first) response_.Body().append(body);
  response_.CommitBody();
  last_sent_ = Clock::now();
  bytes_ += record;
  context_.observer.OnRecord(record);
}

// In the order of PumpActions' fields.
void Exchange::Apply(const PumpActions& actions, const Ending& ending, absl::optional<absl::string_view> first) {
  if (actions.cancel_upstream) CancelCall();
  if (actions.reply_error) return ReplyFailure({ending.status, ending.unprocessed}, ending.reason);
  if (actions.send_head) {
    SendStreamHead(first);
    last_sent_ = Clock::now();
    if (!actions.finish) ArmTimer();  // from the wait for the head to the wait for silence
  }
  if (actions.send_heartbeat) {
    const absl::string_view heartbeat = format_->heartbeat();
    response_.Body().append(heartbeat.data(), heartbeat.size());
    response_.CommitBody();
    context_.observer.OnHeartbeat();
  }
  if (actions.send_ending) {
    format_->AppendEnding({ending.status, metadata_.trailers, StatusTypes()}, &response_.Body());
    response_.CommitBody();
  }
  if (actions.finish || actions.abort) End(ending.reason, ending.status.code());
  if (actions.finish) {
    response_.Finish(sends_trailers_ ? protocol_.TrailersOf(metadata_.trailers) : http::Headers());
  }
  if (actions.abort) response_.Abort();
  if (actions.give_back > 0 && call_ != nullptr) call_->GiveBack(actions.give_back);
}

void Exchange::SendStreamHead(absl::optional<absl::string_view> first) {
  http::Headers headers;
  protocol_.AppendMetadata(std::exchange(metadata_.headers, upstream::Metadata()), &headers);
  format_->AppendHeaders(*route_, first, &headers);
  SendHead(200, std::move(headers), absl::nullopt);
}

void Exchange::OnDrained(size_t bytes) {
  if (pump_ && !answered_) Apply(pump_->OnDrained(bytes, response_.Unsent()), {});
}

void Exchange::ArmTimer() {
  const ExchangeOptions& options = context_.options;
  absl::Duration silence = format_->heartbeat().empty() ? absl::InfiniteDuration() : options.heartbeat;
  if (pump_->state() == Pump::State::kWaiting) {
    silence = format_->head_goes_alone() ? options.head_wait : absl::InfiniteDuration();
  }
  const Clock::time_point now = Clock::now();
  const absl::Duration report = context_.observer.wants_open_reports() ? kReportEvery : absl::InfiniteDuration();
  const absl::Duration wait =
      std::min({options.max_stream_duration - absl::FromChrono(now - start_),
                silence - absl::FromChrono(now - last_sent_), report - absl::FromChrono(now - reported_)});
  if (wait == absl::InfiniteDuration()) return;
  context_.loop.Arm(this, absl::ToChronoNanoseconds(std::max(wait, absl::ZeroDuration())));
}

void Exchange::OnTimer() {
  if (answered_ || !pump_) return;
  const Clock::time_point now = Clock::now();
  if (absl::FromChrono(now - start_) >= context_.options.max_stream_duration) {
    return Apply(pump_->OnLocalEnd(),
                 {RetryHint("the stream has reached its longest duration; start it again"), EndReason::kMaxDuration});
  }
  if (context_.observer.wants_open_reports() && absl::FromChrono(now - reported_) >= kReportEvery) {
    reported_ = now;
    context_.observer.OnOpen(Facts());
  }
  if (pump_->state() == Pump::State::kWaiting) {
    const bool waited = absl::FromChrono(now - last_sent_) >= context_.options.head_wait;
    return format_->head_goes_alone() && waited ? Apply(pump_->OnHeadWait(), {}) : ArmTimer();
  }
  if (absl::FromChrono(now - last_sent_) >= context_.options.heartbeat) {
    Apply(pump_->OnSilence(), {});
    last_sent_ = now;
  }
  ArmTimer();
}

// --- One message -----------------------------------------------------------------------------------------------------

void Exchange::OnUnaryMessage(absl::string_view message, size_t window) {
  absl::Status status;
  if (printed_ != nullptr) {
    status = absl::InternalError("the upstream sent more than one message for a method that has one");
  } else {
    printed_ = std::make_unique<PrintedMessage>();
    status = protocol_.Print(*route_, message, context_.options.max_record_bytes, printed_.get());
  }
  if (!status.ok()) {
    CancelCall();
    return ReplyFailure({std::move(status)}, EndReason::kBadMessage);
  }
  call_->GiveBack(window);
}

void Exchange::OnUnaryEnd(const Ending& ending) {
  if (!ending.status.ok()) return ReplyFailure({ending.status, ending.unprocessed}, ending.reason);
  if (printed_ == nullptr) {
    return ReplyFailure({absl::InternalError("the upstream ended the call well but sent no message")},
                        EndReason::kUpstreamError);
  }
  Answer answer = protocol_.Complete(*route_, std::move(*printed_), metadata_, sends_trailers_);
  bytes_ += answer.body.size();
  Reply(std::move(answer), ending.reason);
}

// --- Replies and ends ------------------------------------------------------------------------------------------------

void Exchange::Reply(Answer answer, EndReason reason) {
  http::Headers headers = std::move(answer.headers);
  absl::optional<uint64_t> length = answer.body.size();
  // Only a chunked body has room for trailers after it.
  if (!answer.trailers.empty()) {
    length = absl::nullopt;
    for (http::Header& announced : TrailerAnnouncement(answer.trailers)) headers.push_back(std::move(announced));
  }
  if (answer.http_status == 204) length = absl::nullopt;
  SendHead(answer.http_status, std::move(headers), length);
  if (answer.http_status != 204) {
    response_.Body().append(answer.body);
    response_.CommitBody();
  }
  End(reason, answer.code);
  response_.Finish(answer.trailers);
}

void Exchange::ReplyFailure(const Failure& failure, EndReason reason) {
  Reply(protocol_.Fail(failure, {format_, call_ != nullptr, sends_trailers_, metadata_, StatusTypes()}), reason);
}

void Exchange::SendHead(int status, http::Headers headers, absl::optional<uint64_t> content_length) {
  status_ = status;
  protocol_.AppendCommonHeaders(&headers);
  context_.options.cors.AppendHeaders(origin_, &headers);
  response_.SendHead(status, headers, content_length);
}

std::vector<const codec::PlanSet*> Exchange::StatusTypes() const {
  std::vector<const codec::PlanSet*> types = {&context_.known_types};
  if (route_ != nullptr) types.push_back(&route_->method->output->plans());
  return types;
}

}  // namespace penstock
