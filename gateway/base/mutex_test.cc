#include "gateway/base/mutex.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"

namespace penstock {
namespace {

using Clock = std::chrono::steady_clock;

// A counter that threads increment and wait for.
class Count {
 public:
  void Increment() {
    MutexLock lock(mutex_);
    ++value_;
    changed_.NotifyAll();
  }

  // False: the deadline passed first.
  bool WaitFor(int value, Clock::time_point deadline) {
    MutexLock lock(mutex_);
    while (value_ < value && changed_.WaitUntil(mutex_, deadline)) {
    }
    return value_ >= value;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  int value_ ABSL_GUARDED_BY(mutex_) = 0;
};

TEST(MutexTest, ExcludesOtherThreads) {
  constexpr int kThreads = 4, kIncrements = 10'000;
  Count count;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&count] {
      for (int n = 0; n < kIncrements; ++n) count.Increment();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(count.WaitFor(kThreads * kIncrements, Clock::now()));
  EXPECT_FALSE(count.WaitFor(kThreads * kIncrements + 1, Clock::now()));
}

TEST(CondVarTest, NotifyAllWakesAWaiterThatReleasedTheMutex) {
  Count count;
  std::thread other([&count] { count.Increment(); });
  EXPECT_TRUE(count.WaitFor(1, Clock::now() + std::chrono::seconds(30)));
  other.join();
}

TEST(CondVarTest, ReturnsFalseAtTheDeadline) {
  Count count;
  const auto deadline = Clock::now() + std::chrono::milliseconds(5);
  EXPECT_FALSE(count.WaitFor(1, deadline));
  EXPECT_GE(Clock::now(), deadline);
}

}  // namespace
}  // namespace penstock
