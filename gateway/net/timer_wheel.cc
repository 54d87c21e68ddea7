#include "gateway/net/timer_wheel.h"

#include <algorithm>

namespace penstock::net {

void TimerWheel::Arm(Timer* timer, Clock::time_point when) {
  timer->Disarm();
  const int64_t due = (when - start_ + kGranularity - Clock::duration(1)) / kGranularity;
  timer->tick_ = std::max(due, current_ + 1);
  slots_[IndexOf(timer->tick_)].push_back(*timer);
}

void TimerWheel::FireSlot(TimerList& slot, int64_t tick) {
  // Taken off the slot first: what fires may arm itself for the same slot of a later revolution.
  TimerList batch;
  for (auto next = slot.begin(); next != slot.end();) {
    const auto timer = next++;
    if (timer->tick_ <= tick) batch.splice(batch.end(), slot, timer);
  }
  while (!batch.empty()) {
    Timer& timer = batch.front();
    batch.pop_front();
    timer.OnTimer();
  }
}

void TimerWheel::Advance(Clock::time_point now) {
  const int64_t target = (now - start_) / kGranularity;
  // After a long pause one revolution sees every slot: going round more often would find nothing new.
  if (target - current_ > static_cast<int64_t>(kSlots)) current_ = target - static_cast<int64_t>(kSlots);
  while (current_ < target) {
    ++current_;
    FireSlot(slots_[IndexOf(current_)], target);
  }
}

absl::optional<TimerWheel::Clock::time_point> TimerWheel::NextWake() const {
  for (size_t ahead = 1; ahead <= kSlots; ++ahead) {
    const int64_t tick = current_ + static_cast<int64_t>(ahead);
    if (!slots_[IndexOf(tick)].empty()) return start_ + tick * kGranularity;
  }
  return absl::nullopt;
}

}  // namespace penstock::net
