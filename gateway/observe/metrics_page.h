// A scrape in the making: metrics and their samples, rendered by prometheus-cpp. What the gateway's page and the tick
// service's have in common. Pure but for AddProcess; one thread's.
//
//   MetricsPage page;
//   page.Counter("penstock_records_sent_total", "Records appended to streams.", 12);
//   page.LabelledCounter("grpc_server_handled_total", "gRPC calls that are over.");
//   page.Sample({{"grpc_code", "OK"}}, 3);         // of the metric opened last
//   page.AddProcess();
//   reply(page.Text());
#ifndef PENSTOCK_GATEWAY_OBSERVE_METRICS_PAGE_H_
#define PENSTOCK_GATEWAY_OBSERVE_METRICS_PAGE_H_

#include <prometheus/metric_family.h>

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "gateway/observe/histogram.h"

namespace penstock::observe {

// The status codes of gRPC by number, as its own libraries' metrics spell them in `grpc_code`.
inline constexpr std::array<const char*, 17> kGrpcCodeNames = {
    "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
    "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
    "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
    "DataLoss", "Unauthenticated"};

using MetricLabels = std::vector<prometheus::ClientMetric::Label>;

class MetricsPage {
 public:
  void Counter(const char* name, const char* help, double value);
  void Gauge(const char* name, const char* help, double value);

  // Open a labelled metric, which the calls of Sample() that follow add to.
  void LabelledCounter(const char* name, const char* help);
  void LabelledGauge(const char* name, const char* help);
  void LabelledHistogram(const char* name, const char* help);
  void Sample(MetricLabels labels, double value);
  void Sample(MetricLabels labels, const Histogram& histogram);

  // Memory and descriptors of this process, under the names that every client library has for them.
  void AddProcess();

  // The Prometheus text format (version 0.0.4).
  std::string Text() const;

 private:
  void Open(const char* name, const char* help, prometheus::MetricType type);

  std::vector<prometheus::MetricFamily> families_;
};

}  // namespace penstock::observe

#endif  // PENSTOCK_GATEWAY_OBSERVE_METRICS_PAGE_H_
