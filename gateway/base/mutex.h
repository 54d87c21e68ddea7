// A mutex whose use the compiler checks: `bazel build --config=clang` fails where a guarded member is accessed without
// its mutex. (libstdc++'s std::mutex has none of the attributes that clang's thread-safety analysis needs.)
//
//   mutable Mutex mutex_;
//   int open_ ABSL_GUARDED_BY(mutex_) = 0;
//
//   MutexLock lock(mutex_);                                  // until the end of the block
//   while (open_ > 0 && closed_.WaitUntil(mutex_, deadline)) {
//   }
//
// The macros are Abseil's (absl/base/thread_annotations.h). The mutex is not: ThreadSanitizer cannot see what Debian's
// uninstrumented absl::Mutex synchronizes.
#ifndef PENSTOCK_GATEWAY_BASE_MUTEX_H_
#define PENSTOCK_GATEWAY_BASE_MUTEX_H_

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "absl/base/thread_annotations.h"

namespace penstock {

class ABSL_LOCKABLE Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() { mutex_.lock(); }
  void Unlock() ABSL_UNLOCK_FUNCTION() { mutex_.unlock(); }

 private:
  friend class CondVar;

  std::mutex mutex_;
};

// Holds a mutex during its lifetime.
class ABSL_SCOPED_LOCKABLE MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ABSL_EXCLUSIVE_LOCK_FUNCTION(mutex) : mutex_(mutex) { mutex_.Lock(); }
  ~MutexLock() ABSL_UNLOCK_FUNCTION() { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// A condition variable. Callers write the loop around the condition, so that the analysis sees the mutex held there.
class CondVar {
 public:
  // Releases the mutex while it waits. True after NotifyAll() or a spurious wakeup, false after the deadline.
  template <typename Clock, typename Duration>
  bool WaitUntil(Mutex& mutex, std::chrono::time_point<Clock, Duration> deadline) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    const std::cv_status status = changed_.wait_until(lock, deadline);
    lock.release();  // the caller's again
    return status == std::cv_status::no_timeout;
  }

  void NotifyAll() { changed_.notify_all(); }

 private:
  std::condition_variable changed_;
};

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_BASE_MUTEX_H_
