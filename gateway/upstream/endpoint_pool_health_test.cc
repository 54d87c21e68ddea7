// With --upstream-health-check, what grpc.health.v1 says decides which addresses get calls.
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gateway/upstream/grpc_frames.h"
#include "gateway/upstream/testing/pool_harness.h"
#include "gateway/upstream/testing/scripted_server.h"

namespace penstock::upstream {
namespace {

using testing::Recorder;
using testing::ResponseHead;
using testing::RunUntil;
using testing::ScriptedServer;

// A HealthCheckResponse of these bytes.
std::string HealthFrame(uint32_t id, const std::string& response) {
  std::string framed;
  AppendFrame(response, &framed);
  return testing::DataFrame(id, framed);
}

class PoolHealthTest : public EndpointPoolTest {
 protected:
  // The pool's connection to `server`, on which its watch, stream 1, has been asked for.
  std::unique_ptr<testing::ScriptedPeer> Watched(ScriptedServer& server) {
    options_.health_check = true;
    Start({server.address()});
    auto peer = server.Accept();
    peer->Await(testing::kData, 1);
    return peer;
  }
};

TEST_F(PoolHealthTest, AnAddressIsUsedWhileItsHealthIsServing) {
  ScriptedServer server(loop_);
  const auto peer = Watched(server);
  EXPECT_FALSE(pool_->ready()) << "it has not said that it serves";
  Recorder waiting;
  Call(waiting);
  peer->Send(ResponseHead(1) + HealthFrame(1, "\x08\x01"));
  peer->Await(testing::kData, 3);
  EXPECT_EQ(joined_, 1);

  peer->Send(HealthFrame(1, "\x08\x02"));
  ASSERT_TRUE(RunUntil(loop_, [&] { return !pool_->ready(); }));
  EXPECT_EQ(pool_->last_error().message(),
            absl::StrCat(net::PrintAddress(server.address()), " does not serve: its health is NOT_SERVING"));
  Recorder refused;
  Call(refused);
  ASSERT_TRUE(RunUntil(loop_, [&] { return refused.end.has_value(); }));
  EXPECT_EQ(refused.end->status, pool_->last_error());
  EXPECT_TRUE(refused.end->unprocessed);
  EXPECT_FALSE(waiting.end.has_value()) << "what runs there goes on";

  peer->Send(HealthFrame(1, "\x08\x01"));
  EXPECT_TRUE(AwaitReady());
  EXPECT_TRUE(RunUntil(loop_, [&] { return joined_ == 2; }));
}

TEST_F(PoolHealthTest, AServerWithoutHealthServes) {
  ScriptedServer server(loop_);
  const auto peer = Watched(server);
  peer->Send(testing::HeadersFrame(1, {{":status", "200"}, {"content-type", "application/grpc"}, {"grpc-status", "12"}},
                                   true));
  EXPECT_TRUE(AwaitReady());
}

TEST_F(PoolHealthTest, AWatchThatEndsIsStartedAgain) {
  ScriptedServer server(loop_);
  const auto peer = Watched(server);
  peer->Send(ResponseHead(1) + HealthFrame(1, "\x08\x01"));
  ASSERT_TRUE(AwaitReady());
  peer->Send(testing::RstFrame(1, 2));
  ASSERT_TRUE(RunUntil(loop_, [&] { return !pool_->ready(); }));
  peer->Await(testing::kData, 3);
  peer->Send(ResponseHead(3) + HealthFrame(3, "\x08\x01"));
  EXPECT_TRUE(AwaitReady());
}

TEST_F(PoolHealthTest, TheWatchDoesNotHoldUpAConnectionThatEnds) {
  ScriptedServer server(loop_);
  const auto peer = Watched(server);
  peer->Send(ResponseHead(1) + HealthFrame(1, "\x08\x01"));
  ASSERT_TRUE(AwaitReady());
  peer->Send(testing::GoawayFrame(1, 0));
  EXPECT_TRUE(RunUntil(loop_, [&] {
    peer->Poll();
    return peer->closed();
  }));
}

}  // namespace
}  // namespace penstock::upstream
