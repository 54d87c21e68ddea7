// One measured phase of a benchmark: opens streams, lets them settle, counts lines and the CPU time of the serving
// processes for some time, and then runs the streams to their end, so that a missing line is noticed.
//
// Not thread-safe; a phase runs in the caller's thread.
#ifndef PENSTOCK_TESTS_BENCH_PHASE_H_
#define PENSTOCK_TESTS_BENCH_PHASE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/bench/receiver.h"
#include "tests/support/process.h"

namespace penstock::bench {

struct PhaseOptions {
  ReceiverOptions receiver;
  size_t streams = 0;
  absl::Duration ramp;    // to open them over
  absl::Duration window;  // to count for
  // The processes whose CPU and memory are wanted.
  std::vector<const testing::Process*> processes;
  // The ticks that the sender has skipped since it started, because it could not send them in time. What is missing
  // beyond them was lost. Null: none may be missing.
  std::function<uint64_t()> skipped;
};

struct PhaseResult {
  std::string fault;   // empty: every line that was sent arrived, so the figures count
  uint64_t lines = 0;  // that came in the window
  // From the first stream's start to the last one's end: lines that came, ticks that the sender skipped.
  uint64_t sent = 0, skipped = 0;
  absl::Duration window;
  std::vector<double> cpu_us_a_line;       // by process
  std::vector<double> memory_kb_a_stream;  // by process: resident memory above what it was before the phase
  absl::Duration lateness_p50, lateness_p99, delivery_p50, delivery_p99, delivery_longest;
};

PhaseResult RunPhase(const PhaseOptions& options);

// Median, least and greatest of some rounds' figures.
struct Spread {
  double median = 0, min = 0, max = 0;
};
Spread SpreadOf(std::vector<double> values);

}  // namespace penstock::bench

#endif  // PENSTOCK_TESTS_BENCH_PHASE_H_
