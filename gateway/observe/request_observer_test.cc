// What the exchange reports becomes counts and access lines.
#include "gateway/observe/request_observer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gateway/observe/access_log_observer.h"
#include "gateway/observe/metrics_observer.h"

namespace penstock::observe {
namespace {

using ::testing::HasSubstr;

RequestFacts Stream() {
  RequestFacts facts;
  facts.method = "POST";
  facts.path = "/v1/ticks:subscribe";
  facts.route = "/v1/ticks:subscribe";
  facts.call_path = "/a.B/C";
  facts.streams = true;
  facts.status = 200;
  facts.messages = 2;
  facts.bytes = 30;
  return facts;
}

TEST(MetricsObserver, CountsARequestFromItsHeadToItsEnd) {
  MetricsObserver observer;
  const LoopMetrics& metrics = observer.metrics();
  observer.OnRequest();
  EXPECT_EQ(metrics.requests_active.value(), 1);
  observer.OnCall({"/a.B/C", /*streams=*/true});
  EXPECT_EQ(metrics.streams_active.value(), 1);
  observer.OnRecord(10);
  observer.OnRecord(20);
  observer.OnHeartbeat();
  EXPECT_EQ(metrics.records.value(), 2);
  EXPECT_EQ(metrics.body_bytes.value(), 30);
  EXPECT_EQ(metrics.heartbeats.value(), 1);
  observer.OnEnd(Stream());
  EXPECT_EQ(metrics.requests_active.value(), 0);
  EXPECT_EQ(metrics.streams_active.value(), 0);
  EXPECT_EQ(metrics.body_bytes.value(), 30) << "records were counted as they came";
  EXPECT_EQ(metrics.requests_by_end[static_cast<size_t>(EndReason::kOk)].value(), 1);
  EXPECT_EQ(observer.routes().methods().at("/a.B/C").messages, 2u);
}

TEST(MetricsObserver, AMethodWithOneMessageCountsItsBytesAtTheEnd) {
  MetricsObserver observer;
  observer.OnRequest();
  observer.OnCall({"/a.B/C", /*streams=*/false});
  RequestFacts facts = Stream();
  facts.streams = false;
  observer.OnEnd(facts);
  EXPECT_EQ(observer.metrics().body_bytes.value(), 30);
  EXPECT_EQ(observer.metrics().streams_active.value(), 0);
  EXPECT_EQ(observer.metrics().records.value(), 0);
}

TEST(MetricsObserver, ARequestWithoutACallCountsNoMethod) {
  MetricsObserver observer;
  observer.OnRequest();
  RequestFacts facts;
  facts.end_reason = EndReason::kLocal;
  facts.status = 404;
  observer.OnEnd(facts);
  EXPECT_EQ(observer.metrics().requests_by_end[static_cast<size_t>(EndReason::kLocal)].value(), 1);
  EXPECT_TRUE(observer.routes().methods().empty());
}

TEST(AccessLogObserver, WritesOpenStreamsAndEnds) {
  const std::string path = absl::StrCat(std::getenv("TEST_TMPDIR"), "/access.", getpid());
  {
    AccessLog log(AccessLog::Target::kFile, path);
    AccessLogObserver observer(log);
    MetricsObserver metrics;
    RequestObservers both({&metrics, &observer});
    EXPECT_TRUE(both.wants_open_reports());
    both.OnRequest();
    both.OnOpen(Stream());
    RequestFacts facts = Stream();
    facts.end_reason = EndReason::kSlowClient;
    both.OnEnd(facts);
    EXPECT_EQ(metrics.metrics().requests_active.value(), 0);
  }
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  const std::string lines = text.str();
  EXPECT_THAT(lines, HasSubstr("\"open\""));
  EXPECT_THAT(lines, HasSubstr("\"slow_client\""));
}

TEST(AccessLogObserver, OffItAsksForNothing) {
  AccessLog log(AccessLog::Target::kOff, "");
  AccessLogObserver observer(log);
  EXPECT_FALSE(observer.wants_open_reports());
  observer.OnEnd(Stream());
}

}  // namespace
}  // namespace penstock::observe
