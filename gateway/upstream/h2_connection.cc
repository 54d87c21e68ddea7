#include "gateway/upstream/h2_connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <iterator>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/net/socket_options.h"
#include "gateway/upstream/metadata.h"

namespace penstock::upstream {
namespace {

absl::string_view View(const uint8_t* data, size_t size) { return {reinterpret_cast<const char*>(data), size}; }

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

H2Stream* StreamOf(nghttp2_session* session, int32_t id) {
  return static_cast<H2Stream*>(nghttp2_session_get_stream_user_data(session, id));
}

}  // namespace

// The session's callbacks. None lets an error out: what a stream cannot take ends that stream only. A stream without
// user data has ended for us already.
struct H2Callbacks {
  static H2Connection& Self(void* user) { return *static_cast<H2Connection*>(user); }

  static int OnBeginHeaders(nghttp2_session* session, const nghttp2_frame* frame, void*) {
    if (H2Stream* stream = StreamOf(session, frame->hd.stream_id)) stream->OnHeadersBegin();
    return 0;
  }

  static int OnHeader(nghttp2_session* session, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
                      const uint8_t* value, size_t value_size, uint8_t, void*) {
    if (H2Stream* stream = StreamOf(session, frame->hd.stream_id)) {
      stream->OnHeader(View(name, name_size), View(value, value_size));
    }
    return 0;
  }

  static int OnData(nghttp2_session* session, uint8_t, int32_t id, const uint8_t* data, size_t size, void* user) {
    Self(user).received_ += size;
    if (H2Stream* stream = StreamOf(session, id)) stream->OnData(View(data, size));
    return 0;
  }

  static int OnFrame(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    const bool end_stream = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    switch (frame->hd.type) {
      case NGHTTP2_DATA:
        if (!end_stream) return 0;
        if (H2Stream* stream = StreamOf(session, frame->hd.stream_id)) stream->OnDataEnd();
        return 0;
      case NGHTTP2_HEADERS:
        if (H2Stream* stream = StreamOf(session, frame->hd.stream_id)) stream->OnHeadersEnd(end_stream);
        return 0;
      case NGHTTP2_SETTINGS:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) == 0) Self(user).OnSettings();
        return 0;
      case NGHTTP2_GOAWAY:
        Self(user).Drain();
        return 0;
      default:
        return 0;
    }
  }

  static int OnFrameSent(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type == NGHTTP2_HEADERS) {
      if (H2Stream* stream = StreamOf(session, frame->hd.stream_id)) stream->OnHeadersSent();
    } else if (frame->hd.type == NGHTTP2_GOAWAY && Self(user).broken_.empty()) {
      Self(user).broken_ = nghttp2_http2_strerror(frame->goaway.error_code);  // what the session holds against the peer
    }
    return 0;
  }

  static int OnStreamClose(nghttp2_session* session, int32_t id, uint32_t error_code, void* user) {
    H2Connection& self = Self(user);
    --self.open_streams_;
    if (H2Stream* stream = StreamOf(session, id)) stream->OnReset(error_code);
    if (self.owner_ != nullptr) self.owner_->OnStreamClosed();
    return 0;
  }

  static int OnError(nghttp2_session*, int, const char* message, size_t size, void* user) {
    Self(user).broken_.assign(message, size);
    return 0;
  }

  static ssize_t ReadBody(nghttp2_session* session, int32_t id, uint8_t* buffer, size_t size, uint32_t* flags,
                          nghttp2_data_source*, void*) {
    H2Stream* stream = StreamOf(session, id);
    if (stream == nullptr) return NGHTTP2_ERR_DEFERRED;  // its RST_STREAM is queued
    bool end = false;
    const size_t count = stream->ReadBody(reinterpret_cast<char*>(buffer), size, &end);
    if (end) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
    } else if (count == 0) {
      return NGHTTP2_ERR_DEFERRED;
    }
    return static_cast<ssize_t>(count);
  }

  static nghttp2_session_callbacks* Make() {
    nghttp2_session_callbacks* callbacks = nullptr;
    if (nghttp2_session_callbacks_new(&callbacks) != 0) throw std::bad_alloc();
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, OnBeginHeaders);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, OnHeader);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, OnData);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, OnFrame);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, OnFrameSent);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, OnStreamClose);
    nghttp2_session_callbacks_set_error_callback2(callbacks, OnError);
    return callbacks;
  }

  static nghttp2_session* NewSession(H2Connection* self) {
    static nghttp2_session_callbacks* const callbacks = Make();  // read only from here on: shared by all threads
    nghttp2_option* option = nullptr;
    nghttp2_session* session = nullptr;
    if (nghttp2_option_new(&option) != 0) throw std::bad_alloc();
    nghttp2_option_set_no_auto_window_update(option, 1);
    const int error = nghttp2_session_client_new2(&session, callbacks, self, option);
    nghttp2_option_del(option);
    if (error != 0) throw std::bad_alloc();
    return session;
  }
};

H2Connection::H2Connection(net::Loop& loop, const H2Options& options, net::Address address, Owner* owner)
    : loop_(loop),
      options_(options),
      address_(std::move(address)),
      authority_(address_.authority()),
      owner_(owner),
      socket_(loop.io()),
      session_(H2Callbacks::NewSession(this)) {}

H2Connection::~H2Connection() {
  Close();
  nghttp2_session_del(session_);
}

void H2Connection::Connect(const SocketAddress& where) {
  loop_.Arm(this, absl::ToChronoNanoseconds(options_.connect_timeout));
  boost::system::error_code error;
  socket_.open(where.protocol(), error);
  if (!error) socket_.non_blocking(true, error);
  if (error) {
    boost::asio::post(loop_.io(),
                      [self = shared_from_this(), error] { self->Fail(self->Unavailable(error.message())); });
    return;
  }
  net::ConfigureUpstreamSocket(socket_.native_handle());
  socket_.async_connect(where, [self = shared_from_this()](const boost::system::error_code& failed) {
    if (self->state_ != State::kConnecting) return;
    if (failed) return self->Fail(self->Unavailable(failed.message()));
    self->OnConnected();
  });
}

void H2Connection::OnConnected() {
  state_ = State::kHandshake;
  if (options_.tls == nullptr) return BeginHttp2();
  link_ = TlsLink::Start(socket_.native_handle(), options_.tls->context(),
                         options_.tls->NameFor(address_.is_unix() ? authority_ : address_.host));
  if (link_ == nullptr) return Fail(Unavailable("there is no memory for TLS"));
  ContinueTls();
}

void H2Connection::ContinueTls() {
  const TlsLink::Step step = link_->Handshake();
  if (step == TlsLink::Step::kDone) return BeginHttp2();
  if (step == TlsLink::Step::kFailed) return Fail(Unavailable(link_->why()));
  const auto direction = step == TlsLink::Step::kWantRead ? socket_.wait_read : socket_.wait_write;
  socket_.async_wait(direction, [self = shared_from_this()](const boost::system::error_code& error) {
    if (self->state_ != State::kHandshake) return;
    if (error) return self->Fail(self->Unavailable(error.message()));
    self->ContinueTls();
  });
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
  socket_.async_wait(socket_.wait_read, [self = shared_from_this()](const boost::system::error_code& error) {
    if (self->state_ == State::kClosed) return;
    if (error) return self->Fail(self->Unavailable(error.message()));
    self->OnReadable();
  });
}

void H2Connection::OnReadable() {
  const ssize_t count = link_ == nullptr ? Read(loop_.read_buffer(), net::Loop::kReadBufferBytes) : ReadAll();
  if (count > 0) {
    Receive(static_cast<size_t>(count));
  } else if (count == TlsLink::kEnd) {
    Fail(Unavailable(heard_ ? "it closed the connection" : link_ == nullptr ? kSilent : kSilentInTls));
  } else if (count == TlsLink::kFailed) {
    Fail(Unavailable(heard_ || link_ != nullptr ? broken_ : kSilent));
  }
  if (state_ != State::kClosed) WaitReadable();
}

// TLS hands out a record of 16 KiB at a time: all that are there, as one.
ssize_t H2Connection::ReadAll() {
  size_t total = 0;
  ssize_t count = 0;
  do {
    count = Read(loop_.read_buffer() + total, net::Loop::kReadBufferBytes - total);
    if (count > 0) total += static_cast<size_t>(count);
  } while (count > 0 && total < net::Loop::kReadBufferBytes);
  return total > 0 ? static_cast<ssize_t>(total) : count;  // an end is found again by the next read
}

// As TlsLink::Read; why it failed is in broken_.
ssize_t H2Connection::Read(char* data, size_t size) {
  if (link_ != nullptr) {
    const ssize_t count = link_->Read(data, size);
    if (count == TlsLink::kFailed) broken_ = link_->why();
    return count;
  }
  const ssize_t count = recv(socket_.native_handle(), data, size, 0);
  if (count >= 0) return count;
  if (errno == EAGAIN || errno == EINTR) return TlsLink::kAgain;
  broken_ = boost::system::error_code(errno, boost::system::system_category()).message();
  return TlsLink::kFailed;
}

// As TlsLink::Write; why it failed is in broken_.
ssize_t H2Connection::Write(absl::string_view bytes) {
  if (link_ != nullptr) {
    const ssize_t count = link_->Write(bytes);
    if (count == TlsLink::kFailed) broken_ = link_->why();
    return count;
  }
  ssize_t count = 0;
  do {
    count = send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  } while (count < 0 && errno == EINTR);
  if (count >= 0) return count;
  if (errno == EAGAIN) return TlsLink::kAgain;
  broken_ = boost::system::error_code(errno, boost::system::system_category()).message();
  return TlsLink::kFailed;
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
  nghttp2_data_provider body = {};
  body.read_callback = H2Callbacks::ReadBody;
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
    const ssize_t count = Write(absl::string_view(out_).substr(out_sent_));
    if (count >= 0) {
      out_sent_ += static_cast<size_t>(count);
    } else if (count == TlsLink::kAgain) {
      waiting_writable_ = true;
      socket_.async_wait(socket_.wait_write, [self = shared_from_this()](const boost::system::error_code& error) {
        self->waiting_writable_ = false;
        if (!error) self->RunDeferred();  // an error shows itself to the reader as well
      });
      return false;
    } else {
      Fail(Unavailable(broken_));
      return false;
    }
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
  boost::system::error_code ignored;
  socket_.close(ignored);
  // The owner first: a call that is started again from OnCallEnd must not find this connection.
  if (Owner* owner = std::exchange(owner_, nullptr)) owner->OnConnectionClosed(*this, why);
  while (!streams_.empty()) streams_.front().OnConnectionLost(why);
  open_streams_ = 0;
}

void H2Connection::Close() {
  owner_ = nullptr;
  state_ = State::kClosed;
  Disarm();
  boost::system::error_code ignored;
  socket_.close(ignored);
  while (!streams_.empty()) streams_.front().Orphan();
}

absl::Status H2Connection::Unavailable(absl::string_view what) const {
  const bool connected = state_ == State::kReady || state_ == State::kDraining;
  return absl::UnavailableError(absl::StrCat(connected ? "lost the connection to " : "no connection to ",
                                             net::PrintAddress(address_), ": ", what));
}

}  // namespace penstock::upstream
