// Whether the server behind one connection says that it serves: grpc.health.v1.Health/Watch, for the server as a whole
// (gRPC's health checking protocol, client side).
//
// A server without that service counts as serving, as gRPC has it. Where the watch ends otherwise it is started again
// a little later, and until it answers the server does not serve.
//
// The loop's thread only.
#ifndef PENSTOCK_GATEWAY_UPSTREAM_HEALTH_WATCH_H_
#define PENSTOCK_GATEWAY_UPSTREAM_HEALTH_WATCH_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gateway/net/loop.h"
#include "gateway/net/timer_wheel.h"
#include "gateway/upstream/call.h"
#include "gateway/upstream/h2_connection.h"

namespace penstock::upstream {

class HealthWatch final : private CallHandler, private net::Timer {
 public:
  // Between the end of a watch and the next one.
  static constexpr absl::Duration kAgainAfter = absl::Seconds(1);

  class Listener {
   public:
    virtual ~Listener() = default;
    // serving() or why_not() has changed. Must not destroy the watch.
    virtual void OnHealthChanged() = 0;
  };

  // `name` of the address, for messages. `connection` and `listener` outlive it.
  HealthWatch(net::Loop& loop, H2Connection& connection, std::string name, Listener* listener);

  // Asks. Once, when the connection is ready.
  void Start();

  // Asks no more: the connection is to end with its last stream, and the watch is one.
  void Stop();

  bool serving() const { return serving_; }
  // Why it does not serve; OK: it does, or has not answered yet.
  const absl::Status& why_not() const { return why_not_; }

 private:
  void OnCallMetadata(const Metadata&) override {}
  void OnCallMessage(absl::string_view message, size_t window) override;
  void OnCallPartial(size_t window) override { call_->GiveBack(window); }
  void OnCallEnd(CallEnd end) override;
  void OnTimer() override { Start(); }
  void Set(bool serving, absl::string_view why_not);

  net::Loop& loop_;
  H2Connection& connection_;
  const std::string name_;
  Listener* const listener_;
  std::unique_ptr<Call> call_;
  bool serving_ = false;
  bool stopped_ = false;
  absl::Status why_not_;
};

}  // namespace penstock::upstream

#endif  // PENSTOCK_GATEWAY_UPSTREAM_HEALTH_WATCH_H_
