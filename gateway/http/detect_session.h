// A client connection of which it is not known yet what it speaks: the first state of every connection.
//
//   kFirstByte ──▶ kPreface ──────────────────────────▶ Http1Session or Http2Session
//        │ 0x16                                             ▲
//        └───────▶ kHandshake ── ALPN ─────────────────────┘
//
// One port takes every way in: TLS (where certificates are configured) by its first byte, HTTP/2 without TLS by the
// whole connection preface, else HTTP/1.1. Inside TLS, ALPN decides; a client that does not use it speaks HTTP/1.1.
// Where client certificates are required, plain connections are told so and closed.
//
// Lives on one loop, in a SessionSet, which it asks to put its successor in its place.
#ifndef PENSTOCK_GATEWAY_HTTP_DETECT_SESSION_H_
#define PENSTOCK_GATEWAY_HTTP_DETECT_SESSION_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "gateway/http/preface.h"
#include "gateway/http/session.h"
#include "gateway/net/byte_stream.h"
#include "gateway/net/timer_wheel.h"

namespace penstock::http {

class DetectSession final : public Session, private net::Timer {
 public:
  // Bytes that the first read takes: handed on to the session that understands them.
  static constexpr size_t kReadBytes = 16 * 1024;

  DetectSession(SessionContext& context, net::ByteStream byte_stream);

  // Closes at once a connection of which nothing has come yet. What has begun is served once.
  void BeginDrain() override;

 private:
  enum class State : uint8_t { kFirstByte, kPreface, kHandshake, kClosed };

  void WaitReadable();
  void OnReady();
  void Sniff();
  void Begin(State state);
  void ContinueHandshake();
  void BecomeHttp1(absl::string_view input);
  void BecomeHttp2(absl::string_view input);
  void Close();
  void OnTimer() override;

  SessionContext& context_;
  net::ByteStream byte_stream_;
  State state_ = State::kFirstByte;
  bool refused_;  // until a client certificate is seen, where one is required
  PrefaceSniffer sniffer_;
};

}  // namespace penstock::http

#endif  // PENSTOCK_GATEWAY_HTTP_DETECT_SESSION_H_
