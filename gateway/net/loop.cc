#include "gateway/net/loop.h"

#include <boost/asio/executor_work_guard.hpp>

namespace penstock::net {

Loop::Loop() : read_buffer_(new char[kReadBufferBytes]) { deferred_.next_ = deferred_.prev_ = &deferred_; }

Loop::~Loop() {
  // What is still on the list belongs to somebody else; it must not point at this ring afterwards.
  while (deferred_.next_ != &deferred_) deferred_.next_->Unlink();
  deferred_.next_ = deferred_.prev_ = nullptr;
}

void Loop::Run() {
  auto work = boost::asio::make_work_guard(io_);
  io_.run();
}

void Loop::Stop() { io_.stop(); }

void Loop::Defer(Deferred* work) {
  if (work->deferred()) return;
  work->prev_ = deferred_.prev_;
  work->next_ = &deferred_;
  deferred_.prev_->next_ = work;
  deferred_.prev_ = work;
  if (deferred_posted_) return;
  deferred_posted_ = true;
  boost::asio::post(io_, [this] { RunAllDeferred(); });
}

void Loop::Arm(Timer* timer, TimerWheel::Clock::duration delay) {
  const TimerWheel::Clock::time_point when = TimerWheel::Clock::now() + delay;
  timers_.Arm(timer, when);
  // A tick may come later than `when`, never earlier: only an earlier wake-up than the pending one moves the clock.
  if (when < wake_) WaitForTimers();
}

void Loop::WaitForTimers() {
  const auto next = timers_.NextWake();
  wake_ = next.value_or(TimerWheel::Clock::time_point::max());
  if (!next) return;
  clock_.expires_at(*next);
  clock_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;  // moved to an earlier time
    wake_ = TimerWheel::Clock::time_point::max();
    timers_.Advance(TimerWheel::Clock::now());
    WaitForTimers();
  });
}

void Loop::RunAllDeferred() {
  deferred_posted_ = false;
  // Only what was asked for before now: work that defers again gets another turn, so sockets are not starved.
  if (deferred_.next_ == &deferred_) return;
  Head batch;
  batch.next_ = deferred_.next_;
  batch.prev_ = deferred_.prev_;
  batch.next_->prev_ = &batch;
  batch.prev_->next_ = &batch;
  deferred_.next_ = deferred_.prev_ = &deferred_;
  while (batch.next_ != &batch) {
    Deferred* work = batch.next_;
    work->Unlink();
    work->RunDeferred();
  }
  batch.next_ = batch.prev_ = nullptr;
}

}  // namespace penstock::net
