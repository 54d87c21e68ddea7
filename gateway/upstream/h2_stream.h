// One gRPC call as an HTTP/2 stream: the Call that an exchange owns, and what its connection tells it.
//
//      ┌────refused────┐
//      ▼               │
//   kWaiting ──Opened()──▶ kOpen ──▶ kEnded     kWaiting ──▶ kEnded
//
// It waits for a connection in the pool's WaitingRoom, is opened by H2Connection::Start, and ends exactly once: by
// trailers, a reset, a lost connection, a broken message, its deadline, or the pool's verdict. A call that the upstream
// refused before it looked at it (REFUSED_STREAM, a GOAWAY that leaves it out, a connection lost before it was sent)
// goes back to the room and is sent again (gRPC calls that a transparent retry); one that it may have seen never is.
//
// There is one a call, so it is small: what only the beginning or the head of a response needs is freed when that is
// over.
//
// The loop's thread only. No handler may destroy it from inside a callback (see CallHandler).
#ifndef PENSTOCK_GATEWAY_UPSTREAM_H2_STREAM_H_
#define PENSTOCK_GATEWAY_UPSTREAM_H2_STREAM_H_

#include <boost/intrusive/list.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "gateway/net/loop.h"
#include "gateway/net/timer_wheel.h"
#include "gateway/upstream/call.h"
#include "gateway/upstream/grpc_frames.h"
#include "gateway/upstream/status.h"

namespace penstock::upstream {

class H2Connection;

class H2Stream;

// Where calls wait for a connection: the pool.
class WaitingRoom {
 public:
  virtual ~WaitingRoom() = default;
  // The call that waited has been opened, has ended or is gone.
  virtual void OnLeft() = 0;
  // A call that was opened comes back, to be opened once more: it wants a place, and Wait() called.
  virtual void OnReturned(H2Stream& stream) = 0;
  // Why it waited in vain.
  virtual absl::Status WaitedTooLong() const = 0;
};

class H2Stream final
    : public Call,
      public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>,
      private net::Timer,
      private GrpcDeframer::Sink {
 public:
  // Header fields of one block beyond this are a fault or an HPACK bomb: nghttp2 bounds only what they take on the
  // wire.
  static constexpr size_t kMaxMetadataBytes = 64 * 1024;
  // Of the messages that went out, as many bytes are kept until the upstream answers; a call that has sent more cannot
  // be sent again.
  static constexpr size_t kMaxReplayBytes = 64 * 1024;
  // How often one call is sent at most: each time another process may be the one that is going away.
  static constexpr int kMaxAttempts = 3;

  // Waits in `room`, which outlives it or is left by Orphan(), once Wait() is called. Null: it is opened at once, on a
  // connection of its owner's choice, and never sent again.
  H2Stream(net::Loop& loop, WaitingRoom* room, CallRequest request, CallHandler* handler);
  ~H2Stream() override;

  // Call:
  void SendMessage(absl::string_view message, bool last) override;
  void CloseSend() override;
  size_t Unsent() const override { return out_.size() - out_sent_; }
  void GiveBack(size_t bytes) override;

  // It is in the room from here on, for `max_wait` or until its deadline.
  void Wait(net::TimerWheel::Clock::duration max_wait);

  // Ends it: silences everything else, then tells the handler.
  void End(CallEnd end);
  // Silences it without an ending: its channel is going away.
  void Orphan();

  // For the connection that opens it.
  const CallRequest& request() const { return *request_; }
  // Who refused it last, to be compared only: another one had better be asked. Null: nobody has.
  const H2Connection* refused_by() const { return refused_by_; }
  // What remains of the deadline; absent: there is none.
  absl::optional<net::TimerWheel::Clock::duration> TimeLeft() const;
  void Opened(H2Connection* connection, int32_t id, size_t max_message_bytes, size_t give_back_step);
  int32_t id() const { return id_; }

  // What the connection's session reports.
  void OnHeadersSent() { headers_sent_ = true; }
  void OnHeadersBegin();
  void OnHeader(absl::string_view name, absl::string_view value);
  void OnHeadersEnd(bool end_stream);
  void OnData(absl::string_view data);
  void OnDataEnd();
  void OnReset(uint32_t error_code);
  void OnConnectionLost(const absl::Status& why);
  // Copies what is to be sent next; `end`: nothing will follow. 0 without `end`: nothing yet.
  size_t ReadBody(char* buffer, size_t size, bool* end);

 private:
  void OnTimer() override;
  bool OnFrame(absl::string_view message, size_t window) override;
  bool OnPartialFrame(size_t window) override;
  void LeaveRoom();
  void Settle();
  bool SendAgain();
  void LeaveConnection();
  void ArmDeadline();
  void EndByTrailers(ResponseFields fields);
  template <typename Callback>
  void Tell(CallHandler& handler, Callback&& callback);

  net::Loop& loop_;
  CallHandler* handler_;                // null: ended or orphaned
  WaitingRoom* room_;                   // null: none, or orphaned
  H2Connection* connection_ = nullptr;  // null: not open
  const H2Connection* refused_by_ = nullptr;
  std::unique_ptr<CallRequest> request_;    // until the call can no longer be sent again
  std::unique_ptr<ResponseFields> fields_;  // while a header block is received
  net::TimerWheel::Clock::time_point deadline_ = net::TimerWheel::Clock::time_point::max();
  GrpcDeframer deframer_;
  std::string out_;  // frames to send; those sent are kept while the call may have to be sent again
  size_t out_sent_ = 0;
  uint32_t max_message_bytes_ = 0;
  uint32_t give_back_step_ = 0;   // window is handed to the session in steps of this
  uint32_t owed_to_session_ = 0;  // given back to us and not yet handed on
  uint32_t fields_bytes_ = 0;
  int32_t id_ = 0;
  int8_t attempts_ = 0;
  bool telling_ = false;   // a callback is running
  bool waiting_ = false;   // in the room
  bool answered_ = false;  // a message came
  bool close_send_ = false;
  bool end_sent_ = false;
  bool end_received_ = false;
  bool headers_sent_ = false;
  bool head_seen_ = false;
};

using H2StreamList = boost::intrusive::list<H2Stream, boost::intrusive::constant_time_size<false>>;

}  // namespace penstock::upstream

#endif  // PENSTOCK_GATEWAY_UPSTREAM_H2_STREAM_H_
