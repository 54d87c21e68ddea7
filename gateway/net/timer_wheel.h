// Coarse timers for the many streams of one loop: arming, moving and cancelling are a few pointer writes and allocate
// nothing, which a heap of precise timers cannot offer to 10,000 streams that each move theirs.
//
// Pure: time comes in as an argument. Not thread-safe: a wheel belongs to one loop.
//
//   class Stream : Timer { void OnTimer() override { … } };
//   wheel.Arm(&stream, now + std::chrono::seconds(15));
//   wheel.Advance(now);                       // runs what is due
#ifndef PENSTOCK_GATEWAY_NET_TIMER_WHEEL_H_
#define PENSTOCK_GATEWAY_NET_TIMER_WHEEL_H_

#include <array>
#include <boost/intrusive/list.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "absl/types/optional.h"

namespace penstock::net {

class TimerWheel;

// Something that wants to be woken once. Intrusive: in at most one wheel at a time. Destroying it disarms it.
class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  virtual ~Timer() = default;

  // It is disarmed when this is called, and may arm itself again or destroy itself.
  virtual void OnTimer() = 0;

  bool armed() const { return hook_.is_linked(); }
  void Disarm() { hook_.unlink(); }

 private:
  friend class TimerWheel;
  using Hook = boost::intrusive::list_member_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

  Hook hook_;  // in its slot's list; takes itself off when destroyed
  int64_t tick_ = 0;
};
static_assert(sizeof(Timer) == 4 * sizeof(void*), "each stream has several");

class TimerWheel {
 public:
  using Clock = std::chrono::steady_clock;

  // A timer fires at most this late and never early: half of what a person could tell apart, and coarse enough to
  // join the wake-ups of many streams.
  static constexpr Clock::duration kGranularity = std::chrono::milliseconds(10);

  explicit TimerWheel(Clock::time_point start) : start_(start) {}
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  // (Re)arms `timer` for the first tick at or after `when`; a time in the past means the next tick.
  void Arm(Timer* timer, Clock::time_point when);

  // Fires every timer that is due at `now`, each after it was disarmed.
  void Advance(Clock::time_point now);

  // When Advance has something to look at next; absent when nothing is armed. May be earlier than the first timer
  // (a slot holds timers of later revolutions too), never later.
  absl::optional<Clock::time_point> NextWake() const;

 private:
  // One revolution is about 5 s: the common waits (1 s, 15 s, 30 s) pass a slot a few times at most.
  static constexpr size_t kSlots = 512;

  using TimerList = boost::intrusive::list<Timer, boost::intrusive::member_hook<Timer, Timer::Hook, &Timer::hook_>,
                                           boost::intrusive::constant_time_size<false>>;

  static size_t IndexOf(int64_t tick) { return static_cast<size_t>(tick) % kSlots; }
  void FireSlot(TimerList& slot, int64_t tick);

  const Clock::time_point start_;
  int64_t current_ = 0;  // every tick up to this one has been looked at
  std::array<TimerList, kSlots> slots_;
};

}  // namespace penstock::net

#endif  // PENSTOCK_GATEWAY_NET_TIMER_WHEEL_H_
