#include "service/service_metrics.h"

#include <cstddef>
#include <utility>

#include "gateway/observe/metrics_page.h"

namespace penstock::service {
namespace {

using observe::MetricLabels;
using observe::MetricsPage;

static_assert(TickCounters::kCodes == observe::kGrpcCodeNames.size());

double Sum(const std::vector<const TickCounters*>& workers, std::atomic<uint64_t> TickCounters::* counter) {
  uint64_t sum = 0;
  for (const TickCounters* worker : workers) sum += (worker->*counter).load(std::memory_order_relaxed);
  return static_cast<double>(sum);
}

void AddHandled(const std::vector<const TickCounters*>& workers, const MetricLabels& method, MetricsPage& page) {
  page.LabelledCounter("grpc_server_handled_total", "gRPC calls that are over, by status code.");
  for (size_t code = 0; code < TickCounters::kCodes; ++code) {
    uint64_t sum = 0;
    for (const TickCounters* worker : workers) sum += worker->streams_ended[code].load(std::memory_order_relaxed);
    if (sum == 0) continue;
    MetricLabels labels = method;
    labels.push_back({"grpc_code", observe::kGrpcCodeNames[code]});
    page.Sample(std::move(labels), static_cast<double>(sum));
  }
}

}  // namespace

std::string RenderMetrics(const std::vector<const TickCounters*>& workers, int64_t open_streams) {
  const MetricLabels method = {{"grpc_service", penstock::tick::v1::TickService::service_full_name()},
                               {"grpc_method", "Subscribe"}};
  MetricsPage page;
  page.LabelledCounter("grpc_server_started_total", "gRPC calls that clients started.");
  page.Sample(method, Sum(workers, &TickCounters::streams_started));
  AddHandled(workers, method, page);
  page.LabelledCounter("grpc_server_msg_sent_total", "Messages handed to gRPC.");
  page.Sample(method, Sum(workers, &TickCounters::ticks_sent));
  page.Gauge("penstock_ticks_streams_active", "Streams that are open.", static_cast<double>(open_streams));
  page.Counter("penstock_ticks_skipped_total", "Ticks that fell due while the one before them was unsent.",
               Sum(workers, &TickCounters::ticks_skipped));
  page.AddProcess();
  return page.Text();
}

}  // namespace penstock::service
