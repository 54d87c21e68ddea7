// SIGTERM: every stream gets a final record, no connection is reset, and the exit code is 0.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/json_at.h"
#include "tests/support/raw_client.h"
#include "tests/support/servers.h"

namespace penstock::testing {
namespace {

class DrainTest : public ::testing::Test {
 protected:
  DrainTest() { RaiseDescriptorLimit(); }

  void Start(std::vector<std::string> flags) {
    service_ = StartService();
    flags.push_back("--upstream=" + service_->address());
    gateway_ = StartGateway(std::move(flags));
  }

  // Streams that have had their first tick.
  std::vector<RawClient> Streams(int count) {
    std::vector<RawClient> clients;
    for (int i = 0; i < count; ++i) {
      clients.push_back(RawClient::Connect(gateway_->address()).value());
      EXPECT_TRUE(clients.back().Send(PostJson("/v1/ticks:subscribe", R"({"interval":"0.05s"})")).ok());
    }
    for (RawClient& client : clients) {
      EXPECT_TRUE(client.ReadUntil([](const Response& r) { return !r.Lines().empty(); }, Soon()));
    }
    return clients;
  }

  static void ExpectDrained(RawClient& client) {
    const Response response = client.ReadResponse(Soon());
    EXPECT_TRUE(response.complete) << response.error;
    const std::vector<std::string> lines = response.Lines();
    for (size_t i = 0; i + 1 < lines.size(); ++i) {
      EXPECT_EQ(JsonAt(lines[i], "/type"), "\"tick\"") << "whole, and nothing else before the end: " << lines[i];
    }
    EXPECT_EQ(JsonAt(lines.back(), "/error/code"), "14") << lines.back();
    EXPECT_EQ(JsonStringAt(lines.back(), "/error/details/0/@type"), "type.googleapis.com/google.rpc.RetryInfo");
    EXPECT_EQ(client.WaitForPeerEnd(Soon()), RawClient::PeerEnd::kFin);
  }

  std::unique_ptr<Server> service_, gateway_;
};

TEST_F(DrainTest, EveryStreamGetsAnEndingAndTheExitIsClean) {
  Start({"--drain-delay=100ms", "--drain-window=500ms"});
  std::vector<RawClient> clients = Streams(500);
  gateway_->process().Signal(SIGTERM);
  for (RawClient& client : clients) {
    ExpectDrained(client);
    if (HasFailure()) break;
  }
  EXPECT_EQ(gateway_->process().Wait(Soon()), 0) << gateway_->process().Output();
}

TEST_F(DrainTest, SigintIsTheSame) {
  Start({"--drain-delay=0s", "--drain-window=100ms"});
  std::vector<RawClient> clients = Streams(3);
  gateway_->process().Signal(SIGINT);
  for (RawClient& client : clients) ExpectDrained(client);
  EXPECT_EQ(gateway_->process().Wait(Soon()), 0);
}

TEST_F(DrainTest, DuringTheDelayItIsNotReadyAndStillServes) {
  Start({"--drain-delay=2s", "--drain-window=100ms"});
  gateway_->process().Signal(SIGTERM);
  EXPECT_TRUE(WaitForReadiness(*gateway_, 503, Soon()));
  const absl::StatusOr<Response> response =
      Exchange(gateway_->address(), PostJson("/v1/ticks:subscribe", R"({"count":1})"), Soon());
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->Lines().size(), 2u) << response->body;
  EXPECT_EQ(gateway_->process().Wait(Soon()), 0);
}

TEST_F(DrainTest, WithoutStreamsItIsOverAtOnce) {
  Start({"--drain-delay=0s", "--drain-window=60s"});
  RawClient idle = RawClient::Connect(gateway_->address()).value();
  gateway_->process().Signal(SIGTERM);
  EXPECT_EQ(gateway_->process().Wait(Soon()), 0);
  EXPECT_EQ(idle.WaitForPeerEnd(Soon()), RawClient::PeerEnd::kFin);
}

TEST_F(DrainTest, ASecondSignalHurries) {
  Start({"--drain-delay=600s", "--drain-window=600s"});
  std::vector<RawClient> clients = Streams(3);
  gateway_->process().Signal(SIGTERM);
  EXPECT_TRUE(WaitForReadiness(*gateway_, 503, Soon()));
  gateway_->process().Signal(SIGTERM);
  for (RawClient& client : clients) ExpectDrained(client);
  EXPECT_EQ(gateway_->process().Wait(Soon()), 0);
}

TEST_F(DrainTest, AFinishedAnswerIsNotCut) {
  Start({"--drain-delay=0s", "--drain-window=5s"});
  RawClient client = RawClient::Connect(gateway_->address()).value();
  ASSERT_TRUE(client.Send(PostJson("/v1/ticks:subscribe", R"({"count":1})")).ok());
  EXPECT_EQ(client.ReadResponse(Soon()).Lines().size(), 2u);
  gateway_->process().Signal(SIGTERM);
  EXPECT_EQ(client.WaitForPeerEnd(Soon()), RawClient::PeerEnd::kFin) << "idle connections close";
  EXPECT_EQ(gateway_->process().Wait(Soon()), 0);
}

}  // namespace
}  // namespace penstock::testing
