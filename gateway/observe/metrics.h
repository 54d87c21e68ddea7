// What the gateway counts. Each loop counts for itself, without locks or shared cache lines; a scrape adds the loops
// up and renders them with prometheus-cpp.
//
//   LoopMetrics& metrics = ...;            // this loop's
//   metrics.records.Add(1);                // the loop's thread only
//   RenderMetrics({&a, &b}, report, process)       // any thread
#ifndef PENSTOCK_GATEWAY_OBSERVE_METRICS_H_
#define PENSTOCK_GATEWAY_OBSERVE_METRICS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "gateway/observe/end_reason.h"
#include "gateway/observe/route_metrics.h"

namespace penstock::observe {

// One writer, many readers: an ordinary add, and no torn reads.
class Counter {
 public:
  void Add(int64_t by) { value_.store(value_.load(std::memory_order_relaxed) + by, std::memory_order_relaxed); }
  int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

struct alignas(64) LoopMetrics {
  std::array<Counter, kEndReasons> requests_by_end;
  Counter requests_active;
  Counter streams_active;
  Counter records;
  Counter body_bytes;  // of records, before any framing by HTTP
  Counter heartbeats;
};

// What is not a loop's.
struct ProcessMetrics {
  struct Upstream {
    std::string name;
    size_t ready_loops = 0;  // that have a connection to it
  };

  bool ready = false;
  bool draining = false;
  size_t connections = 0;  // of clients
  std::vector<Upstream> upstreams;
  int64_t schema_changes = 0;   // schemas taken into use
  int64_t schema_refusals = 0;  // descriptors that could not be used
};

// What only the loops' own threads may look at, copied there.
struct LoopReport {
  RouteMetrics routes;
  size_t held_bytes = 0;  // of all streams: taken in from upstreams, and not yet taken by clients

  void Add(const LoopReport& other) {
    routes.Add(other.routes);
    held_bytes += other.held_bytes;
  }
};

// The Prometheus text format (version 0.0.4).
std::string RenderMetrics(const std::vector<const LoopMetrics*>& loops, const LoopReport& report,
                          const ProcessMetrics& process);

}  // namespace penstock::observe

#endif  // PENSTOCK_GATEWAY_OBSERVE_METRICS_H_
