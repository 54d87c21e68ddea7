// One HTTP/2 connection from a client: reads frames through nghttp2, has each stream's request answered by a handler,
// writes the frames of all streams.
//
// Lives on one loop, in a SessionSet; inside TLS or not, it does not matter here.
//
//   kSettings ──▶ kServing ──────────────────────────▶ kEnding ──▶ kLinger ──▶ kClosed
//    the client's  │        GOAWAY twice, streams end ──▲   the last  what the client
//    SETTINGS      └ drain ─┘                               GOAWAY    sends is dropped
//
// All framing and writing happens at the end of a turn (RunDeferred): what the streams committed in it goes out in one
// write. DATA of a stream is framed only when nothing framed before waits for the socket, so a connection that stands
// still holds kWriteBytes, beside what the streams hold themselves. The connection's receive window is given back on
// receipt; a stream's as its handler releases what it got.
#ifndef PENSTOCK_GATEWAY_HTTP_HTTP2_SESSION_H_
#define PENSTOCK_GATEWAY_HTTP_HTTP2_SESSION_H_

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "gateway/http/buffer_pool.h"
#include "gateway/http/flood_guard.h"
#include "gateway/http/http2_stream.h"
#include "gateway/http/session.h"
#include "gateway/http/session_deadline.h"
#include "gateway/net/byte_stream.h"
#include "gateway/net/loop.h"
#include "gateway/net/peer.h"
#include "gateway/net/timer_wheel.h"

namespace penstock::http {

class Http2Session final : public Session, private net::Deferred, private net::Timer {
 public:
  // One read takes at most this much, so that a client that floods holds up nobody for long.
  static constexpr size_t kReadBytes = 64 * 1024;
  // Framed at a time, and a frame more.
  static constexpr size_t kWriteBytes = 64 * 1024;
  // Request bodies under way on all streams together. Given back on receipt, so it bounds nothing but the path.
  static constexpr int32_t kConnectionWindowBytes = 1024 * 1024;
  // While the socket takes nothing and this many frames wait, no more is read: answers to PINGs must not pile up.
  static constexpr size_t kMaxQueuedFrames = 512;

  Http2Session(SessionContext& context, net::ByteStream byte_stream);
  ~Http2Session() override;

  // Bytes that were read from the connection before it came here, the connection preface first.
  void Receive(absl::string_view input);

  // Instead of serving: GOAWAY (INADEQUATE_SECURITY). Right after construction only.
  void RefuseInsecure();

  // A GOAWAY that refuses nothing, then, once the client has seen it, one that names the last stream; closes when the
  // streams have ended.
  void BeginDrain() override;

 private:
  friend class Http2Stream;
  friend struct Http2Callbacks;

  enum class State : uint8_t { kSettings, kServing, kEnding, kLinger, kClosed };

  // For streams.
  void WantWrite() { context_.loop.Defer(this); }
  void MarkWaiting(Http2Stream& stream);
  // Nothing of any stream gets through: one stream cannot be called slow for it.
  bool blocked() const;

  // For the callbacks. False: the client has overdrawn.
  bool Charge(int points);
  void OnClientSettings();
  void OnPingAck();
  void OnGoawaySent();
  void OnStreamClosed(Http2Stream& stream);

  void ArmRead();
  void OnReadable();
  void DropInput(size_t bytes);
  void RunDeferred() override;
  void Flush();
  bool Fill();
  void Write();
  void TellDrained();
  void Settle();
  void SubmitFinalGoaway();
  void End(uint32_t error_code, absl::string_view reason);
  void CloseStreams(absl::string_view reason);
  void BeginLinger();
  void Close(bool reset, absl::string_view reason);

  SessionDeadline::Kind WantedDeadline() const;
  void UpdateDeadline();
  bool TooSlow() const;
  void OnTimer() override;

  struct FreeSession {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  };

  SessionContext& context_;
  net::ByteStream byte_stream_;
  std::unique_ptr<nghttp2_session, FreeSession> session_;
  Http2StreamList streams_;            // open
  Http2StreamList closed_streams_;     // to be destroyed at the end of the turn
  WaitingStreamList waiting_;          // with something that is not framed
  std::vector<Http2Stream*> drained_;  // with something framed of which the handler is not told
  BufferPool::Buffer out_;             // frames, while they wait for the socket
  size_t sent_ = 0;                    // bytes of out_ that the socket took
  SessionDeadline deadline_;
  size_t data_framed_ = 0;  // bytes of DATA framed since the deadline began
  size_t received_ = 0;     // bytes of DATA in the read in hand
  size_t drop_budget_ = 0;  // input bytes that may still be dropped
  FloodGuard guard_;
  net::Peer peer_;
  State state_ = State::kSettings;
  bool in_header_block_ = false;
  bool header_block_ended_ = false;  // since the deadline was looked at
  bool overdrawn_ = false;
  bool draining_ = false;
  bool final_goaway_ = false;
  bool read_armed_ = false;
  bool write_armed_ = false;
};

}  // namespace penstock::http

#endif  // PENSTOCK_GATEWAY_HTTP_HTTP2_SESSION_H_
