#include "gateway/observe/metrics_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::observe {
namespace {

using ::testing::HasSubstr;

TEST(MetricsPage, PlainMetrics) {
  MetricsPage page;
  page.Counter("c_total", "Of something.", 12);
  page.Gauge("g", "Now.", 0.5);
  EXPECT_EQ(page.Text(),
            "# HELP c_total Of something.\n# TYPE c_total counter\nc_total 12\n"
            "# HELP g Now.\n# TYPE g gauge\ng 0.5\n");
}

TEST(MetricsPage, SamplesBelongToTheMetricOpenedLast) {
  MetricsPage page;
  page.LabelledCounter("a_total", "A.");
  page.LabelledGauge("b", "B.");
  page.Sample({{"kind", "x"}}, 1);
  page.Sample({{"kind", "y\""}}, 2);
  EXPECT_THAT(page.Text(), HasSubstr("# TYPE b gauge\nb{kind=\"x\"} 1\nb{kind=\"y\\\"\"} 2\n"));
}

TEST(MetricsPage, AHistogramHasItsBucketsAddedUp) {
  Histogram histogram;
  histogram.Observe(0.004);
  histogram.Observe(0.004);
  histogram.Observe(1e9);
  MetricsPage page;
  page.LabelledHistogram("h_seconds", "H.");
  page.Sample({{"route", "/v1/x"}}, histogram);
  EXPECT_THAT(page.Text(), HasSubstr("h_seconds_count{route=\"/v1/x\"} 3\n"));
  EXPECT_THAT(page.Text(), HasSubstr("h_seconds_bucket{route=\"/v1/x\",le=\"0.005\"} 2\n"));
  EXPECT_THAT(page.Text(), HasSubstr("h_seconds_bucket{route=\"/v1/x\",le=\"+Inf\"} 3\n"));
}

TEST(MetricsPage, TheProcess) {
  MetricsPage page;
  page.AddProcess();
  for (const char* name : {"process_resident_memory_bytes", "process_open_fds", "process_max_fds"}) {
    EXPECT_THAT(page.Text(), ::testing::ContainsRegex(std::string("\n") + name + " [1-9]")) << name;
  }
}

}  // namespace
}  // namespace penstock::observe
