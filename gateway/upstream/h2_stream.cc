#include "gateway/upstream/h2_stream.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/upstream/h2_connection.h"

namespace penstock::upstream {
namespace {

using Clock = net::TimerWheel::Clock;

// A deadline further away than this is none: it would overflow clocks, and no process lives as long.
constexpr absl::Duration kMaxTimeout = absl::Hours(24 * 365);

Clock::time_point DeadlineOf(absl::Duration timeout) {
  if (timeout > kMaxTimeout) return Clock::time_point::max();
  return Clock::now() + absl::ToChronoNanoseconds(std::max(timeout, absl::ZeroDuration()));
}

absl::Status DeadlineExceeded() {
  return absl::DeadlineExceededError("the call's deadline passed before the upstream ended it");
}

}  // namespace

H2Stream::H2Stream(net::Loop& loop, WaitingRoom* room, CallRequest request, CallHandler* handler)
    : loop_(loop),
      handler_(handler),
      room_(room),
      request_(std::make_unique<CallRequest>(std::move(request))),
      deadline_(DeadlineOf(request_->timeout)) {}

H2Stream::~H2Stream() {
  PENSTOCK_CHECK(!telling_);  // no handler destroys its call from inside a callback
  LeaveRoom();
  LeaveConnection();
}

void H2Stream::Wait(Clock::duration max_wait) {
  waiting_ = true;
  const auto left = TimeLeft();
  loop_.Arm(this, left ? std::min(*left, max_wait) : max_wait);
}

void H2Stream::LeaveRoom() {
  if (!std::exchange(waiting_, false)) return;
  unlink();
  room_->OnLeft();
}

void H2Stream::LeaveConnection() {
  if (connection_ == nullptr) return;
  // With both directions complete the session closes the stream by itself; else the peer must hear that nobody listens.
  std::exchange(connection_, nullptr)->Forget(*this, /*reset=*/!(end_sent_ && end_received_));
}

absl::optional<Clock::duration> H2Stream::TimeLeft() const {
  if (deadline_ == Clock::time_point::max()) return absl::nullopt;
  return std::max(deadline_ - Clock::now(), Clock::duration::zero());
}

void H2Stream::Opened(H2Connection* connection, int32_t id, size_t max_message_bytes, size_t give_back_step) {
  LeaveRoom();
  connection_ = connection;
  id_ = id;
  max_message_bytes_ = static_cast<uint32_t>(std::min<size_t>(max_message_bytes, UINT32_MAX));
  give_back_step_ = static_cast<uint32_t>(give_back_step);
  if (room_ == nullptr || ++attempts_ == kMaxAttempts) Settle();
  Disarm();
  if (const auto left = TimeLeft()) loop_.Arm(this, *left);
}

// Whatever comes now, it is not sent again.
void H2Stream::Settle() {
  request_.reset();
  if (out_sent_ < out_.size()) return;
  std::string().swap(out_);
  out_sent_ = 0;
}

// Goes back to the room as if it had not been opened. False: it cannot.
bool H2Stream::SendAgain() {
  if (request_ == nullptr || handler_ == nullptr) return false;
  Disarm();
  if (connection_ != nullptr) connection_->Judge(false);
  refused_by_ = connection_;
  LeaveConnection();
  fields_.reset();
  out_sent_ = 0;
  owed_to_session_ = 0;
  end_sent_ = end_received_ = headers_sent_ = false;
  room_->OnReturned(*this);
  return true;
}

void H2Stream::SendMessage(absl::string_view message, bool last) {
  if (handler_ == nullptr || close_send_) return;
  if (request_ == nullptr) {
    out_.erase(0, out_sent_);
    out_sent_ = 0;
  }
  AppendFrame(message, &out_);
  close_send_ = last;
  if (connection_ != nullptr) connection_->Resume(id_);
}

void H2Stream::CloseSend() {
  if (handler_ == nullptr || close_send_) return;
  close_send_ = true;
  if (connection_ != nullptr) connection_->Resume(id_);
}

void H2Stream::GiveBack(size_t bytes) {
  if (connection_ == nullptr) return;
  owed_to_session_ += static_cast<uint32_t>(bytes);
  if (owed_to_session_ < give_back_step_) return;
  connection_->Consume(id_, std::exchange(owed_to_session_, 0));
}

size_t H2Stream::ReadBody(char* buffer, size_t size, bool* end) {
  const size_t count = std::min(size, out_.size() - out_sent_);
  std::memcpy(buffer, out_.data() + out_sent_, count);
  out_sent_ += count;
  if (out_sent_ > kMaxReplayBytes) request_.reset();
  if (out_sent_ == out_.size()) {
    if (request_ == nullptr) Settle();
    end_sent_ = *end = close_send_;
    if (count > 0 && !close_send_ && handler_ != nullptr) {
      Tell(*handler_, [](CallHandler& handler) { handler.OnCallSent(); });
    }
  }
  return count;
}

void H2Stream::End(CallEnd end) {
  CallHandler* handler = std::exchange(handler_, nullptr);
  // A stream that ran is none that the peer failed, however it ends; nor is what was decided here the peer's doing.
  if (connection_ != nullptr && (end.from_upstream || end.unprocessed)) {
    connection_->Judge(answered_ || end.status.code() != absl::StatusCode::kUnavailable);
  }
  Orphan();
  if (handler != nullptr) Tell(*handler, [&](CallHandler& told) { told.OnCallEnd(std::move(end)); });
}

void H2Stream::Orphan() {
  handler_ = nullptr;
  Disarm();
  LeaveRoom();
  LeaveConnection();
  room_ = nullptr;
}

void H2Stream::OnTimer() {
  if (deadline_ <= Clock::now()) {
    End(InferredEnd(DeadlineExceeded(), /*unprocessed=*/waiting_));
  } else if (waiting_) {
    End(InferredEnd(room_->WaitedTooLong(), /*unprocessed=*/true));
  }
}

// Runs `callback` on the handler, which may destroy anything but *this.
template <typename Callback>
void H2Stream::Tell(CallHandler& handler, Callback&& callback) {
  telling_ = true;
  callback(handler);
  telling_ = false;
}

void H2Stream::OnHeadersBegin() {
  fields_ = std::make_unique<ResponseFields>();
  fields_bytes_ = 0;
}

void H2Stream::OnHeader(absl::string_view name, absl::string_view value) {
  if (fields_ == nullptr) return;
  // As SETTINGS_MAX_HEADER_LIST_SIZE counts (RFC 9113 section 6.5.2).
  fields_bytes_ += static_cast<uint32_t>(name.size() + value.size() + 32);
  if (fields_bytes_ > kMaxMetadataBytes) {
    return End(InferredEnd(absl::ResourceExhaustedError(
        absl::StrCat("the upstream's metadata is larger than ", kMaxMetadataBytes, " bytes"))));
  }
  fields_->Add(name, value);
}

void H2Stream::OnHeadersEnd(bool end_stream) {
  if (fields_ == nullptr) return;
  const std::unique_ptr<ResponseFields> fields = std::move(fields_);
  end_received_ = end_stream;
  if (head_seen_) return EndByTrailers(std::move(*fields));
  if (fields->http_status >= 100 && fields->http_status < 200) return;
  head_seen_ = true;
  Settle();
  if (end_stream) {
    const int http_status = fields->http_status;
    return End(EndFromFields(std::move(*fields), http_status));
  }
  if (fields->http_status != 200 || !fields->grpc_content_type) return End(EndFromHttp(*fields));
  Tell(*handler_, [&](CallHandler& handler) { handler.OnCallMetadata(fields->metadata); });
}

void H2Stream::EndByTrailers(ResponseFields fields) {
  CallEnd end = EndFromFields(std::move(fields), 200);
  if (end.status.ok() && deframer_.inside_message()) {
    end.status = absl::InternalError("the upstream ended the call inside a message");
    end.from_upstream = false;
  }
  End(std::move(end));
}

void H2Stream::OnData(absl::string_view data) {
  switch (deframer_.Feed(data, max_message_bytes_, *this)) {
    case GrpcDeframer::Result::kOk:
    case GrpcDeframer::Result::kStopped:
      return;
    case GrpcDeframer::Result::kCompressed:
      return End(InferredEnd(absl::InternalError("the upstream sent a compressed message, which was not asked for")));
    case GrpcDeframer::Result::kTooLarge:
      return End(InferredEnd(
          absl::ResourceExhaustedError(absl::StrCat("the upstream sent a message of ", deframer_.announced_length(),
                                                    " bytes; at most ", max_message_bytes_, " are allowed"))));
  }
}

bool H2Stream::OnFrame(absl::string_view message, size_t window) {
  answered_ = true;
  Tell(*handler_, [&](CallHandler& handler) { handler.OnCallMessage(message, window); });
  return handler_ != nullptr;
}

bool H2Stream::OnPartialFrame(size_t window) {
  Tell(*handler_, [&](CallHandler& handler) { handler.OnCallPartial(window); });
  return handler_ != nullptr;
}

void H2Stream::OnDataEnd() {
  end_received_ = true;
  EndByTrailers(ResponseFields());
}

void H2Stream::OnReset(uint32_t error_code) {
  end_sent_ = end_received_ = true;  // nothing is left to reset
  CallEnd end = EndFromReset(error_code);
  // A server whose deadline has passed may cancel instead of saying so; gRPC's own clients tell by the clock as well.
  if (error_code == NGHTTP2_CANCEL && deadline_ <= Clock::now()) end = InferredEnd(DeadlineExceeded());
  // Whoever has answered has processed the call, whatever it says now: sent again, it would be processed twice.
  if (head_seen_) end.unprocessed = false;
  if (end.unprocessed && SendAgain()) return;
  End(std::move(end));
}

void H2Stream::OnConnectionLost(const absl::Status& why) {
  if (!headers_sent_ && SendAgain()) return;
  End(InferredEnd(why, /*unprocessed=*/!headers_sent_));
}

}  // namespace penstock::upstream
