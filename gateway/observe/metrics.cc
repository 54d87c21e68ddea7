#include "gateway/observe/metrics.h"

#include <dirent.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace penstock::observe {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

constexpr absl::string_view kEndReasonNames[kEndReasons] = {
    "ok",          "local",       "upstream_error", "upstream_lost", "bad_message",
    "client_gone", "slow_client", "drain",          "max_duration",
};

class Page {
 public:
  void Counter(const char* name, const char* help, double value) { Plain(name, help, MetricType::Counter, value); }
  void Gauge(const char* name, const char* help, double value) { Plain(name, help, MetricType::Gauge, value); }

  // Opens a labelled metric; Sample adds to the family opened last.
  void LabelledCounter(const char* name, const char* help) { Open(name, help, MetricType::Counter); }
  void LabelledGauge(const char* name, const char* help) { Open(name, help, MetricType::Gauge); }
  void LabelledHistogram(const char* name, const char* help) { Open(name, help, MetricType::Histogram); }
  void Sample(const char* label, std::string value, double number) { Sample({{label, std::move(value)}}, number); }
  void Sample(std::vector<ClientMetric::Label> labels, double number) {
    ClientMetric metric;
    metric.label = std::move(labels);
    (families_.back().type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = number;
    families_.back().metric.push_back(std::move(metric));
  }

  void Sample(std::vector<ClientMetric::Label> labels, const Histogram& histogram) {
    ClientMetric metric;
    metric.label = std::move(labels);
    metric.histogram.sample_count = histogram.count();
    metric.histogram.sample_sum = histogram.sum();
    for (size_t i = 0; i <= Histogram::kBounds.size(); ++i) {
      const double bound =
          i < Histogram::kBounds.size() ? Histogram::kBounds[i] : std::numeric_limits<double>::infinity();
      metric.histogram.bucket.push_back({histogram.CountUpTo(i), bound});
    }
    families_.back().metric.push_back(std::move(metric));
  }

  std::string Text() const { return prometheus::TextSerializer().Serialize(families_); }

 private:
  void Open(const char* name, const char* help, MetricType type) {
    MetricFamily family;
    family.name = name;
    family.help = help;
    family.type = type;
    families_.push_back(std::move(family));
  }

  void Plain(const char* name, const char* help, MetricType type, double value) {
    Open(name, help, type);
    ClientMetric metric;
    (type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
    families_.back().metric.push_back(metric);
  }

  std::vector<MetricFamily> families_;
};

template <typename Get>
double Sum(const std::vector<const LoopMetrics*>& loops, Get get) {
  int64_t sum = 0;
  for (const LoopMetrics* loop : loops) sum += get(*loop).value();
  return static_cast<double>(sum);
}

double ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  double size = 0, resident = 0;
  statm >> size >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double OpenFiles() {
  DIR* folder = opendir("/proc/self/fd");
  if (folder == nullptr) return 0;
  double files = 0;
  while (const dirent* entry = readdir(folder)) files += entry->d_name[0] != '.';
  closedir(folder);
  return files - 1;  // the folder's own
}

double MaxFiles() {
  rlimit limit{};
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<double>(limit.rlim_cur) : 0;
}

// gRPC's names for its codes, as its own metrics have them.
constexpr const char* kCodeNames[RouteMetrics::kCodes] = {
    "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
    "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
    "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
    "DataLoss", "Unauthenticated"};

std::vector<ClientMetric::Label> MethodLabels(const std::string& path) {
  const size_t slash = path.rfind('/');
  return {{"grpc_service", path.substr(1, slash - 1)}, {"grpc_method", path.substr(slash + 1)}};
}

void AddRoutes(const RouteMetrics& routes, Page& page) {
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
      std::vector<ClientMetric::Label> labels = MethodLabels(path);
      labels.push_back({"grpc_code", kCodeNames[code]});
      page.Sample(std::move(labels), static_cast<double>(method.handled[code]));
    }
  }
  page.LabelledCounter("grpc_client_msg_received_total", "Messages of gRPC calls that are over.");
  for (const auto& [path, method] : routes.methods()) {
    page.Sample(MethodLabels(path), static_cast<double>(method.messages));
  }
}

}  // namespace

absl::string_view EndReasonName(EndReason reason) { return kEndReasonNames[static_cast<size_t>(reason)]; }

std::string RenderMetrics(const std::vector<const LoopMetrics*>& loops, const LoopReport& report,
                          const ProcessMetrics& process) {
  Page page;
  AddRoutes(report.routes, page);
  page.LabelledCounter("penstock_http_requests_total", "Requests that are over, by HTTP status (0: no head was sent).");
  for (size_t status = 0; status < loops.front()->requests_by_status.size(); ++status) {
    const double count =
        Sum(loops, [&](const LoopMetrics& m) -> const Counter& { return m.requests_by_status[status]; });
    if (count > 0) page.Sample("status", std::to_string(status), count);
  }
  page.LabelledCounter("penstock_requests_ended_total", "Requests that are over, by why they ended.");
  for (size_t reason = 0; reason < kEndReasons; ++reason) {
    page.Sample("reason", std::string(kEndReasonNames[reason]),
                Sum(loops, [&](const LoopMetrics& m) -> const Counter& { return m.requests_by_end[reason]; }));
  }
  const auto sum = [&](Counter LoopMetrics::*field) {
    return Sum(loops, [&](const LoopMetrics& m) -> const Counter& { return m.*field; });
  };
  page.Gauge("penstock_requests_active", "Requests in progress.", sum(&LoopMetrics::requests_active));
  page.Gauge("penstock_streams_active", "Streamed responses in progress.", sum(&LoopMetrics::streams_active));
  page.Gauge("penstock_held_bytes", "Bytes taken in from upstreams that clients have not taken.",
             static_cast<double>(report.held_bytes));
  page.Counter("penstock_records_sent_total", "Records appended to streams.", sum(&LoopMetrics::records));
  page.Counter("penstock_body_bytes_sent_total", "Bytes of response bodies.", sum(&LoopMetrics::body_bytes));
  page.Counter("penstock_heartbeats_sent_total", "Heartbeats on silent streams.", sum(&LoopMetrics::heartbeats));
  page.Counter("penstock_upstream_calls_total", "gRPC calls started.", sum(&LoopMetrics::upstream_calls));
  page.Gauge("penstock_client_connections", "Open client connections.", static_cast<double>(process.connections));
  page.LabelledGauge("penstock_upstream_ready_loops", "Event loops that have a connection to the upstream.");
  for (const ProcessMetrics::Upstream& upstream : process.upstreams) {
    page.Sample("upstream", upstream.name, static_cast<double>(upstream.ready_loops));
  }
  page.Counter("penstock_schema_changes_total", "Schemas taken into use.", static_cast<double>(process.schema_changes));
  page.Counter("penstock_schema_refusals_total", "Schemas that could not be used, the last good one kept.",
               static_cast<double>(process.schema_refusals));
  page.Gauge("penstock_ready", "1 while /readyz says so.", process.ready);
  page.Gauge("penstock_draining", "1 from the first termination signal on.", process.draining);
  page.Gauge("process_resident_memory_bytes", "Resident memory.", ResidentBytes());
  page.Gauge("process_open_fds", "Open file descriptors.", OpenFiles());
  page.Gauge("process_max_fds", "File descriptors that may be open.", MaxFiles());
  return page.Text();
}

}  // namespace penstock::observe
