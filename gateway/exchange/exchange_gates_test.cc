// Requests at the gates: what passes, what is refused, and what waits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "gateway/exchange/testing/exchange_harness.h"

namespace penstock {
namespace {

using observe::EndReason;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A gate whose verdict the test gives.
class SlowGate final : public Gate {
 public:
  struct State {
    Waiter* waiter = nullptr;  // null: nothing waits
    int checks = 0;
  };

  explicit SlowGate(State& state) : state_(state) {}

  Verdict Check(const Request& /*request*/, Waiter& waiter) const override {
    ++state_.checks;
    state_.waiter = &waiter;
    return Verdict::Wait(std::make_unique<Place>(state_));
  }

 private:
  class Place final : public Ticket {
   public:
    explicit Place(State& state) : state_(state) {}
    ~Place() override { state_.waiter = nullptr; }

   private:
    State& state_;
  };

  State& state_;
};

// Notes what it sees, and passes or refuses.
class NotingGate final : public Gate {
 public:
  NotingGate(std::vector<std::string>& notes, absl::optional<Failure> refusal)
      : notes_(notes), refusal_(std::move(refusal)) {}

  Verdict Check(const Request& request, Waiter& /*waiter*/) const override {
    notes_.push_back(request.route == nullptr ? "-" : request.route->path_template);
    return refusal_ ? Verdict::Refuse(*refusal_) : Verdict::Pass();
  }

 private:
  std::vector<std::string>& notes_;
  const absl::optional<Failure> refusal_;
};

class ExchangeGatesTest : public ExchangeTest {
 protected:
  void Add(SlowGate::State& state) { gates_.push_back(std::make_unique<SlowGate>(state)); }
  void AddNoting(absl::optional<Failure> refusal = {}) {
    gates_.push_back(std::make_unique<NotingGate>(notes_, std::move(refusal)));
  }

  std::vector<std::string> notes_;
};

TEST_F(ExchangeGatesTest, AreAskedInOrderWithTheRouteUntilOneRefuses) {
  AddNoting();
  AddNoting(Failure{absl::ResourceExhaustedError("not so fast"), /*unprocessed=*/true, 429, {{"X-Gate", "b"}}});
  AddNoting();
  SendSubscribe();
  EXPECT_THAT(notes_, ElementsAre("/v1/ticks:subscribe", "/v1/ticks:subscribe"));
  EXPECT_EQ(response_.status, 429);
  EXPECT_EQ(response_.Header("X-Gate"), "b");
  EXPECT_EQ(response_.Header("Retry-After"), "1");
  EXPECT_THAT(response_.body, HasSubstr("not so fast"));
  EXPECT_EQ(channel_.handler, nullptr);
  exchange_.reset();
  EXPECT_EQ(Ended(EndReason::kLocal), 1);
}

TEST_F(ExchangeGatesTest, SeeRequestsWithoutARouteToo) {
  AddNoting();
  Send("GET", "/nothing/here", "");
  EXPECT_THAT(notes_, ElementsAre("-"));
  EXPECT_EQ(response_.status, 404);
}

TEST_F(ExchangeGatesTest, ARequestWaitsWithItsBodyAndThenGoesOn) {
  SlowGate::State first, second;
  Add(first);
  Add(second);
  SendSubscribe();
  ASSERT_NE(first.waiter, nullptr);
  EXPECT_EQ(second.checks, 0);
  EXPECT_EQ(response_.released, 0u) << "the session reads no further than its own bound";
  first.waiter->OnVerdict(Gate::Verdict::Pass());
  ASSERT_NE(second.waiter, nullptr);
  EXPECT_EQ(channel_.handler, nullptr);
  second.waiter->OnVerdict(Gate::Verdict::Pass());
  ASSERT_NE(channel_.handler, nullptr) << "the call starts";
  EXPECT_THAT(channel_.sent, ElementsAre("\x0a\x02hi"));
  EXPECT_EQ(response_.released, std::string("{\"message\":\"hi\"}").size());
  channel_.handler->OnCallMessage(Tick(1), 10);
  EXPECT_EQ(response_.status, 200);
}

TEST_F(ExchangeGatesTest, ABodyThatIsNotCompleteWhenTheGateOpensIsReadOn) {
  SlowGate::State gate;
  Add(gate);
  Begin("POST", "/v1/ticks:subscribe");
  handler().OnRequestBody("{\"message\":");
  gate.waiter->OnVerdict(Gate::Verdict::Pass());
  EXPECT_EQ(channel_.handler, nullptr);
  handler().OnRequestBody("\"hi\"}");
  handler().OnRequestEnd();
  EXPECT_THAT(channel_.sent, ElementsAre("\x0a\x02hi"));
}

TEST_F(ExchangeGatesTest, AWaitingRequestCanBeRefused) {
  SlowGate::State gate;
  Add(gate);
  SendSubscribe();
  gate.waiter->OnVerdict(Gate::Verdict::Refuse({absl::UnauthenticatedError("no such key")}));
  EXPECT_EQ(response_.status, 401);
  EXPECT_TRUE(response_.finished);
  EXPECT_EQ(channel_.handler, nullptr);
}

TEST_F(ExchangeGatesTest, NothingIsDecidedForAClientThatHasGone) {
  SlowGate::State gate;
  Add(gate);
  SendSubscribe();
  handler().OnClientGone("client_closed");
  EXPECT_EQ(gate.waiter, nullptr) << "its ticket is gone";
  exchange_.reset();
  EXPECT_EQ(Ended(EndReason::kClientGone), 1);
}

TEST_F(ExchangeGatesTest, ADrainOrABrokenBodyEndsTheWait) {
  SlowGate::State gate;
  Add(gate);
  SendSubscribe();
  context_.live.EndForDrain(1);
  EXPECT_EQ(response_.status, 503);
  EXPECT_EQ(gate.waiter, nullptr);
  exchange_.reset();

  Begin("POST", "/v1/ticks:subscribe");
  handler().OnRequestBroken(408, "the request body took too long");
  EXPECT_EQ(response_.status, 408);
  EXPECT_EQ(gate.waiter, nullptr);
}

}  // namespace
}  // namespace penstock
