// Whether the process has more memory in use than it may: then new requests are turned away, so that those in progress
// do not end by the kernel's hand.
//
// Looks on its loop, every kLookEvery. What is over stays over until kReturnBelow of the limit, so that the answer does
// not change with every request; meanwhile the allocator is asked, now and then, to give back what it holds unused.
//
//   MemoryGuard guard(loop, 180 << 20);
//   guard.Start();
//   if (guard.over()) ...                 // any thread
#ifndef PENSTOCK_GATEWAY_SERVER_MEMORY_GUARD_H_
#define PENSTOCK_GATEWAY_SERVER_MEMORY_GUARD_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>

#include "absl/types/optional.h"
#include "gateway/net/loop.h"
#include "gateway/net/timer_wheel.h"

namespace penstock {

// Bytes of memory that this process alone has in use: what is resident, but for pages of files. Absent: /proc does not
// tell.
absl::optional<uint64_t> MemoryInUse();

class MemoryGuard final : private net::Timer {
 public:
  // At 10 Gbit/s the network brings 60 MB in this time: the tenth that is kept free below a limit of 600 MB.
  static constexpr std::chrono::milliseconds kLookEvery{50};
  static constexpr double kReturnBelow = 0.95;
  static constexpr std::chrono::seconds kTrimEvery{1};

  using Reader = std::function<absl::optional<uint64_t>()>;

  // `limit` in bytes. `loop` outlives it.
  MemoryGuard(net::Loop& loop, uint64_t limit, Reader in_use = MemoryInUse);

  // Begins to look. The loop's thread, or before it runs.
  void Start() { OnTimer(); }

  // Any thread.
  bool over() const { return over_.load(std::memory_order_relaxed); }
  // The same, for who looks at every request. Lives as long as this.
  const std::atomic<bool>& over_flag() const { return over_; }

 private:
  void OnTimer() override;
  void Trim();

  net::Loop& loop_;
  const uint64_t limit_;
  const Reader in_use_;
  net::TimerWheel::Clock::time_point trimmed_at_ = {};
  std::atomic<bool> over_{false};
};

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_SERVER_MEMORY_GUARD_H_
