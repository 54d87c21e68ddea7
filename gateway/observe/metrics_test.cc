#include "gateway/observe/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace penstock::observe {
namespace {

using ::testing::HasSubstr;

TEST(Metrics, AddsTheLoopsUpAndRendersText) {
  LoopMetrics a, b;
  a.records.Add(3);
  b.records.Add(4);
  a.streams_active.Add(2);
  a.streams_active.Add(-1);
  b.requests_by_end[static_cast<size_t>(EndReason::kSlowClient)].Add(9);
  ProcessMetrics process;
  process.ready = true;
  process.connections = 7;
  process.upstreams = {{"a:1", 2}, {"b:2,c:3", 0}};
  process.schema_changes = 3;
  process.schema_refusals = 1;
  LoopReport report;
  report.held_bytes = 77;
  report.routes.RequestEnded("POST", "/v1/{a=*}:b", 200, absl::Milliseconds(30), absl::Milliseconds(3));
  report.routes.CallStarted("/p.S/M");
  report.routes.CallEnded("/p.S/M", absl::StatusCode::kUnavailable, 5);
  const std::string text = RenderMetrics({&a, &b}, report, process);
  EXPECT_THAT(text, HasSubstr("# TYPE penstock_records_sent_total counter\npenstock_records_sent_total 7\n"));
  EXPECT_THAT(text, HasSubstr("\npenstock_streams_active 1\n"));
  EXPECT_THAT(text, HasSubstr("\npenstock_held_bytes 77\n"));
  const std::string route = "{method=\"POST\",route=\"/v1/{a=*}:b\",status=\"200\"";
  EXPECT_THAT(text, HasSubstr("http_server_request_duration_seconds_count" + route + "} 1\n"));
  EXPECT_THAT(text, HasSubstr("http_server_request_duration_seconds_bucket" + route + ",le=\"0.025\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("http_server_request_duration_seconds_bucket" + route + ",le=\"0.05\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("http_server_request_duration_seconds_bucket" + route + ",le=\"+Inf\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("penstock_first_message_seconds_count{route=\"/v1/{a=*}:b\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("grpc_client_started_total{grpc_service=\"p.S\",grpc_method=\"M\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("grpc_client_handled_total{grpc_service=\"p.S\",grpc_method=\"M\",grpc_code="
                              "\"Unavailable\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("grpc_client_msg_received_total{grpc_service=\"p.S\",grpc_method=\"M\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("penstock_requests_ended_total{reason=\"slow_client\"} 9\n"));
  EXPECT_THAT(text, HasSubstr("penstock_requests_ended_total{reason=\"ok\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("penstock_ready 1\n"));
  EXPECT_THAT(text, HasSubstr("penstock_client_connections 7\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE penstock_upstream_ready_loops gauge\n"));
  EXPECT_THAT(text, HasSubstr("\npenstock_upstream_ready_loops{upstream=\"a:1\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("\npenstock_upstream_ready_loops{upstream=\"b:2,c:3\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("\npenstock_schema_changes_total 3\n"));
  EXPECT_THAT(text, HasSubstr("\npenstock_schema_refusals_total 1\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE process_open_fds gauge\n"));
}

TEST(EndReason, EveryReasonHasItsOwnName) {
  EXPECT_EQ(EndReasonName(EndReason::kOk), "ok");
  EXPECT_EQ(EndReasonName(EndReason::kMaxDuration), "max_duration");
}

}  // namespace
}  // namespace penstock::observe
