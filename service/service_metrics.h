// The workers' counters, added up and rendered for Prometheus: gRPC's part under the names that gRPC servers of every
// language have, ticks and the process beside it. Any thread.
#ifndef PENSTOCK_SERVICE_SERVICE_METRICS_H_
#define PENSTOCK_SERVICE_SERVICE_METRICS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "service/tick_service.h"

namespace penstock::service {

std::string RenderMetrics(const std::vector<const TickCounters*>& workers, int64_t open_streams);

}  // namespace penstock::service

#endif  // PENSTOCK_SERVICE_SERVICE_METRICS_H_
