#include "gateway/http/http2_session.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "gateway/http/http2_callbacks.h"

namespace penstock::http {

Http2Session::Http2Session(SessionContext& context, net::ByteStream byte_stream)
    : context_(context),
      byte_stream_(std::move(byte_stream)),
      session_(Http2Callbacks::NewSession(this)),
      guard_(net::TimerWheel::Clock::now()),
      peer_(net::Peer::Of(byte_stream_.fd())) {
  const SessionOptions& options = context_.options;
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, options.max_streams},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, static_cast<uint32_t>(options.max_unreleased_bytes)},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<uint32_t>(options.parser.max_header_bytes)},
  };
  nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session_.get(), NGHTTP2_FLAG_NONE, 0, kConnectionWindowBytes);
  if (context_.draining) BeginDrain();
  WantWrite();
  ArmRead();
  UpdateDeadline();
}

Http2Session::~Http2Session() {
  streams_.clear_and_dispose([](Http2Stream* stream) { delete stream; });
  closed_streams_.clear_and_dispose([](Http2Stream* stream) { delete stream; });
}

void Http2Session::RefuseInsecure() { End(NGHTTP2_INADEQUATE_SECURITY, "refused"); }

// ---- reading

void Http2Session::ArmRead() {
  if (read_armed_ || state_ == State::kClosed) return;
  if (write_armed_ && nghttp2_session_get_outbound_queue_size(session_.get()) > kMaxQueuedFrames) return;
  read_armed_ = true;
  byte_stream_.WaitReadable([this] {
    read_armed_ = false;
    OnReadable();
  });
}

void Http2Session::OnReadable() {
  if (state_ == State::kClosed) return WantWrite();
  char* buffer = context_.loop.read_buffer();
  const ssize_t n = byte_stream_.Read(buffer, kReadBytes);
  if (n > 0) {
    Receive(absl::string_view(buffer, static_cast<size_t>(n)));
  } else if (n == net::ByteStream::kEnd) {
    Close(/*reset=*/false, "client_closed");
  } else if (n == net::ByteStream::kFailed) {
    Close(/*reset=*/false, "reset");
  }
  ArmRead();
}

void Http2Session::Receive(absl::string_view input) {
  if (input.empty()) return;
  if (state_ == State::kEnding || state_ == State::kLinger) return DropInput(input.size());
  received_ = 0;
  const ssize_t result =
      nghttp2_session_mem_recv(session_.get(), reinterpret_cast<const uint8_t*>(input.data()), input.size());
  if (result == NGHTTP2_ERR_BAD_CLIENT_MAGIC) return Close(/*reset=*/false, "protocol_error");
  if (result == NGHTTP2_ERR_NOMEM) return Close(/*reset=*/true, "out_of_memory");
  // What else ends the session has been sent in a flood: CONTINUATION or answers without end, or beyond our own guard.
  if (result < 0 || overdrawn_) return End(NGHTTP2_ENHANCE_YOUR_CALM, "flood");
  if (received_ > 0) nghttp2_session_consume_connection(session_.get(), received_);
  WantWrite();
}

void Http2Session::DropInput(size_t bytes) {
  drop_budget_ -= std::min(drop_budget_, bytes);
  if (drop_budget_ == 0) Close(/*reset=*/false, "flood");
}

bool Http2Session::Charge(int points) {
  if (points > 0 && !guard_.Charge(points, net::TimerWheel::Clock::now())) overdrawn_ = true;
  return !overdrawn_;
}

void Http2Session::OnClientSettings() {
  if (state_ == State::kSettings) state_ = State::kServing;
}

void Http2Session::OnStreamClosed(Http2Stream& stream) {
  // Whoever reset it: a client can make us do it with a frame that is wrong.
  if (!stream.ended() && !stream.aborted()) Charge(FloodGuard::kReset);
  stream.StreamHook<AllStreams>::unlink();
  closed_streams_.push_back(stream);
  stream.OnClosed("reset");
  WantWrite();
}

// ---- writing

void Http2Session::MarkWaiting(Http2Stream& stream) {
  if (!stream.StreamHook<WaitingStreams>::is_linked()) waiting_.push_back(stream);
}

bool Http2Session::blocked() const {
  return write_armed_ || (!waiting_.empty() && nghttp2_session_get_remote_window_size(session_.get()) <= 0);
}

void Http2Session::RunDeferred() {
  if (state_ != State::kClosed) Flush();
  TellDrained();
  closed_streams_.clear_and_dispose([](Http2Stream* stream) { delete stream; });
  if (state_ != State::kClosed) Settle();
  if (state_ == State::kClosed) {
    closed_streams_.clear_and_dispose([](Http2Stream* stream) { delete stream; });
    if (!read_armed_ && !write_armed_) context_.Remove(*this);  // the waits refer to this object
    return;
  }
  ArmRead();
  UpdateDeadline();
}

void Http2Session::Flush() {
  while (!write_armed_ && state_ != State::kClosed && Fill()) Write();
  if (state_ == State::kClosed) return;
  for (Http2Stream& stream : waiting_) stream.OnBlocked();
  if (overdrawn_) End(NGHTTP2_ENHANCE_YOUR_CALM, "flood");
}

// Frames what goes into one write, once the last one is out. False: there is nothing.
bool Http2Session::Fill() {
  if (state_ == State::kLinger) return false;
  if (!out_) out_ = context_.buffers.Take();
  if (!out_->empty()) return true;
  while (out_->size() < kWriteBytes && nghttp2_session_want_write(session_.get()) != 0) {
    const uint8_t* data = nullptr;
    const ssize_t count = nghttp2_session_mem_send(session_.get(), &data);  // DATA goes by SendBody
    if (count <= 0) break;
    out_->append(reinterpret_cast<const char*>(data), static_cast<size_t>(count));
  }
  if (!out_->empty()) return true;
  context_.buffers.Give(std::move(out_));
  return false;
}

void Http2Session::Write() {
  const ssize_t n = byte_stream_.Write(absl::string_view(*out_).substr(sent_));
  if (n == net::ByteStream::kFailed) return Close(/*reset=*/false, "reset");
  const size_t taken = n > 0 ? static_cast<size_t>(n) : 0;
  sent_ += taken;
  deadline_.Took(taken);
  if (sent_ == out_->size()) {
    out_->clear();
    sent_ = 0;
    return;
  }
  write_armed_ = true;
  byte_stream_.WaitWritable([this] {
    write_armed_ = false;
    WantWrite();
  });
}

void Http2Session::TellDrained() {
  // By index: a handler that is told may make the session close.
  for (size_t i = 0; i < drained_.size(); ++i) drained_[i]->TellDrained();
  drained_.clear();
}

// ---- ending

void Http2Session::BeginDrain() {
  if (draining_ || state_ >= State::kEnding) return;
  draining_ = true;
  nghttp2_submit_shutdown_notice(session_.get());
  WantWrite();
}

// The first of a drain has left: a PING behind it comes back when the client has seen it.
void Http2Session::OnGoawaySent() {
  if (draining_ && !final_goaway_) nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE, nullptr);
}

void Http2Session::OnPingAck() {
  if (draining_ && !final_goaway_) SubmitFinalGoaway();
}

void Http2Session::SubmitFinalGoaway() {
  final_goaway_ = true;
  nghttp2_submit_goaway(session_.get(), NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session_.get()),
                        NGHTTP2_NO_ERROR, nullptr, 0);
  WantWrite();
}

// Says GOAWAY and hears no more.
void Http2Session::End(uint32_t error_code, absl::string_view reason) {
  if (state_ >= State::kEnding) return;
  state_ = State::kEnding;
  drop_budget_ = context_.options.max_lingering_bytes;
  nghttp2_session_terminate_session(session_.get(), error_code);
  CloseStreams(reason);
  WantWrite();
}

// What follows once everything is out.
void Http2Session::Settle() {
  if (out_ || state_ == State::kLinger || nghttp2_session_want_write(session_.get()) != 0) return;
  const bool drained = final_goaway_ && streams_.empty();
  const bool over = nghttp2_session_want_read(session_.get()) == 0;
  if (state_ != State::kEnding && !drained && !over) return;
  CloseStreams("protocol_error");  // nghttp2 has said GOAWAY of its own accord
  BeginLinger();
}

void Http2Session::CloseStreams(absl::string_view reason) {
  if (!streams_.empty()) WantWrite();  // for what is destroyed at the end of the turn
  while (!streams_.empty()) {
    Http2Stream& stream = streams_.front();
    streams_.pop_front();
    closed_streams_.push_back(stream);
    nghttp2_session_set_stream_user_data(session_.get(), stream.id(), nullptr);
    stream.OnClosed(reason);
  }
}

// What the client has sent meanwhile would turn close() into a reset, and that would take from it what it has not read.
void Http2Session::BeginLinger() {
  state_ = State::kLinger;
  drop_budget_ = context_.options.max_lingering_bytes;
  byte_stream_.ShutdownWrite();
}

void Http2Session::Close(bool reset, absl::string_view reason) {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  Disarm();
  byte_stream_.Close(reset);
  CloseStreams(reason);
  WantWrite();
}

// ---- deadlines

SessionDeadline::Kind Http2Session::WantedDeadline() const {
  using Kind = SessionDeadline::Kind;
  if (state_ == State::kClosed) return Kind::kNone;
  if (state_ == State::kEnding || state_ == State::kLinger) return Kind::kLinger;
  if (blocked()) return Kind::kSlow;
  if (state_ == State::kSettings || in_header_block_) return Kind::kHeader;
  if (draining_ && !final_goaway_) return Kind::kDrain;
  return streams_.empty() ? Kind::kIdle : Kind::kNone;
}

void Http2Session::UpdateDeadline() {
  const SessionDeadline::Kind wanted = WantedDeadline();
  const bool another_block = std::exchange(header_block_ended_, false) && wanted == SessionDeadline::Kind::kHeader;
  if (!deadline_.Set(wanted, another_block)) return;
  data_framed_ = 0;
  context_.Arm(*this, deadline_);
}

void Http2Session::OnTimer() {
  switch (deadline_.Expire()) {
    case SessionDeadline::Kind::kIdle:
      return End(NGHTTP2_NO_ERROR, "idle");
    case SessionDeadline::Kind::kHeader:
      return End(NGHTTP2_PROTOCOL_ERROR, "header_timeout");
    case SessionDeadline::Kind::kSlow:
      if (TooSlow()) return Close(/*reset=*/true, "slow_client");
      return UpdateDeadline();
    case SessionDeadline::Kind::kDrain:
      return SubmitFinalGoaway();
    case SessionDeadline::Kind::kLinger:
      return Close(/*reset=*/state_ == State::kEnding, "linger");
    case SessionDeadline::Kind::kNone:
    case SessionDeadline::Kind::kBody:
      return;
  }
}

// While the socket takes little, its bytes count; while it takes all, DATA does, which the client's window lets
// through: answers to PINGs are no progress.
bool Http2Session::TooSlow() const {
  return write_armed_ ? deadline_.TooSlow(context_.options)
                      : SessionDeadline::IsTooSlow(data_framed_, context_.options);
}

}  // namespace penstock::http
