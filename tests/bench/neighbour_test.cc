// Each neighbour of the benchmark, against the real gateway: it does what it is for, and counts the gateway's reaction.
#include "tests/bench/neighbour.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/support/process.h"
#include "tests/support/servers.h"

namespace penstock::bench {
namespace {

using ::testing::HasSubstr;
using testing::Server;
using testing::Soon;

class NeighbourTest : public ::testing::Test {
 protected:
  // Lets it act until it has met the gateway's answer three times.
  void Act(Neighbour& neighbour) {
    const absl::Time deadline = Soon();
    while (neighbour.met().times < 3 && neighbour.met().fault.empty() && absl::Now() < deadline) neighbour.Act();
    EXPECT_EQ(neighbour.met().fault, "");
    EXPECT_EQ(neighbour.met().times, 3);
  }

  std::unique_ptr<Server> service_ = testing::StartService();
  std::unique_ptr<Server> gateway_ = testing::StartGateway({"--upstream=" + service_->address(), "--threads=1"});
};

TEST_F(NeighbourTest, WhoFloodsIsThrownOutAndComesAgain) {
  for (const char* name : {"rapid-reset", "continuation"}) {
    SCOPED_TRACE(name);
    std::unique_ptr<Neighbour> neighbour = MakeNeighbour(name, *gateway_, /*a_second=*/5000);
    ASSERT_NE(neighbour, nullptr);
    Act(*neighbour);
    EXPECT_LT(neighbour->met().longest, absl::Seconds(5));
    EXPECT_THAT(neighbour->Report(), HasSubstr("thrown out 3 times"));
  }
  EXPECT_GT(gateway_->Metric("penstock_requests_ended_total"), 0) << "no stream of the flood was one";
}

TEST_F(NeighbourTest, WhoScrapesIsAnswered) {
  std::unique_ptr<Neighbour> neighbour = MakeNeighbour("scrape", *gateway_, /*a_second=*/100);
  ASSERT_NE(neighbour, nullptr);
  Act(*neighbour);
  EXPECT_GT(neighbour->met().longest, absl::ZeroDuration());
  EXPECT_THAT(neighbour->Report(), HasSubstr("answered 3 times"));
}

TEST_F(NeighbourTest, WhatIsNotAnsweredIsAFault) {
  gateway_->Kill();
  for (const std::string& name : NeighbourNames()) {
    SCOPED_TRACE(name);
    std::unique_ptr<Neighbour> neighbour = MakeNeighbour(name, *gateway_, /*a_second=*/100);
    ASSERT_NE(neighbour, nullptr);
    neighbour->Act();
    EXPECT_NE(neighbour->met().fault, "");
  }
}

TEST_F(NeighbourTest, ActsInAThreadOfItsOwnUntilItIsOver) {
  std::unique_ptr<Neighbour> neighbour = MakeNeighbour("rapid-reset", *gateway_, /*a_second=*/5000);
  {
    Beside beside(neighbour.get());
    EXPECT_TRUE(testing::WaitUntil([&] { return gateway_->Metric("penstock_requests_ended_total") >= 1000; }, Soon()));
  }
  EXPECT_GT(neighbour->met().times, 0);
  Beside nobody(nullptr);
}

TEST_F(NeighbourTest, AnUnknownNameIsNobody) { EXPECT_EQ(MakeNeighbour("burglar", *gateway_, 1), nullptr); }

}  // namespace
}  // namespace penstock::bench
