#include "gateway/http/detect_session.h"

#include <utility>

#include "gateway/http/http1_session.h"
#include "gateway/http/http2_session.h"
#include "gateway/net/tls_server.h"

namespace penstock::http {

DetectSession::DetectSession(SessionContext& context, net::ByteStream byte_stream)
    : context_(context),
      byte_stream_(std::move(byte_stream)),
      refused_(context.options.tls != nullptr && context.options.tls->requires_client_certificate()) {
  WaitReadable();
  context_.loop.Arm(this, context_.options.idle_timeout);
}

void DetectSession::BeginDrain() {
  if (state_ == State::kFirstByte) Close();
}

void DetectSession::WaitReadable() {
  byte_stream_.WaitReadable([this] { OnReady(); });
}

// Exactly one wait is pending at any time until this is called, so this is where the object may end.
void DetectSession::OnReady() {
  if (state_ == State::kClosed) return context_.Remove(*this);
  if (state_ == State::kHandshake) return ContinueHandshake();
  if (state_ == State::kFirstByte && context_.options.tls != nullptr && byte_stream_.FirstByteIs(kTlsHandshakeByte)) {
    if (!byte_stream_.StartTlsServer(context_.options.tls->context().get())) return context_.Remove(*this);
    Begin(State::kHandshake);
    return ContinueHandshake();
  }
  Sniff();
}

void DetectSession::Sniff() {
  char* buffer = context_.loop.read_buffer();
  const ssize_t n = byte_stream_.Read(buffer, kReadBytes);
  if (n == net::ByteStream::kAgain) return WaitReadable();
  if (n <= 0) return context_.Remove(*this);
  const absl::string_view input(buffer, static_cast<size_t>(n));
  switch (sniffer_.Feed(input)) {
    case PrefaceSniffer::Verdict::kNeedMore:
      if (state_ == State::kFirstByte) Begin(State::kPreface);
      return WaitReadable();
    case PrefaceSniffer::Verdict::kHttp2:
      return BecomeHttp2(input);
    case PrefaceSniffer::Verdict::kHttp1:
    case PrefaceSniffer::Verdict::kTls:  // where none is configured: refused as what it is not
      return BecomeHttp1(input);
  }
}

// From the first byte on there is as much time as for a head.
void DetectSession::Begin(State state) {
  state_ = state;
  context_.loop.Arm(this, context_.options.header_timeout);
}

void DetectSession::ContinueHandshake() {
  switch (byte_stream_.Handshake()) {
    case net::ByteStream::HandshakeResult::kAgain:
      return WaitReadable();
    case net::ByteStream::HandshakeResult::kFailed:
      return context_.Remove(*this);
    case net::ByteStream::HandshakeResult::kDone:
      break;
  }
  refused_ = false;
  if (byte_stream_.alpn() == net::ByteStream::Alpn::kHttp2) return BecomeHttp2({});
  BecomeHttp1({});
}

void DetectSession::BecomeHttp1(absl::string_view input) {
  auto next = std::make_unique<Http1Session>(context_, std::move(byte_stream_));
  if (refused_) {
    next->Refuse(403, "this port serves TLS with a client certificate only");
  } else {
    next->Receive(sniffer_.taken());
    next->Receive(input);
  }
  context_.Replace(*this, std::move(next));
}

void DetectSession::BecomeHttp2(absl::string_view input) {
  auto next = std::make_unique<Http2Session>(context_, std::move(byte_stream_));
  if (refused_) {
    next->RefuseInsecure();
  } else {
    next->Receive(sniffer_.taken());
    next->Receive(input);
  }
  context_.Replace(*this, std::move(next));
}

// From outside of OnReady: the pending wait refers to this object.
void DetectSession::Close() {
  state_ = State::kClosed;
  Disarm();
  byte_stream_.Close(/*reset=*/false);
}

void DetectSession::OnTimer() { Close(); }

}  // namespace penstock::http
