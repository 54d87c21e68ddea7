// The paced load of a benchmark: how many tick streams, at which rate, over which protocol.
#ifndef PENSTOCK_TESTS_BENCH_LOAD_H_
#define PENSTOCK_TESTS_BENCH_LOAD_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/bench/phase.h"
#include "tests/bench/receiver.h"
#include "tests/support/servers.h"

namespace penstock::bench {

// A way into the gateway.
struct Way {
  const char* name;
  Protocol protocol;
  bool tls;
  size_t streams_a_connection;
};

// "h1", "h2", "h1+tls" or "h2+tls"; ends the process at any other name.
const Way& WayOf(absl::string_view name);

struct Load {
  size_t streams = 1000;
  double rate = 50;     // ticks a second and stream
  double seconds = 10;  // to count for
  std::string message = "hello";
};

// A stream's first tick comes at once and the others by the interval, so phases are spread by opening over this.
constexpr absl::Duration kRamp = absl::Seconds(1);

absl::Duration Interval(const Load& load);

// How many ticks each stream asks for, to be still running when the last one has been opened, has settled and has been
// counted for a while.
uint64_t Count(const Load& load);

// The JSON that asks for `count` of them.
std::string TickRequest(const Load& load, uint64_t count);

// Streams of `gateway` that come by `way`; streams, ramp and interval are the caller's to set.
PhaseOptions GatewayPhase(const Load& load, const Way& way, testing::Server& gateway, uint64_t count);

// All of `load` through `gateway` from `service`, with the CPU of both, in this order.
PhaseOptions PacedPhase(const Load& load, const Way& way, testing::Server& gateway, testing::Server& service);

}  // namespace penstock::bench

#endif  // PENSTOCK_TESTS_BENCH_LOAD_H_
