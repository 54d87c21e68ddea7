// The upstream is unreachable, dies, drains and comes back: what clients receive, and that the gateway recovers by
// itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/support/json_at.h"
#include "tests/support/raw_client.h"
#include "tests/support/servers.h"

namespace penstock::testing {
namespace {

using ::testing::HasSubstr;

void ExpectUnavailable(const Server& gateway) {
  const Response response =
      Exchange(gateway.address(), PostJson("/v1/ticks:subscribe", R"({"count":1})"), Soon()).value_or(Response());
  EXPECT_EQ(response.status, 503) << response.body;
  int seconds = 0;
  EXPECT_TRUE(absl::SimpleAtoi(response.Header("Retry-After"), &seconds)) << response.Header("Retry-After");
  EXPECT_GE(seconds, 1);
  EXPECT_EQ(JsonAt(response.body, "/code"), "14");
}

// Whether a stream of one tick passes.
bool Serves(const Server& gateway) {
  const absl::StatusOr<Response> response =
      Exchange(gateway.address(), PostJson("/v1/ticks:subscribe", R"({"count":1})"), Soon());
  return response.ok() && response->status == 200 && response->complete && response->Lines().size() == 2;
}

RawClient Subscribe(const Server& gateway, absl::string_view json) {
  RawClient client = RawClient::Connect(gateway.address()).value();
  EXPECT_TRUE(client.Send(PostJson("/v1/ticks:subscribe", json)).ok());
  return client;
}

// Ticks in order, each whole, then one error line with this code, then a proper end of the body. A busy service may
// skip a tick, so gaps are no fault.
void ExpectCutWithError(const Response& response, const char* code) {
  EXPECT_EQ(response.error, "");
  EXPECT_TRUE(response.complete) << "an ending line was written, so the transfer ends well";
  const std::vector<std::string> lines = response.Lines();
  ASSERT_GE(lines.size(), 2u) << response.body;
  uint64_t last = 0;
  for (size_t i = 0; i + 1 < lines.size(); ++i) {
    uint64_t sequence = 0;
    EXPECT_TRUE(absl::SimpleAtoi(JsonStringAt(lines[i], "/data/sequence"), &sequence)) << lines[i];
    EXPECT_GT(sequence, last) << lines[i];
    last = sequence;
  }
  EXPECT_EQ(JsonAt(lines.back(), "/error/code"), code) << lines.back();
  EXPECT_NE(JsonStringAt(lines.back(), "/error/message"), "") << lines.back();
}

TEST(UpstreamFault, DownAtStartIsNotReadyAndRecoversByItself) {
  ReservedPort port;
  std::unique_ptr<Server> gateway = StartGateway({"--upstream=" + port.address()}, /*wait_ready=*/false);
  EXPECT_TRUE(WaitForReadiness(*gateway, 503, Soon()));
  const absl::StatusOr<Response> alive = Exchange(gateway->admin_address(), Request("GET", "/livez"), Soon());
  ASSERT_TRUE(alive.ok());
  EXPECT_EQ(alive->status, 200) << "a process that waits for its upstream is alive";
  ExpectUnavailable(*gateway);

  port.Release();
  std::unique_ptr<Server> service = StartService({}, port.address());
  EXPECT_TRUE(WaitForReadiness(*gateway, 200, Soon())) << gateway->process().Output();
  EXPECT_TRUE(Serves(*gateway));
}

TEST(UpstreamFault, KilledMidStreamLeavesWholeRecordsAndAnUnavailableLine) {
  std::unique_ptr<Server> service = StartService();
  const std::string address = service->address();
  std::unique_ptr<Server> gateway = StartGateway({"--upstream=" + address});
  std::vector<RawClient> clients;
  for (int i = 0; i < 50; ++i) clients.push_back(Subscribe(*gateway, R"({"message":"m","interval":"0.005s"})"));
  for (RawClient& client : clients) {
    ASSERT_TRUE(client.ReadUntil([](const Response& r) { return r.Lines().size() >= 5; }, Soon()));
  }
  service->Kill();
  for (RawClient& client : clients) ExpectCutWithError(client.ReadResponse(Soon()), "14");
  ExpectUnavailable(*gateway);

  service = StartService({}, address);
  EXPECT_TRUE(WaitUntil([&] { return Serves(*gateway); }, Soon())) << gateway->process().Output();
}

TEST(UpstreamFault, AnIdleConnectionThatDiesIsReplaced) {
  std::unique_ptr<Server> service = StartService();
  const std::string address = service->address();
  std::unique_ptr<Server> gateway = StartGateway({"--upstream=" + address});
  ASSERT_TRUE(Serves(*gateway));
  service->Kill();
  service = StartService({}, address);
  EXPECT_TRUE(WaitUntil([&] { return Serves(*gateway); }, Soon()));
}

TEST(UpstreamFault, AServiceThatIsToldToEndEndsItsStreams) {
  std::unique_ptr<Server> service = StartService({"--drain-delay=100ms", "--drain-window=300ms"});
  std::unique_ptr<Server> gateway = StartGateway({"--upstream=" + service->address()});
  std::vector<RawClient> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(Subscribe(*gateway, R"({"interval":"0.02s"})"));
  for (RawClient& client : clients) {
    ASSERT_TRUE(client.ReadUntil([](const Response& r) { return r.Lines().size() >= 2; }, Soon()));
  }
  service->process().Signal(SIGTERM);
  for (RawClient& client : clients) ExpectCutWithError(client.ReadResponse(Soon()), "14");
  EXPECT_EQ(service->process().Wait(Soon()), 0) << service->process().Output();
}

TEST(UpstreamFault, ABusyPortIsAnErrorThatNamesIt) {
  std::unique_ptr<Server> service = StartService();
  std::unique_ptr<Process> second = Process::Spawn({FindBinary("service/penstock-ticks", "PENSTOCK_TICKS"),
                                                    "--listen=" + service->address(), "--admin-listen=127.0.0.1:0"})
                                        .value();
  EXPECT_EQ(second->Wait(Soon()), 1);
  EXPECT_THAT(second->Output(), HasSubstr(service->address()));

  std::unique_ptr<Server> gateway = StartGateway({"--upstream=" + service->address()});
  second = Process::Spawn({FindBinary("gateway/penstock-gateway", "PENSTOCK_GATEWAY"), "--listen=" + gateway->address(),
                           "--admin-listen=127.0.0.1:0", "--upstream=" + service->address()})
               .value();
  EXPECT_EQ(second->Wait(Soon()), 1);
  EXPECT_THAT(second->Output(), HasSubstr(gateway->address()));
}

}  // namespace
}  // namespace penstock::testing
