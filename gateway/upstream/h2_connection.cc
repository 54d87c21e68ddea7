#include "gateway/upstream/h2_connection.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/net/socket_options.h"
#include "gateway/net/unique_fd.h"
#include "gateway/upstream/h2_callbacks.h"
#include "gateway/upstream/metadata.h"

namespace penstock::upstream {
namespace {

nghttp2_nv Field(absl::string_view name, absl::string_view value, uint8_t flags = NGHTTP2_NV_FLAG_NONE) {
  // nghttp2 copies both before submit returns; its interface merely lacks the const.
  return {reinterpret_cast<uint8_t*>(const_cast<char*>(name.data())),
          reinterpret_cast<uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(), flags};
}

// Of a peer that ended the connection, in whatever way, without a word: many TLS servers do when they hear plain text.
constexpr char kSilent[] = "it closed the connection before it spoke HTTP/2: is it a gRPC server, and without TLS?";

// The same inside TLS: in its version 1.3 a server that wants a certificate says so only after the handshake, if at
// all.
constexpr char kSilentInTls[] =
    "it closed the connection after the TLS handshake: it may want a certificate that it trusts (--upstream-cert-file)";

// What a peer says whose first bytes are not the SETTINGS frame that a server must begin with (RFC 9113 section 3.4);
// empty where they are, or are too few to tell.
absl::string_view OtherProtocol(absl::string_view first) {
  constexpr size_t kTypeAt = 3;
  if (absl::StartsWith(first, "HTTP/1.")) return "it speaks HTTP/1, and gRPC needs HTTP/2";
  if (absl::StartsWith(first, "\x15\x03") || absl::StartsWith(first, "\x16\x03")) return "it wants TLS";
  if (first.size() <= kTypeAt || first[kTypeAt] == NGHTTP2_SETTINGS) return {};
  return "it does not speak HTTP/2";
}

}  // namespace

H2Connection::H2Connection(net::Loop& loop, const H2Options& options, net::Address address, Owner* owner)
    : loop_(loop),
      options_(options),
      address_(std::move(address)),
      authority_(address_.authority()),
      owner_(owner),
      byte_stream_(loop),
      session_(H2Callbacks::NewSession(this)) {}

H2Connection::~H2Connection() {
  Close();
  nghttp2_session_del(session_);
}

void H2Connection::Connect(const SocketAddress& where) {
  loop_.Arm(this, absl::ToChronoNanoseconds(options_.connect_timeout));
  net::UniqueFd socket(::socket(where.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return FailLater(errno);
  net::ConfigureUpstreamSocket(socket.get());
  const bool done = ::connect(socket.get(), where.data(), static_cast<socklen_t>(where.size())) == 0;
  if (!done && errno != EINPROGRESS) return FailLater(errno);
  byte_stream_ = net::ByteStream(loop_, std::move(socket));
  if (!byte_stream_.open()) return FailLater(ENOMEM);
  byte_stream_.WaitWritable([self = shared_from_this()] { self->OnConnected(); });
}

// Not from inside Connect.
void H2Connection::FailLater(int error) {
  loop_.Post([self = shared_from_this(), error] { self->Fail(self->Unavailable(std::strerror(error))); });
}

void H2Connection::OnConnected() {
  if (state_ != State::kConnecting) return;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(byte_stream_.fd(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return Fail(Unavailable(std::strerror(error)));
  state_ = State::kHandshake;
  if (options_.tls == nullptr) return BeginHttp2();
  if (!byte_stream_.StartTlsClient(options_.tls->context().get(), options_.tls->NameFor(host()))) {
    return Fail(Unavailable("there is no memory for TLS"));
  }
  ContinueTls();
}

void H2Connection::ContinueTls() {
  if (state_ != State::kHandshake) return;
  switch (byte_stream_.Handshake()) {
    case net::ByteStream::HandshakeResult::kAgain:
      return byte_stream_.WaitReadable([self = shared_from_this()] { self->ContinueTls(); });
    case net::ByteStream::HandshakeResult::kFailed:
      return Fail(Unavailable(WhyBroken()));
    case net::ByteStream::HandshakeResult::kDone:
      break;
  }
  if (byte_stream_.alpn() == net::ByteStream::Alpn::kHttp2) return BeginHttp2();
  Fail(Unavailable("it speaks TLS, but does not agree on HTTP/2 (ALPN \"h2\"): is it a gRPC server?"));
}

void H2Connection::BeginHttp2() {
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, static_cast<uint32_t>(options_.stream_window_bytes)},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, H2Stream::kMaxMetadataBytes},
  };
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kConnectionWindowBytes);
  WantFlush();
  WaitReadable();
}

void H2Connection::OnSettings() {
  if (state_ == State::kHandshake) {
    state_ = State::kReady;
    Disarm();
  }
  if (owner_ != nullptr) owner_->OnConnectionChanged(*this);
}

void H2Connection::OnTimer() {
  Fail(Unavailable(state_ == State::kConnecting ? "the connect timed out"
                                                : "it took the connection, but did not speak HTTP/2 in time"));
}

void H2Connection::WaitReadable() {
  byte_stream_.WaitReadable([self = shared_from_this()] { self->OnReadable(); });
}

void H2Connection::OnReadable() {
  if (state_ == State::kClosed) return;
  const ssize_t count = byte_stream_.ReadAll(loop_.read_buffer(), net::Loop::kReadBufferBytes);
  if (count > 0) {
    Receive(static_cast<size_t>(count));
  } else if (count == net::ByteStream::kEnd || (count == net::ByteStream::kFailed && LeftSilently())) {
    Fail(Unavailable(heard_ ? "it closed the connection" : byte_stream_.tls() ? kSilentInTls : kSilent));
  } else if (count == net::ByteStream::kFailed) {
    Fail(Unavailable(WhyBroken()));
  }
  if (state_ != State::kClosed) WaitReadable();
}

// Of a connection that has failed: the peer closed or reset it, and said nothing that would explain it.
bool H2Connection::LeftSilently() const {
  const net::ByteStream::Failure failure = byte_stream_.failure();
  if (failure.tls_error != 0) return false;
  const bool closed = failure.socket_error == 0 || failure.socket_error == ECONNRESET;
  return byte_stream_.tls() ? closed : !heard_;
}

std::string H2Connection::WhyBroken() const {
  const net::ByteStream::Failure failure = byte_stream_.failure();
  return options_.tls == nullptr ? std::strerror(failure.socket_error) : options_.tls->Explain(failure, host());
}

void H2Connection::Receive(size_t bytes) {
  if (!std::exchange(heard_, true)) {
    const absl::string_view other = OtherProtocol({loop_.read_buffer(), bytes});
    if (!other.empty()) return Fail(Unavailable(other));
  }
  received_ = 0;
  const ssize_t result =
      nghttp2_session_mem_recv(session_, reinterpret_cast<const uint8_t*>(loop_.read_buffer()), bytes);
  if (state_ == State::kClosed) return;
  if (result < 0) {
    if (broken_.empty()) broken_ = nghttp2_strerror(static_cast<int>(result));
    return Fail(Unavailable(absl::StrCat("it broke HTTP/2: ", broken_)));
  }
  if (received_ != 0) nghttp2_session_consume_connection(session_, received_);
  WantFlush();
  CheckFinished();
}

// Also on GOAWAY: what is open goes on, what the peer did not take has been refused by the session already.
void H2Connection::Drain() {
  if (state_ == State::kClosed || state_ == State::kDraining) return;
  state_ = State::kDraining;
  Disarm();
  loop_.Defer(this);  // it may be finished already
  if (owner_ != nullptr) owner_->OnConnectionChanged(*this);
}

void H2Connection::CheckFinished() {
  if (nghttp2_session_want_write(session_) != 0 || out_sent_ != out_.size()) return;
  if (nghttp2_session_want_read(session_) == 0) {
    Fail(Unavailable(broken_.empty() ? "the connection ended" : absl::StrCat("it broke HTTP/2: ", broken_)));
  } else if (state_ == State::kDraining && open_streams_ == 0) {
    Fail(Unavailable("it asked for the end of the connection (GOAWAY)"));
  }
}

bool H2Connection::CanStart() const { return state_ == State::kReady && open_streams_ < peer_stream_limit(); }

size_t H2Connection::peer_stream_limit() const {
  return nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

bool H2Connection::Start(H2Stream& stream) {
  const CallRequest& request = stream.request();
  const Metadata metadata = ToWire(request.metadata);
  const auto left = stream.TimeLeft();
  const std::string timeout = left ? EncodeTimeout(absl::FromChrono(*left)) : std::string();
  std::vector<nghttp2_nv> fields = {
      Field(":method", "POST"),
      Field(":scheme", options_.tls == nullptr ? "http" : "https"),
      Field(":path", request.path),
      Field(":authority", authority_),
      Field("te", "trailers"),
      Field("content-type", "application/grpc"),
      Field("user-agent", options_.user_agent),
  };
  fields.reserve(fields.size() + metadata.size() + 1);
  // What differs from call to call, or is a secret, stays out of the compression table.
  if (!timeout.empty()) fields.push_back(Field("grpc-timeout", timeout, NGHTTP2_NV_FLAG_NO_INDEX));
  for (const auto& [name, value] : metadata) {
    const bool secret = name == "authorization" || name == "cookie";
    fields.push_back(Field(name, value, secret ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE));
  }
  const nghttp2_data_provider body = H2Callbacks::BodyProvider();
  const int32_t id = nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(), &body, &stream);
  if (id < 0) {
    Drain();
    return false;
  }
  ++open_streams_;
  stream.Opened(this, id, options_.max_message_bytes, options_.stream_window_bytes / 8);
  streams_.push_back(stream);
  WantFlush();
  return true;
}

void H2Connection::Consume(int32_t id, size_t bytes) {
  nghttp2_session_consume_stream(session_, id, bytes);
  WantFlush();
}

void H2Connection::Resume(int32_t id) {
  nghttp2_session_resume_data(session_, id);  // an error only says that it is not waiting
  WantFlush();
}

void H2Connection::Forget(H2Stream& stream, bool reset) {
  stream.unlink();
  if (state_ == State::kClosed) return;
  nghttp2_session_set_stream_user_data(session_, stream.id(), nullptr);
  if (!reset) return;
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream.id(), NGHTTP2_CANCEL);
  WantFlush();
}

// What a peer says that is going away, says nothing about the one that takes its place.
void H2Connection::Judge(bool well) {
  if (state_ == State::kReady && owner_ != nullptr) owner_->OnCallJudged(well);
}

void H2Connection::WantFlush() {
  if (!waiting_writable_ && nghttp2_session_want_write(session_) != 0) loop_.Defer(this);
}

void H2Connection::RunDeferred() {
  const auto self = shared_from_this();  // a stream refused while writing may bring down everything
  if (state_ == State::kClosed || waiting_writable_) return;
  while (FillOut()) {
    if (!WriteOut()) return;
  }
  if (state_ != State::kClosed) CheckFinished();
}

// False: there is nothing to write.
bool H2Connection::FillOut() {
  while (out_.size() < kWriteBufferBytes && state_ != State::kClosed) {
    const uint8_t* data = nullptr;
    const ssize_t count = nghttp2_session_mem_send(session_, &data);
    if (count <= 0) break;  // less than 0 is out of memory: the session says so again at the next read
    out_.append(reinterpret_cast<const char*>(data), static_cast<size_t>(count));
  }
  return state_ != State::kClosed && out_sent_ != out_.size();
}

// False: not all could be written, or the connection is gone.
bool H2Connection::WriteOut() {
  while (out_sent_ < out_.size()) {
    const ssize_t count = byte_stream_.Write(absl::string_view(out_).substr(out_sent_));
    if (count == net::ByteStream::kFailed) {
      Fail(Unavailable(WhyBroken()));
      return false;
    }
    if (count == net::ByteStream::kAgain) {
      waiting_writable_ = true;
      byte_stream_.WaitWritable([self = shared_from_this()] {
        self->waiting_writable_ = false;
        self->RunDeferred();
      });
      return false;
    }
    out_sent_ += static_cast<size_t>(count);
  }
  out_.clear();
  out_sent_ = 0;
  return true;
}

void H2Connection::Fail(absl::Status why) {
  if (state_ == State::kClosed) return;
  const auto self = shared_from_this();
  state_ = State::kClosed;
  Disarm();
  byte_stream_.Close(/*reset=*/false);
  // The owner first: a call that is started again from OnCallEnd must not find this connection.
  if (Owner* owner = std::exchange(owner_, nullptr)) owner->OnConnectionClosed(*this, why);
  while (!streams_.empty()) streams_.front().OnConnectionLost(why);
  open_streams_ = 0;
}

void H2Connection::Close() {
  owner_ = nullptr;
  state_ = State::kClosed;
  Disarm();
  byte_stream_.Close(/*reset=*/false);
  while (!streams_.empty()) streams_.front().Orphan();
}

absl::Status H2Connection::Unavailable(absl::string_view what) const {
  const bool connected = state_ == State::kReady || state_ == State::kDraining;
  return absl::UnavailableError(absl::StrCat(connected ? "lost the connection to " : "no connection to ",
                                             net::PrintAddress(address_), ": ", what));
}

}  // namespace penstock::upstream
