#include "gateway/net/loop.h"

#include <boost/asio/executor_work_guard.hpp>

namespace penstock::net {

Loop::Loop() : read_buffer_(new char[kReadBufferBytes]) {}

void Loop::Run() {
  auto work = boost::asio::make_work_guard(io_);
  io_.run();
}

void Loop::Stop() { io_.stop(); }

void Loop::Defer(Deferred* work) {
  if (work->deferred()) return;
  deferred_.push_back(*work);
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
  DeferredList batch;
  batch.swap(deferred_);
  while (!batch.empty()) {
    Deferred& work = batch.front();
    batch.pop_front();
    work.RunDeferred();
  }
}

}  // namespace penstock::net
