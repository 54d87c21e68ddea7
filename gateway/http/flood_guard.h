// Counts what a client makes an HTTP/2 connection do for nothing: a token bucket that abusive events draw from.
//
// Pure: time comes in as an argument. One a connection. The prices bound what a client gets out of a frame of a few
// bytes: a stream made and thrown away ("rapid reset", and its mirror, where the client's fault makes us reset) is the
// dearest, then what must be answered, then what is merely read.
//
//   FloodGuard guard(now);
//   if (!guard.Charge(FloodGuard::kReset, now)) …   // GOAWAY (ENHANCE_YOUR_CALM)
#ifndef PENSTOCK_GATEWAY_HTTP_FLOOD_GUARD_H_
#define PENSTOCK_GATEWAY_HTTP_FLOOD_GUARD_H_

#include <algorithm>
#include <chrono>

#include "gateway/net/timer_wheel.h"

namespace penstock::http {

class FloodGuard {
 public:
  using Clock = net::TimerWheel::Clock;

  // Points that may be spent at once. A page that closes all streams of a full connection and opens them anew may do
  // so three times running.
  static constexpr int kBurst = 2'000;
  // Points regained a second: 40 streams cancelled, 200 PINGs. Nobody who means well comes near.
  static constexpr int kPerSecond = 200;

  static constexpr int kReset = 5;     // a stream that did not end well, by whosever reset
  static constexpr int kInvalid = 5;   // a frame that was refused, a stream beyond the limit
  static constexpr int kSettings = 4;  // answered, and may touch every stream
  static constexpr int kFrame = 1;     // PING, PRIORITY, an empty DATA, a CONTINUATION

  explicit FloodGuard(Clock::time_point now) : last_(now) {}

  // False: the client has overdrawn, now or before.
  bool Charge(int points, Clock::time_point now) {
    const double gained = kPerSecond * std::chrono::duration<double>(now - last_).count();
    if (points_ >= 0) points_ = std::min<double>(kBurst, points_ + gained) - points;
    last_ = now;
    return points_ >= 0;
  }

 private:
  double points_ = kBurst;  // negative: for good
  Clock::time_point last_;
};

}  // namespace penstock::http

#endif  // PENSTOCK_GATEWAY_HTTP_FLOOD_GUARD_H_
