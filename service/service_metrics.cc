#include "service/service_metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <cstddef>
#include <utility>

namespace penstock::service {
namespace {

constexpr std::array<const char*, TickCounters::kCodes> kCodeNames = {
    "OK",        "CANCELLED",       "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS",  "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",    "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED",
};

prometheus::MetricFamily Family(const char* name, const char* help, prometheus::MetricType type) {
  prometheus::MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = type;
  return family;
}

prometheus::ClientMetric Value(prometheus::MetricType type, double value) {
  prometheus::ClientMetric metric;
  (type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  return metric;
}

prometheus::MetricFamily Single(const char* name, const char* help, prometheus::MetricType type, double value) {
  prometheus::MetricFamily family = Family(name, help, type);
  family.metric.push_back(Value(type, value));
  return family;
}

double Sum(const std::vector<const TickCounters*>& workers, std::atomic<uint64_t> TickCounters::*counter) {
  uint64_t sum = 0;
  for (const TickCounters* worker : workers) sum += (worker->*counter).load(std::memory_order_relaxed);
  return static_cast<double>(sum);
}

prometheus::MetricFamily Ended(const std::vector<const TickCounters*>& workers) {
  prometheus::MetricFamily family = Family("penstock_ticks_streams_ended_total",
                                           "Streams that are over, by status code.", prometheus::MetricType::Counter);
  for (size_t code = 0; code < kCodeNames.size(); ++code) {
    uint64_t sum = 0;
    for (const TickCounters* worker : workers) sum += worker->streams_ended[code].load(std::memory_order_relaxed);
    if (sum == 0) continue;
    family.metric.push_back(Value(prometheus::MetricType::Counter, static_cast<double>(sum)));
    family.metric.back().label.push_back({"code", kCodeNames[code]});
  }
  return family;
}

}  // namespace

std::string RenderMetrics(const std::vector<const TickCounters*>& workers, int64_t open_streams) {
  using prometheus::MetricType;
  return prometheus::TextSerializer().Serialize({
      Single("penstock_ticks_streams_active", "Streams that are open.", MetricType::Gauge,
             static_cast<double>(open_streams)),
      Single("penstock_ticks_streams_started_total", "Streams that clients opened.", MetricType::Counter,
             Sum(workers, &TickCounters::streams_started)),
      Ended(workers),
      Single("penstock_ticks_sent_total", "Ticks handed to gRPC.", MetricType::Counter,
             Sum(workers, &TickCounters::ticks_sent)),
      Single("penstock_ticks_skipped_total", "Ticks that fell due while the one before them was unsent.",
             MetricType::Counter, Sum(workers, &TickCounters::ticks_skipped)),
  });
}

}  // namespace penstock::service
