// Coarse timers for many connections: one asio timer a loop, two pointers and a number a connection.
//
// A steady_timer a connection would cost some 250 bytes and two heap operations whenever a deadline moves. Here moving
// a deadline back is one store: the timer is looked at when its slot comes round and put off if it is not due.
//
// Used on the loop's thread only. The wheel owns nothing but its slots; destroying a CoarseTimer disarms it.
//
//   class Session : CoarseTimer { void OnTimer() override; };
//   wheel.Arm(session, std::chrono::seconds(10));
#ifndef PENSTOCK_GATEWAY_HTTP_TIMER_WHEEL_H_
#define PENSTOCK_GATEWAY_HTTP_TIMER_WHEEL_H_

#include <array>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "gateway/loop.h"

namespace penstock::http {

class CoarseTimer {
 public:
  CoarseTimer() = default;
  CoarseTimer(const CoarseTimer&) = delete;
  CoarseTimer& operator=(const CoarseTimer&) = delete;
  virtual ~CoarseTimer() { Disarm(); }

  // Called once, at most two ticks after the time asked for, with nothing of this timer below it on the stack: it may
  // arm again or destroy itself.
  virtual void OnTimer() = 0;

  // Forgets the deadline. Does nothing when not armed.
  void Disarm();

  bool armed() const { return next_ != nullptr; }

 private:
  friend class TimerWheel;
  CoarseTimer* next_ = nullptr;  // a ring through the slot's head; null: not armed
  CoarseTimer* prev_ = nullptr;
  uint32_t due_ = 0;   // in ticks
  uint32_t slot_ = 0;  // the tick at which it is looked at: due_ or before
};

class TimerWheel {
 public:
  // The shortest timeout that makes sense is some hundred milliseconds; the longest are rarely reached.
  static constexpr std::chrono::milliseconds kTick{50};
  static constexpr uint32_t kSlots = 128;

  explicit TimerWheel(Loop& loop);
  ~TimerWheel();
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  // Calls timer->OnTimer() once `after` has passed, unless armed again or disarmed before.
  void Arm(CoarseTimer& timer, std::chrono::milliseconds after);

 private:
  class Head final : public CoarseTimer {
   public:
    void OnTimer() override {}
  };

  uint32_t NowTick() const;
  void Link(CoarseTimer& timer, uint32_t now);
  void WakeAt(uint32_t tick);
  void OnWake();
  void RunSlot(uint32_t tick, uint32_t now);
  void Sleep(uint32_t now);

  const std::chrono::steady_clock::time_point start_;
  boost::asio::steady_timer timer_;
  std::array<Head, kSlots> slots_;
  uint32_t done_ = 0;  // ticks up to here have been run
  uint32_t wake_ = 0;  // when timer_ fires; 0: not set
};

}  // namespace penstock::http

#endif  // PENSTOCK_GATEWAY_HTTP_TIMER_WHEEL_H_
