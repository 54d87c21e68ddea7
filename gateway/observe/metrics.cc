#include "gateway/observe/metrics.h"

#include <string>
#include <utility>
#include <vector>

#include "gateway/observe/metrics_page.h"

namespace penstock::observe {
namespace {

template <typename Get>
double Sum(const std::vector<const LoopMetrics*>& loops, Get get) {
  int64_t sum = 0;
  for (const LoopMetrics* loop : loops) sum += get(*loop).value();
  return static_cast<double>(sum);
}

// Of a gRPC method's path, `/package.Service/Method`.
MetricLabels MethodLabels(const std::string& path) {
  const size_t slash = path.rfind('/');
  return {{"grpc_service", path.substr(1, slash - 1)}, {"grpc_method", path.substr(slash + 1)}};
}

void AddRoutes(const RouteMetrics& routes, MetricsPage& page) {
  page.LabelledHistogram("http_server_request_duration_seconds",
                         "From a request's head to its end, by route template (empty: none matched; status 0: no head "
                         "was sent).");
  for (const auto& [key, histogram] : routes.requests()) {
    const auto& [method, route, status] = key;
    page.Sample({{"method", method}, {"route", route}, {"status", std::to_string(status)}}, histogram);
  }
  page.LabelledHistogram("penstock_first_message_seconds", "From a request's head to the first message for it.");
  for (const auto& [route, histogram] : routes.first_messages()) page.Sample({{"route", route}}, histogram);
  page.LabelledCounter("grpc_client_started_total", "gRPC calls started.");
  for (const auto& [path, method] : routes.methods()) {
    page.Sample(MethodLabels(path), static_cast<double>(method.started));
  }
  page.LabelledCounter("grpc_client_handled_total", "gRPC calls that are over.");
  for (const auto& [path, method] : routes.methods()) {
    for (size_t code = 0; code < RouteMetrics::kCodes; ++code) {
      if (method.handled[code] == 0) continue;
      MetricLabels labels = MethodLabels(path);
      labels.push_back({"grpc_code", kGrpcCodeNames[code]});
      page.Sample(std::move(labels), static_cast<double>(method.handled[code]));
    }
  }
  page.LabelledCounter("grpc_client_msg_received_total", "Messages of gRPC calls that are over.");
  for (const auto& [path, method] : routes.methods()) {
    page.Sample(MethodLabels(path), static_cast<double>(method.messages));
  }
}

}  // namespace

std::string RenderMetrics(const std::vector<const LoopMetrics*>& loops, const LoopReport& report,
                          const ProcessMetrics& process) {
  MetricsPage page;
  AddRoutes(report.routes, page);
  page.LabelledCounter("penstock_requests_ended_total", "Requests that are over, by why they ended.");
  for (size_t reason = 0; reason < kEndReasons; ++reason) {
    page.Sample({{"reason", std::string(EndReasonName(static_cast<EndReason>(reason)))}},
                Sum(loops, [&](const LoopMetrics& m) -> const Counter& { return m.requests_by_end[reason]; }));
  }
  const auto sum = [&](Counter LoopMetrics::* field) {
    return Sum(loops, [&](const LoopMetrics& m) -> const Counter& { return m.*field; });
  };
  page.Gauge("penstock_requests_active", "Requests in progress.", sum(&LoopMetrics::requests_active));
  page.Gauge("penstock_streams_active", "Streamed responses in progress.", sum(&LoopMetrics::streams_active));
  page.Gauge("penstock_held_bytes", "Bytes taken in from upstreams that clients have not taken.",
             static_cast<double>(report.held_bytes));
  page.Counter("penstock_records_sent_total", "Records appended to streams.", sum(&LoopMetrics::records));
  page.Counter("penstock_body_bytes_sent_total", "Bytes of response bodies.", sum(&LoopMetrics::body_bytes));
  page.Counter("penstock_heartbeats_sent_total", "Heartbeats on silent streams.", sum(&LoopMetrics::heartbeats));
  page.Gauge("penstock_client_connections", "Open client connections.", static_cast<double>(process.connections));
  page.LabelledGauge("penstock_upstream_ready_loops", "Event loops that have a connection to the upstream.");
  for (const ProcessMetrics::Upstream& upstream : process.upstreams) {
    page.Sample({{"upstream", upstream.name}}, static_cast<double>(upstream.ready_loops));
  }
  page.Counter("penstock_schema_changes_total", "Schemas taken into use.", static_cast<double>(process.schema_changes));
  page.Counter("penstock_schema_refusals_total", "Schemas that could not be used, the last good one kept.",
               static_cast<double>(process.schema_refusals));
  page.Gauge("penstock_ready", "1 while /readyz says so.", process.ready);
  page.Gauge("penstock_draining", "1 from the first termination signal on.", process.draining);
  page.AddProcess();
  return page.Text();
}

}  // namespace penstock::observe
