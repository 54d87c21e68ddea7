// An address that takes connections and fails call after call is passed over for a while.
#include <gtest/gtest.h>

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "gateway/upstream/testing/pool_harness.h"
#include "gateway/upstream/testing/scripted_server.h"

namespace penstock::upstream {
namespace {

using testing::OkTrailers;
using testing::Recorder;
using testing::ResponseHead;
using testing::RunUntil;
using testing::ScriptedPeer;
using testing::ScriptedServer;

using PoolEjectionTest = EndpointPoolTest;

TEST_F(PoolEjectionTest, AnAddressWhoseCallsFailIsPassedOverForAWhile) {
  options_.ejection_time = absl::Milliseconds(300);
  ScriptedServer one(loop_), two(loop_);
  Start({one.address(), two.address()});
  const auto bad = one.Accept();
  const auto good = two.Accept();
  ASSERT_TRUE(RunUntil(loop_, [&] { return pool_->connections() == 2; }));
  const auto answer = [](ScriptedPeer& peer, uint32_t id, bool well) {
    peer.Send(well ? ResponseHead(id) + OkTrailers(id)
                   : testing::HeadersFrame(
                         id, {{":status", "200"}, {"content-type", "application/grpc"}, {"grpc-status", "14"}}, true));
  };
  uint32_t next_bad = 1, next_good = 1;
  int failed = 0;
  // One call at a time. Which of the two it goes to, the pool decides.
  const auto call = [&] {
    Recorder recorder;
    Call(recorder);
    bool to_bad = false;
    ASSERT_TRUE(RunUntil(loop_, [&] {
      bad->Poll();
      good->Poll();
      to_bad = bad->Has(testing::kData, next_bad);
      return to_bad || good->Has(testing::kData, next_good);
    }));
    answer(to_bad ? *bad : *good, to_bad ? next_bad : next_good, !to_bad);
    (to_bad ? next_bad : next_good) += 2;
    if (to_bad) ++failed;
    ASSERT_TRUE(RunUntil(loop_, [&] { return recorder.end.has_value(); }));
  };
  for (int i = 0; i < 40 && pool_->connections() == 2; ++i) call();
  EXPECT_EQ(failed, 5);
  EXPECT_EQ(pool_->connections(), 1u);
  for (int i = 0; i < 10; ++i) call();
  EXPECT_EQ(failed, 5) << "all went to the other one";
  ASSERT_TRUE(RunUntil(loop_, [&] { return !failures_.empty(); }));
  EXPECT_EQ(failures_.back(),
            absl::StrCat(net::PrintAddress(one.address()), " fails call after call: passed over for 300ms"));
  // It comes back, and the next failure is enough.
  ASSERT_TRUE(RunUntil(loop_, [&] { return pool_->connections() == 2; }));
  for (int i = 0; i < 10 && pool_->connections() == 2; ++i) call();
  EXPECT_EQ(failed, 6);
  EXPECT_EQ(pool_->connections(), 1u);
}

TEST_F(PoolEjectionTest, TheOnlyAddressIsNotPassedOver) {
  ScriptedServer server(loop_);
  Start({server.address()});
  const auto peer = server.Accept();
  ASSERT_TRUE(AwaitReady());
  for (uint32_t id = 1; id <= 21; id += 2) {
    Recorder recorder;
    Call(recorder);
    peer->Await(testing::kData, id);
    peer->Send(testing::HeadersFrame(id, {{":status", "503"}}, true));
    ASSERT_TRUE(RunUntil(loop_, [&] { return recorder.end.has_value(); }));
    EXPECT_TRUE(pool_->ready());
  }
}

}  // namespace
}  // namespace penstock::upstream
