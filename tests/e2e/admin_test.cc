// The admin port of the real gateway: what it reports about open streams, that no other port serves it, and that
// scraping costs little.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gateway/http/testing/http2_test_client.h"
#include "tests/support/json_at.h"
#include "tests/support/process.h"
#include "tests/support/raw_client.h"
#include "tests/support/servers.h"

namespace penstock::testing {
namespace {

namespace h2 = ::penstock::http::testing;
using ::testing::HasSubstr;

class AdminTest : public ::testing::Test {
 protected:
  void Start(std::vector<std::string> flags = {}) {
    RaiseDescriptorLimit();
    service_ = StartService();
    flags.push_back("--upstream=" + service_->address());
    gateway_ = StartGateway(std::move(flags));
  }
  Response Look(absl::string_view path) {
    return Exchange(gateway_->admin_address(), Request("GET", path), Soon()).value_or(Response());
  }
  std::unique_ptr<Server> service_, gateway_;
};

TEST_F(AdminTest, StreamsAreListedWithWhatTheyHaveDone) {
  Start();
  EXPECT_EQ(Look("/streams").body, "{\"total\":0,\"streams\":[]}\n");
  RawClient first = RawClient::Connect(gateway_->address()).value();
  ASSERT_TRUE(first.Send(PostJson("/v1/ticks:subscribe", R"({"interval":"0.010s"})")).ok());
  ASSERT_TRUE(first.ReadUntil([](const Response& r) { return r.Lines().size() > 3; }, Soon()));
  RawClient second = RawClient::Connect(gateway_->address()).value();
  ASSERT_TRUE(second.Send(PostJson("/events", R"({"interval":"3600s"})")).ok());
  ASSERT_TRUE(second.ReadUntil([](const Response& r) { return !r.body.empty(); }, Soon()));
  const std::string json = Look("/streams").body;
  EXPECT_EQ(JsonAt(json, "/total"), "2");
  EXPECT_EQ(JsonStringAt(json, "/streams/0/route"), "/v1/ticks:subscribe");
  EXPECT_EQ(JsonStringAt(json, "/streams/1/route"), "/events");
  EXPECT_EQ(JsonStringAt(json, "/streams/0/protocol"), "HTTP/1.1");
  EXPECT_THAT(JsonStringAt(json, "/streams/0/peer"), HasSubstr("127.0.0.1:"));
  EXPECT_GE(std::stoi(JsonAt(json, "/streams/0/records")), 3);
  EXPECT_EQ(JsonAt(json, "/streams/1/records"), "1");
  EXPECT_EQ(JsonAt(json, "/streams/1/held_bytes"), "0") << "the client has it all";
}

TEST_F(AdminTest, TheConfigurationIsWhatIsInForce) {
  Start({"--heartbeat=7s"});
  const Response config = Look("/config");
  EXPECT_EQ(JsonStringAt(config.body, "/--heartbeat"), "7s") << config.body;
  EXPECT_EQ(JsonStringAt(config.body, "/--upstream"), service_->address());
  EXPECT_EQ(JsonStringAt(config.body, "/--idle-timeout"), "75s") << "defaults too";
}

TEST_F(AdminTest, MetricsTellRoutesFromTheSchemaOnly) {
  Start();
  for (const char* path : {"/v1/ticks:subscribe", "/nowhere/1", "/nowhere/2"}) {
    Exchange(gateway_->address(), PostJson(path, R"({"count":2})"), Soon()).IgnoreError();
  }
  EXPECT_TRUE(WaitUntil([&] { return gateway_->Metric("http_server_request_duration_seconds_count") == 3; }, Soon()));
  const std::string text = Look("/metrics").body;
  EXPECT_THAT(text,
              HasSubstr("http_server_request_duration_seconds_count{method=\"POST\",route=\"/v1/ticks:subscribe\","
                        "status=\"200\"} 1\n"));
  EXPECT_THAT(text,
              HasSubstr("http_server_request_duration_seconds_count{method=\"POST\",route=\"\",status=\"404\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("penstock_first_message_seconds_count{route=\"/v1/ticks:subscribe\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("grpc_client_handled_total{grpc_service=\"penstock.tick.v1.TickService\",grpc_method="
                              "\"Subscribe\",grpc_code=\"OK\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("grpc_client_msg_received_total{grpc_service=\"penstock.tick.v1.TickService\","
                              "grpc_method=\"Subscribe\"} 2\n"));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("nowhere")));
}

TEST_F(AdminTest, TheAccessLineTellsTheTraceAndNoSecret) {
  Start({"--log-level=debug"});
  const Response response = Exchange(gateway_->address(),
                                     PostJson("/v1/ticks:subscribe?x-secret=no", R"({"count":1})",
                                              "Authorization: Bearer secret-a\r\nCookie: secret-b\r\n"
                                              "X-Request-Id: request-7\r\nGrpc-Timeout: 5S\r\n"
                                              "Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
                                     Soon())
                                .value_or(Response());
  EXPECT_EQ(response.status, 400) << "an unknown parameter";
  const absl::optional<std::string> line = gateway_->process().WaitForLine("\"request-7\"", Soon());
  ASSERT_TRUE(line.has_value()) << gateway_->process().Output();
  EXPECT_EQ(JsonStringAt(*line, "/trace_id"), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(JsonStringAt(*line, "/path"), "/v1/ticks:subscribe") << "without its query";
  ASSERT_EQ(
      Exchange(gateway_->address(),
               PostJson("/v1/ticks:subscribe", R"({"count":1})", "X-Request-Id: request-8\r\nGrpc-Timeout: 5S"), Soon())
          .value_or(Response())
          .status,
      200);
  const absl::optional<std::string> called = gateway_->process().WaitForLine("\"request-8\"", Soon());
  ASSERT_TRUE(called.has_value()) << gateway_->process().Output();
  EXPECT_EQ(JsonStringAt(*called, "/upstream"), service_->address());
  EXPECT_EQ(JsonAt(*called, "/deadline_ms"), "5000");
  EXPECT_THAT(gateway_->process().Output(), ::testing::Not(HasSubstr("secret")));
}

TEST_F(AdminTest, NothingOfItIsOnThePublicPort) {
  Start({"--web-root=none"});
  for (const char* path : {"/livez", "/readyz", "/metrics", "/streams", "/config"}) {
    EXPECT_EQ(Exchange(gateway_->address(), Request("GET", path), Soon()).value_or(Response()).status, 404) << path;
  }
}

TEST_F(AdminTest, ABusyAdminPortIsSaidAtStart) {
  Start();
  const auto other = Process::Spawn({FindBinary("gateway/penstock-gateway", "PENSTOCK_GATEWAY"), "--listen=127.0.0.1:0",
                                     "--admin-listen=" + gateway_->admin_address()});
  ASSERT_TRUE(other.ok());
  EXPECT_EQ((*other)->Wait(Soon()), 1);
  EXPECT_THAT((*other)->Output(), HasSubstr(gateway_->admin_address()));
  EXPECT_THAT((*other)->Output(), HasSubstr("in use"));
}

TEST_F(AdminTest, LookingCostsLittleWhileThousandsOfStreamsRun) {
  Start();
  constexpr int kConnections = 100, kStreams = 100;
  std::vector<std::unique_ptr<h2::Http2TestClient>> clients;
  for (int c = 0; c < kConnections; ++c) {
    clients.push_back(std::make_unique<h2::Http2TestClient>(h2::TestClient::Connect(gateway_->address())));
    int32_t last = 0;
    for (int s = 0; s < kStreams; ++s) {
      last = clients.back()->Send("POST", "/v1/ticks:subscribe", {{"content-type", "application/json"}},
                                  R"({"interval":"60s"})");
    }
    ASSERT_TRUE(clients.back()->Wait([&] { return clients.back()->answer(last).status == 200; }));
  }
  ASSERT_TRUE(
      WaitUntil([&] { return gateway_->Metric("penstock_streams_active") == kConnections * kStreams; }, Soon()));
  for (const char* path : {"/metrics", "/streams"}) {
    absl::Duration best = absl::InfiniteDuration();
    for (int i = 0; i < 5; ++i) {
      const absl::Time start = absl::Now();
      ASSERT_EQ(Look(path).status, 200);
      best = std::min(best, absl::Now() - start);
    }
    RecordProperty(absl::StrCat(std::string(path).substr(1), "_milliseconds"),
                   absl::StrCat(absl::ToDoubleMilliseconds(best)));
    EXPECT_LT(best, absl::Milliseconds(500)) << path;
  }
  const std::string json = Look("/streams").body;
  EXPECT_EQ(JsonAt(json, "/total"), absl::StrCat(kConnections * kStreams));
  EXPECT_NE(JsonAt(json, "/streams/999/records"), "");
  EXPECT_EQ(JsonAt(json, "/streams/1000/records"), "") << "the list is bounded";
}

}  // namespace
}  // namespace penstock::testing
