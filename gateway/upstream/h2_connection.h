// One HTTP/2 connection to an upstream: its bytes, inside TLS where that is wanted, an nghttp2 client session, and the
// streams on it.
//
// Reads into the loop's buffer, one recv a wake-up; writes everything that a turn of the loop produced by one send. The
// connection's window is given back on receipt and is large, so that one slow stream stalls no other; a stream's window
// is given back by its handler. It never PINGs (gRPC servers punish that): TCP keepalive and TCP_USER_TIMEOUT find a
// dead peer.
//
// Owned by shared_ptr (its socket's handlers hold it), used on the loop's thread only.
//
//   auto connection = std::make_shared<H2Connection>(loop, options, address, this);
//   connection->Connect(where);
//   ... OnConnectionChanged: if (connection->CanStart()) connection->Start(stream);
#ifndef PENSTOCK_GATEWAY_UPSTREAM_H2_CONNECTION_H_
#define PENSTOCK_GATEWAY_UPSTREAM_H2_CONNECTION_H_

#include <nghttp2/nghttp2.h>

#include <boost/asio/generic/stream_protocol.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gateway/net/address.h"
#include "gateway/net/byte_stream.h"
#include "gateway/net/loop.h"
#include "gateway/net/timer_wheel.h"
#include "gateway/net/tls_client.h"
#include "gateway/upstream/h2_stream.h"

namespace penstock::upstream {

// What all connections of a channel share; outlives them.
struct H2Options {
  size_t stream_window_bytes = 65535;
  size_t max_message_bytes = 4 * 1024 * 1024;
  std::string user_agent = "penstock";
  absl::Duration connect_timeout = absl::Seconds(5);
  const net::TlsClient* tls = nullptr;  // null: in the clear
};

class H2Connection final : public std::enable_shared_from_this<H2Connection>,
                           private net::Deferred,
                           private net::Timer {
 public:
  using SocketAddress = boost::asio::generic::stream_protocol::endpoint;

  // Bytes that may be under way to all streams together. Given back on receipt, so it bounds nothing but the path:
  // enough for 1 Gbit/s over 100 ms.
  static constexpr int32_t kConnectionWindowBytes = 16 * 1024 * 1024;
  // One send takes at most about this much.
  static constexpr size_t kWriteBufferBytes = 64 * 1024;

  class Owner {
   public:
    virtual ~Owner() = default;
    // It became ready, its peer's stream limit moved, or it takes no new streams any more. Not from inside Connect or
    // Close.
    virtual void OnConnectionChanged(H2Connection& connection) = 0;
    // A stream closed: there may be room for another.
    virtual void OnStreamClosed() = 0;
    // A call ended by the peer's word. Not `well`: it was refused, or UNAVAILABLE before its first message.
    virtual void OnCallJudged(bool well) = 0;
    // It is gone, with the reason; its streams are told next. Not after Close().
    virtual void OnConnectionClosed(H2Connection& connection, const absl::Status& why) = 0;
  };

  // `address` is the configured one: what messages, requests and certificates name.
  H2Connection(net::Loop& loop, const H2Options& options, net::Address address, Owner* owner);
  ~H2Connection() override;

  // Starts connecting. Call once.
  void Connect(const SocketAddress& where);

  // Closes without a word to the owner; streams are orphaned.
  void Close();

  // Takes no new streams; closes when the last one has ended.
  void Drain();

  bool connecting() const { return state_ == State::kConnecting || state_ == State::kHandshake; }
  // The peer's SETTINGS have arrived, and it takes new streams.
  bool ready() const { return state_ == State::kReady; }
  // It may take one more stream now.
  bool CanStart() const;
  // Streams that the peer still counts: also those just cancelled.
  size_t open_streams() const { return open_streams_; }
  size_t peer_stream_limit() const;

  // Opens `stream`. False: this connection is out of stream ids; use another. REQUIRES: CanStart().
  bool Start(H2Stream& stream);

 private:
  friend class H2Stream;
  friend struct H2Callbacks;

  // kConnecting ─▶ kHandshake ─▶ kReady ─▶ kDraining ─▶ kClosed, and from each to kClosed.
  enum class State { kConnecting, kHandshake, kReady, kDraining, kClosed };

  // For streams.
  void Consume(int32_t id, size_t bytes);
  void Resume(int32_t id);
  void Forget(H2Stream& stream, bool reset);
  void Judge(bool well);

  void RunDeferred() override;  // the flush at the end of a turn
  void OnTimer() override;      // the connect timeout
  void OnConnected();
  void FailLater(int error);
  void ContinueTls();
  void BeginHttp2();
  void OnSettings();
  void WaitReadable();
  void OnReadable();
  bool LeftSilently() const;
  std::string WhyBroken() const;
  void Receive(size_t bytes);
  void WantFlush();
  bool FillOut();
  bool WriteOut();
  void CheckFinished();
  void Fail(absl::Status why);
  // What the peer's certificate must be for, unless it is configured.
  const std::string& host() const { return address_.is_unix() ? authority_ : address_.host; }
  absl::Status Unavailable(absl::string_view what) const;

  net::Loop& loop_;
  const H2Options& options_;
  const net::Address address_;
  const std::string authority_;
  Owner* owner_;  // null after Close
  net::ByteStream byte_stream_;
  nghttp2_session* session_ = nullptr;
  State state_ = State::kConnecting;
  size_t open_streams_ = 0;
  size_t received_ = 0;  // DATA bytes of the read in hand, to give back to the connection's window
  bool heard_ = false;   // anything, from the peer
  bool waiting_writable_ = false;
  std::string out_;  // produced by the session, not yet taken by the socket
  size_t out_sent_ = 0;
  std::string broken_;  // why HTTP/2 failed
  H2StreamList streams_;
};

}  // namespace penstock::upstream

#endif  // PENSTOCK_GATEWAY_UPSTREAM_H2_CONNECTION_H_
