#include "gateway/observe/metrics_observer.h"

#include <cstdint>

namespace penstock::observe {

void MetricsObserver::OnRequest() { metrics_.requests_active.Add(1); }

void MetricsObserver::OnCall(const CallFacts& call) {
  routes_.CallStarted(call.path);
  if (call.streams) metrics_.streams_active.Add(1);
}

void MetricsObserver::OnRecord(size_t bytes) {
  metrics_.records.Add(1);
  metrics_.body_bytes.Add(static_cast<int64_t>(bytes));
}

void MetricsObserver::OnHeartbeat() { metrics_.heartbeats.Add(1); }

void MetricsObserver::OnEnd(const RequestFacts& facts) {
  metrics_.requests_active.Add(-1);
  metrics_.requests_by_end[static_cast<size_t>(facts.end_reason)].Add(1);
  routes_.RequestEnded(facts.method, facts.route, facts.status, facts.age, facts.first_message);
  if (facts.call_path.empty()) return;
  routes_.CallEnded(facts.call_path, facts.code, facts.messages);
  if (facts.streams) {
    metrics_.streams_active.Add(-1);
  } else {
    metrics_.body_bytes.Add(static_cast<int64_t>(facts.bytes));
  }
}

}  // namespace penstock::observe
