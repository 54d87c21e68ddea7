// Load on a gateway besides the streams that a benchmark measures: clients that flood it until they are disconnected,
// and then reconnect; a monitoring system that scrapes it.
//
//   std::unique_ptr<Neighbour> neighbour = MakeNeighbour("rapid-reset", *gateway, /*a_second=*/5000);
//   { Beside beside(neighbour.get()); RunPhase(phase); }
//   puts(neighbour->Report().c_str());
#ifndef PENSTOCK_TESTS_BENCH_NEIGHBOUR_H_
#define PENSTOCK_TESTS_BENCH_NEIGHBOUR_H_

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/support/servers.h"

namespace penstock::bench {

class Neighbour {
 public:
  virtual ~Neighbour() = default;

  // A few milliseconds of what it does, waiting for its next turn included. All calls come from one thread.
  virtual void Act() = 0;

  struct Met {
    int times = 0;                                  // thrown out, or answered
    absl::Duration longest = absl::ZeroDuration();  // from what was too much to the close; or to the answer
    std::string fault;                              // what should not have been; empty: nothing
  };
  const Met& met() const { return met_; }

  // `met()` in words. After the last Act.
  virtual std::string Report() const = 0;

 protected:
  void Count(absl::Duration taken);
  void Fault(absl::string_view what);

 private:
  Met met_;
};

// "rapid-reset": streams over HTTP/2, opened and reset, `a_second`.
// "continuation": a header block over HTTP/2 that never ends, `a_second` empty CONTINUATION frames.
// "scrape": /metrics and /streams of the admin port in turn, `a_second`.
std::vector<std::string> NeighbourNames();
// Null: no neighbour is called `name`. `gateway` outlives it.
std::unique_ptr<Neighbour> MakeNeighbour(absl::string_view name, const testing::Server& gateway, double a_second);

// Lets a neighbour act, in a thread of its own, for as long as this lives. Null: nobody.
class Beside {
 public:
  explicit Beside(Neighbour* neighbour);
  ~Beside();
  Beside(const Beside&) = delete;
  Beside& operator=(const Beside&) = delete;

 private:
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace penstock::bench

#endif  // PENSTOCK_TESTS_BENCH_NEIGHBOUR_H_
