// The observer that counts: requests by how they ended, by route and by gRPC method, streams, records and bytes.
//
// One per loop, on its thread; `metrics` may be read by any thread.
#ifndef PENSTOCK_GATEWAY_OBSERVE_METRICS_OBSERVER_H_
#define PENSTOCK_GATEWAY_OBSERVE_METRICS_OBSERVER_H_

#include <cstddef>

#include "gateway/observe/metrics.h"
#include "gateway/observe/request_observer.h"
#include "gateway/observe/route_metrics.h"

namespace penstock::observe {

class MetricsObserver final : public RequestObserver {
 public:
  void OnRequest() override;
  void OnCall(const CallFacts& call) override;
  void OnRecord(size_t bytes) override;
  void OnHeartbeat() override;
  void OnEnd(const RequestFacts& facts) override;

  const LoopMetrics& metrics() const { return metrics_; }  // any thread
  const RouteMetrics& routes() const { return routes_; }

 private:
  LoopMetrics metrics_;
  RouteMetrics routes_;
};

}  // namespace penstock::observe

#endif  // PENSTOCK_GATEWAY_OBSERVE_METRICS_OBSERVER_H_
