#include "gateway/net/timer_wheel.h"

#include <algorithm>

namespace penstock::net {

void Timer::Disarm() {
  if (next_ == nullptr) return;
  next_->prev_ = prev_;
  prev_->next_ = next_;
  next_ = prev_ = nullptr;
}

TimerWheel::TimerWheel(Clock::time_point start) : start_(start) {
  for (Head& head : slots_) head.next_ = head.prev_ = &head;
}

TimerWheel::~TimerWheel() {
  for (Head& head : slots_) {
    while (head.next_ != &head) head.next_->Disarm();
    head.next_ = head.prev_ = nullptr;
  }
}

void TimerWheel::Link(Timer* head, Timer* timer) {
  timer->prev_ = head->prev_;
  timer->next_ = head;
  head->prev_->next_ = timer;
  head->prev_ = timer;
}

void TimerWheel::Arm(Timer* timer, Clock::time_point when) {
  timer->Disarm();
  const int64_t due = (when - start_ + kGranularity - Clock::duration(1)) / kGranularity;
  timer->tick_ = std::max(due, current_ + 1);
  Link(&slots_[static_cast<size_t>(timer->tick_) % kSlots], timer);
}

void TimerWheel::FireSlot(Timer* head, int64_t tick) {
  // Taken off the slot first: what fires may arm itself for the same slot of a later revolution.
  Head batch;
  batch.next_ = batch.prev_ = &batch;
  for (Timer* timer = head->next_; timer != head;) {
    Timer* next = timer->next_;
    if (timer->tick_ <= tick) {
      timer->Disarm();
      Link(&batch, timer);
    }
    timer = next;
  }
  while (batch.next_ != &batch) {
    Timer* timer = batch.next_;
    timer->Disarm();
    timer->OnTimer();
  }
  batch.next_ = batch.prev_ = nullptr;
}

void TimerWheel::Advance(Clock::time_point now) {
  const int64_t target = (now - start_) / kGranularity;
  // After a long pause one revolution sees every slot: going round more often would find nothing new.
  if (target - current_ > static_cast<int64_t>(kSlots)) current_ = target - static_cast<int64_t>(kSlots);
  while (current_ < target) {
    ++current_;
    FireSlot(&slots_[static_cast<size_t>(current_) % kSlots], target);
  }
}

absl::optional<TimerWheel::Clock::time_point> TimerWheel::NextWake() const {
  for (size_t ahead = 1; ahead <= kSlots; ++ahead) {
    const int64_t tick = current_ + static_cast<int64_t>(ahead);
    const Head& head = slots_[static_cast<size_t>(tick) % kSlots];
    if (head.next_ != &head) return start_ + tick * kGranularity;
  }
  return absl::nullopt;
}

}  // namespace penstock::net
