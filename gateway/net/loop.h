// One event loop: one thread, its io_context, and the work that waits for the end of the current turn.
//
// Everything a request touches (its client session, its exchange, its upstream call) belongs to one Loop and is
// used on that loop's thread only, so none of it locks. The two ways in from another thread are `Post` and the
// counters that say so.
//
//   Loop loop;
//   loop.Post([&] { ... });   // from any thread
//   loop.Run();               // on the loop's own thread, until Stop()
#ifndef PENSTOCK_GATEWAY_NET_LOOP_H_
#define PENSTOCK_GATEWAY_NET_LOOP_H_

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>
#include <cstddef>
#include <memory>
#include <utility>

#include "gateway/net/timer_wheel.h"

namespace penstock::net {

class Loop;

// Work that is done once at the end of a turn however often it was asked for in it: a session's write, a
// connection's flush, the destruction of an exchange. Intrusive, so that asking for it allocates nothing.
//
// Destroying a Deferred takes it off the list.
class Deferred {
 public:
  Deferred() = default;
  Deferred(const Deferred&) = delete;
  Deferred& operator=(const Deferred&) = delete;
  virtual ~Deferred() = default;

  // Called on the loop's thread with nothing of this loop below it on the stack, so it may destroy anything,
  // `this` included.
  virtual void RunDeferred() = 0;

  bool deferred() const { return hook_.is_linked(); }

 private:
  friend class Loop;
  using Hook = boost::intrusive::list_member_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

  Hook hook_;
};
static_assert(sizeof(Deferred) == 3 * sizeof(void*), "each stream has several");

class Loop {
 public:
  // Bytes that one read of a socket takes at most. A loop reads one socket at a time, so all share the buffer: an
  // idle connection holds none.
  static constexpr size_t kReadBufferBytes = 256 * 1024;

  Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  boost::asio::io_context& io() { return io_; }

  // Runs until Stop(). Call once, from the thread that is to be the loop's.
  void Run();

  // Makes Run() return after the current handler. Any thread.
  void Stop();

  // Runs `work` on the loop's thread. Any thread.
  template <typename Work>
  void Post(Work&& work) {
    boost::asio::post(io_, std::forward<Work>(work));
  }

  // Runs `work->RunDeferred()` once, after the handler that is running now and those already queued. Asking again
  // before that changes nothing. The loop's thread only.
  void Defer(Deferred* work);

  // Wakes `timer` once, `delay` from now (see TimerWheel for how exactly); arming again moves it. The loop's thread
  // only.
  void Arm(Timer* timer, TimerWheel::Clock::duration delay);

  // kReadBufferBytes for the read in hand: valid until the handler that asked returns. The loop's thread only.
  char* read_buffer() { return read_buffer_.get(); }

  // Requests in progress here: what the acceptor weighs loops by. Written by the loop, read by any thread.
  std::atomic<size_t>& live_requests() { return live_requests_; }

 private:
  using DeferredList =
      boost::intrusive::list<Deferred, boost::intrusive::member_hook<Deferred, Deferred::Hook, &Deferred::hook_>,
                             boost::intrusive::constant_time_size<false>>;

  void RunAllDeferred();
  void WaitForTimers();

  // Declared first, destroyed last: deferred work and sockets refer to it.
  boost::asio::io_context io_{1};
  boost::asio::steady_timer clock_{io_};
  TimerWheel timers_{TimerWheel::Clock::now()};
  TimerWheel::Clock::time_point wake_ = TimerWheel::Clock::time_point::max();  // what clock_ waits for
  DeferredList deferred_;
  bool deferred_posted_ = false;
  std::unique_ptr<char[]> read_buffer_;
  std::atomic<size_t> live_requests_{0};
};

}  // namespace penstock::net

#endif  // PENSTOCK_GATEWAY_NET_LOOP_H_
