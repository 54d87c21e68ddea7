// One socket address of an upstream: its connections, and its return after a failure.
//
// Wants one connection at all times, and more while the peer's stream limit makes calls wait. After a failure it waits
// a random time below a bound that doubles with each failure in a row ("full jitter"), so that a thousand gateways do
// not come back as one.
//
// It is passed over while calls to it fail in a row (Ejection) and, where the upstream's health is asked for, while it
// does not say that it serves (HealthWatch).
//
// The loop's thread only.
#ifndef PENSTOCK_GATEWAY_UPSTREAM_BACKEND_H_
#define PENSTOCK_GATEWAY_UPSTREAM_BACKEND_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gateway/net/address.h"
#include "gateway/net/loop.h"
#include "gateway/net/timer_wheel.h"
#include "gateway/upstream/ejection.h"
#include "gateway/upstream/h2_connection.h"
#include "gateway/upstream/health_watch.h"

namespace penstock::upstream {

// Hears of what may change a decision of the pool. Must not destroy the backend from inside.
class BackendListener {
 public:
  virtual ~BackendListener() = default;
  // Connections came or went, an attempt failed, or it is or is no longer passed over.
  virtual void OnBackendChanged() = 0;
  // Before OnBackendChanged: it takes calls, and took none. Another process may answer there now.
  virtual void OnBackendJoined() = 0;
  // Before OnBackendChanged: an attempt failed, a connection was lost, calls fail or its health does.
  virtual void OnBackendFailed(const absl::Status& why) = 0;
  // A ready connection has room for another stream.
  virtual void OnRoom() = 0;
};

// What the backends of a channel share.
struct BackendContext {
  net::Loop& loop;
  H2Options h2;
  absl::Duration backoff_min;
  absl::Duration backoff_max;
  absl::Duration ejection_time;
  bool health_check;
  absl::BitGen random = {};
};

class Backend final : public H2Connection::Owner, public HealthWatch::Listener, private net::Timer {
 public:
  // Beyond this many connections to one address its stream limit is the answer: calls wait, then fail.
  static constexpr size_t kMaxConnections = 128;
  // A connection that lived this long was no failure.
  static constexpr absl::Duration kStableAfter = absl::Seconds(1);

  // `address` is the configured one that `endpoint` stands for.
  Backend(BackendContext& context, H2Connection::SocketAddress endpoint, net::Address address,
          BackendListener* listener);
  ~Backend() override;

  // Starts connecting.
  void Start();
  // Opens connections for `waiting` calls that found no room on the ready ones.
  void Grow(size_t waiting);
  // No new calls, no new connections; what is open goes on.
  void Retire();

  const H2Connection::SocketAddress& endpoint() const { return endpoint_; }
  // A connection takes calls.
  bool ready() const;
  // Ready, but better passed over while others are.
  bool ejected() const { return ejection_.out(); }
  // No failure yet since it was ready last, or since the start: worth waiting for.
  bool trying() const { return !retired_ && failures_ == 0 && !unwell(); }
  // Retired, and nothing is left.
  bool finished() const { return retired_ && connections_.empty(); }
  const absl::Status& last_error() const { return last_error_; }

  void AppendReady(std::vector<H2Connection*>* connections) const;

 private:
  struct HeldConnection {
    std::shared_ptr<H2Connection> connection;
    net::TimerWheel::Clock::time_point ready_since = {};  // the epoch: never ready
    std::unique_ptr<HealthWatch> health = nullptr;        // null: not ready yet, or nobody asks

    bool usable() const { return connection->ready() && (health == nullptr || health->serving()); }
  };

  // Brings an ejected address back.
  class Return final : public net::Timer {
   public:
    explicit Return(Backend& backend) : backend_(backend) {}
    void OnTimer() override { backend_.OnReturn(); }

   private:
    Backend& backend_;
  };

  void OnConnectionChanged(H2Connection& connection) override;
  void OnStreamClosed() override { listener_->OnRoom(); }
  void OnCallJudged(bool well) override;
  void OnConnectionClosed(H2Connection& connection, const absl::Status& why) override;
  void OnHealthChanged() override;
  void OnReturn();
  void OnTimer() override;

  void Open();
  bool HasUsable() const;
  bool unwell() const;
  void TellJoined();
  void ScheduleReconnect();

  BackendContext& context_;
  const H2Connection::SocketAddress endpoint_;
  const net::Address address_;
  BackendListener* const listener_;
  std::vector<HeldConnection> connections_;
  size_t failures_ = 0;  // in a row
  bool retired_ = false;
  bool told_joined_ = false;  // since it became ready
  absl::Status last_error_;
  Ejection ejection_{context_.ejection_time};
  Return return_{*this};
};

}  // namespace penstock::upstream

#endif  // PENSTOCK_GATEWAY_UPSTREAM_BACKEND_H_
