// A child process under test: its output as lines, its exit code, and what the kernel reports about it.
//
// For tests and benchmarks. A Process does not outlive its owner: the destructor kills its process group, and the
// kernel kills it when the thread that spawned it dies, so a crashed test leaves nothing running. Spawn from a thread
// that lives as long as the process should (in a test: the main thread).
//
//   auto process = Process::Spawn({"/path/to/penstock-ticks", "--listen=127.0.0.1:0"}).value();
//   absl::optional<std::string> ready = process->WaitForLine("ready", absl::Now() + absl::Seconds(10));
//   process->Signal(SIGTERM);
//   EXPECT_EQ(process->Wait(absl::Now() + absl::Seconds(10)), 0);
//
// StopReading() may be called from the owner's thread, all other methods from any thread.
#ifndef PENSTOCK_TESTS_SUPPORT_PROCESS_H_
#define PENSTOCK_TESTS_SUPPORT_PROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "gateway/base/mutex.h"

namespace penstock::testing {

class Process {
 public:
  // Lines of output kept for WaitForLine and Output; older ones are dropped, so that a chatty process is bounded.
  static constexpr size_t kMaxLines = 200'000;

  // Starts argv[0] (a path) with argv, this process's environment with `environment` ("NAME=value") on top, standard
  // input from /dev/null and both outputs read here. The error names the file.
  static absl::StatusOr<std::unique_ptr<Process>> Spawn(std::vector<std::string> argv,
                                                        std::vector<std::string> environment = {});

  // Kills what is left of the process group and reaps it.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }

  // The first line of either output, from the start on, that holds `substring`; absent when the deadline passed or
  // both outputs closed without one.
  absl::optional<std::string> WaitForLine(absl::string_view substring, absl::Time deadline);

  // How many lines so far hold `substring`.
  size_t CountLines(absl::string_view substring) const;

  // All output so far, for messages of failed assertions and for commands that end by themselves.
  std::string Output() const;

  // From now on nobody reads its outputs, whose pipes are full: what it writes to them blocks. For good.
  // REQUIRES: it has not been waited for.
  void StopReading();

  // To the process itself, not to its group.
  void Signal(int signal_number);

  // The exit status as a shell shows it (128 + signal for one that was killed); absent: still running at the deadline.
  // What it left of its group is killed then. Output is complete once this has returned a status.
  absl::optional<int> Wait(absl::Time deadline);

  // Resident memory, private and shared, in bytes; 0 when the process is gone.
  int64_t ResidentBytes() const;

  // Open descriptors; 0 when the process is gone.
  size_t OpenDescriptors() const;

  // CPU time on all threads so far, user and system, as the scheduler counts it. Threads that ended are not in it.
  absl::Duration CpuTime() const;

 private:
  Process(pid_t pid, int output_fd, int error_fd);
  void ReadOutput();
  void EndReader();
  void TakeLines(std::string& partial, bool end);
  // Takes the exit status if there is one. REQUIRES: no status yet.
  void Reap() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const pid_t pid_;
  const int output_fd_;
  const int error_fd_;
  mutable Mutex mutex_;
  CondVar changed_;
  std::deque<std::string> lines_ ABSL_GUARDED_BY(mutex_);
  size_t dropped_lines_ ABSL_GUARDED_BY(mutex_) = 0;
  bool output_closed_ ABSL_GUARDED_BY(mutex_) = false;
  absl::optional<int> status_ ABSL_GUARDED_BY(mutex_);
  const int stop_fd_;  // eventfd that ends the reader although the pipes are open
  std::thread reader_;
};

// Raises this process's soft limit of open files to the hard one, for tests that hold many sockets; children inherit
// it. Returns the limit.
size_t RaiseDescriptorLimit();

// Checks `condition` every few milliseconds until it holds or the deadline passes; returns whether it held. For states
// that can only be polled (another process's counters); everything else has an event to wait for.
bool WaitUntil(const std::function<bool()>& condition, absl::Time deadline);

}  // namespace penstock::testing

#endif  // PENSTOCK_TESTS_SUPPORT_PROCESS_H_
