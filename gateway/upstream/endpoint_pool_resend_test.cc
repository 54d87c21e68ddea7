// Which calls are sent again, where, and which never: those that the upstream refused before it processed them.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "gateway/upstream/grpc_frames.h"
#include "gateway/upstream/testing/pool_harness.h"
#include "gateway/upstream/testing/scripted_server.h"

namespace penstock::upstream {
namespace {

using testing::OkTrailers;
using testing::Recorder;
using testing::ResponseHead;
using testing::RunUntil;
using testing::ScriptedServer;

constexpr uint32_t kRefusedStream = 7;  // error code

std::string WindowUpdate(uint32_t id, uint32_t by) {
  std::string payload(4, '\0');
  for (int i = 0; i < 4; ++i) payload[static_cast<size_t>(i)] = static_cast<char>(by >> (24 - 8 * i));
  return testing::EncodeFrame({testing::kWindowUpdate, 0, id, payload});
}

class ResendTest : public EndpointPoolTest {
 protected:
  // The pool on `server` alone: the one connection, accepted and ready.
  auto ConnectTo(ScriptedServer& server) {
    Start({server.address()});
    auto peer = server.Accept();
    EXPECT_TRUE(AwaitReady());
    return peer;
  }
};

TEST_F(ResendTest, ARefusedCallIsSentAgainElsewhere) {
  ScriptedServer one(loop_), two(loop_);
  Start({one.address(), two.address()});
  const auto first = one.Accept();
  const auto second = two.Accept();
  ASSERT_TRUE(RunUntil(loop_, [&] { return pool_->connections() == 2; }));
  std::vector<Recorder> calls(2);
  for (Recorder& call : calls) Call(call);
  const testing::Frame asked = first->Await(testing::kData, 1);
  first->Send(testing::RstFrame(1, kRefusedStream));
  // To the other, which has as many; all of it, as it was sent the first time.
  const testing::Frame again = second->Await(testing::kData, 3);
  EXPECT_EQ(again.payload, asked.payload);
  EXPECT_EQ(again.flags, asked.flags);
  second->Send(ResponseHead(3) + OkTrailers(3));
  ASSERT_TRUE(RunUntil(loop_, [&] { return calls[0].end.has_value() || calls[1].end.has_value(); }));
  EXPECT_TRUE((calls[0].end ? calls[0] : calls[1]).end->status.ok());
}

TEST_F(ResendTest, ACallThatIsRefusedAgainAndAgainSaysSo) {
  ScriptedServer server(loop_);
  const auto peer = ConnectTo(server);
  Recorder recorder;
  Call(recorder);
  for (uint32_t id = 1; id <= 5; id += 2) {
    EXPECT_FALSE(recorder.end.has_value()) << id;
    peer->Await(testing::kData, id);
    peer->Send(testing::RstFrame(id, kRefusedStream));
  }
  ASSERT_TRUE(RunUntil(loop_, [&] { return recorder.end.has_value(); }));
  EXPECT_TRUE(absl::StrContains(recorder.end->status.message(), "REFUSED_STREAM")) << recorder.end->status;
  EXPECT_TRUE(recorder.end->unprocessed);
  EXPECT_FALSE(peer->Has(testing::kHeaders, 7));
}

TEST_F(ResendTest, WhatGoawayLeavesOutIsSentOnTheNextConnection) {
  ScriptedServer server(loop_);
  const auto peer = ConnectTo(server);
  Recorder kept, moved;
  Call(kept);
  Call(moved);
  peer->Await(testing::kData, 3);
  peer->Send(testing::GoawayFrame(1, 0));
  const auto next = server.Accept();
  next->Await(testing::kData, 1);
  next->Send(ResponseHead(1) + OkTrailers(1));
  ASSERT_TRUE(RunUntil(loop_, [&] { return moved.end.has_value(); }));
  EXPECT_TRUE(moved.end->status.ok()) << moved.end->status;
  EXPECT_FALSE(kept.end.has_value());
}

TEST_F(ResendTest, ACallThatMayHaveBeenProcessedIsNotSentAgain) {
  const struct {
    const char* why;
    std::string frames;  // then the connection is reset
  } kRows[] = {
      {"sent, and the connection lost", ""},
      {"answered, then refused", ResponseHead(1) + testing::RstFrame(1, kRefusedStream)},
      {"reset for another reason", testing::RstFrame(1, 8)},
  };
  for (const auto& row : kRows) {
    SCOPED_TRACE(row.why);
    ScriptedServer server(loop_);
    const auto peer = ConnectTo(server);
    Recorder recorder;
    Call(recorder);
    peer->Await(testing::kData, 1);
    row.frames.empty() ? peer->Reset() : peer->Send(row.frames);
    ASSERT_TRUE(RunUntil(loop_, [&] { return recorder.end.has_value(); }));
    EXPECT_FALSE(recorder.end->unprocessed);
    EXPECT_FALSE(peer->Has(testing::kHeaders, 3));
    pool_.reset();
  }
}

TEST_F(ResendTest, AStreamOfRequestsIsSentAgainWhileItIsShort) {
  ScriptedServer server(loop_);
  const auto peer = ConnectTo(server);
  for (const bool is_short : {true, false}) {
    SCOPED_TRACE(is_short ? "short" : "longer than what is kept");
    const uint32_t id = is_short ? 1 : 5;
    const std::string message(is_short ? 1000 : 60'000, 'x');
    Recorder recorder;
    recorder.call = pool_->StartCall({"/pkg.Service/Method", {}, absl::InfiniteDuration()}, &recorder);
    for (int i = 1; i <= 2; ++i) {
      recorder.call->SendMessage(message, /*last=*/false);
      ASSERT_TRUE(RunUntil(loop_, [&] {
        peer->Poll();
        if (!is_short) peer->Send(WindowUpdate(id, 16'384) + WindowUpdate(0, 16'384));
        return recorder.call->Unsent() == 0;
      }));
    }
    peer->Send(testing::RstFrame(id, kRefusedStream));
    if (is_short) {
      peer->Await(testing::kHeaders, 3);
      std::string again;
      while (again.size() < 2 * (message.size() + kFramePrefixBytes)) again += peer->Await(testing::kData, 3).payload;
      EXPECT_EQ(again.size(), 2 * (message.size() + kFramePrefixBytes));
    } else {
      ASSERT_TRUE(RunUntil(loop_, [&] { return recorder.end.has_value(); }));
      EXPECT_TRUE(recorder.end->unprocessed);
    }
  }
}

// Nor does what is kept grow behind an upstream that never takes all of it.
TEST_F(ResendTest, ACallThatHasSentMuchIsNotSentAgainThoughMoreWaits) {
  ScriptedServer server(loop_);
  const auto peer = ConnectTo(server);
  Recorder recorder;
  recorder.call = pool_->StartCall({"/pkg.Service/Method", {}, absl::InfiniteDuration()}, &recorder);
  recorder.call->SendMessage(std::string(200'000, 'x'), /*last=*/false);
  peer->Send(WindowUpdate(1, 65'535) + WindowUpdate(0, 65'535));
  ASSERT_TRUE(RunUntil(loop_, [&] {
    peer->Poll();
    return recorder.call->Unsent() <= 200'000 + kFramePrefixBytes - 2 * 65'535;
  }));
  EXPECT_GT(recorder.call->Unsent(), 0u);
  peer->Send(testing::RstFrame(1, kRefusedStream));
  ASSERT_TRUE(RunUntil(loop_, [&] { return recorder.end.has_value(); }));
  EXPECT_TRUE(recorder.end->unprocessed);
  EXPECT_FALSE(peer->Has(testing::kHeaders, 3));
}

}  // namespace
}  // namespace penstock::upstream
