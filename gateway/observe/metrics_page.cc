#include "gateway/observe/metrics_page.h"

#include <dirent.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <limits>
#include <utility>

namespace penstock::observe {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricType;

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

}  // namespace

void MetricsPage::Counter(const char* name, const char* help, double value) {
  LabelledCounter(name, help);
  Sample({}, value);
}

void MetricsPage::Gauge(const char* name, const char* help, double value) {
  LabelledGauge(name, help);
  Sample({}, value);
}

void MetricsPage::LabelledCounter(const char* name, const char* help) { Open(name, help, MetricType::Counter); }
void MetricsPage::LabelledGauge(const char* name, const char* help) { Open(name, help, MetricType::Gauge); }
void MetricsPage::LabelledHistogram(const char* name, const char* help) { Open(name, help, MetricType::Histogram); }

void MetricsPage::Open(const char* name, const char* help, MetricType type) {
  prometheus::MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = type;
  families_.push_back(std::move(family));
}

void MetricsPage::Sample(MetricLabels labels, double value) {
  ClientMetric metric;
  metric.label = std::move(labels);
  (families_.back().type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  families_.back().metric.push_back(std::move(metric));
}

void MetricsPage::Sample(MetricLabels labels, const Histogram& histogram) {
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

void MetricsPage::AddProcess() {
  Gauge("process_resident_memory_bytes", "Resident memory.", ResidentBytes());
  Gauge("process_open_fds", "Open file descriptors.", OpenFiles());
  Gauge("process_max_fds", "File descriptors that may be open.", MaxFiles());
}

std::string MetricsPage::Text() const { return prometheus::TextSerializer().Serialize(families_); }

}  // namespace penstock::observe
