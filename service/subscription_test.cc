#include "service/subscription.h"

#include <cstdint>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace penstock::service {
namespace {

using penstock::tick::v1::Message;

Message WithInterval(int64_t seconds, int32_t nanos) {
  Message request;
  request.mutable_interval()->set_seconds(seconds);
  request.mutable_interval()->set_nanos(nanos);
  return request;
}

TEST(SubscriptionTest, NothingAskedForIsATickASecondWithoutEnd) {
  TickPlan plan{.interval_ns = 7, .count = 7, .after_sequence = 7};
  EXPECT_EQ(CheckSubscription(Message(), &plan).field_violations_size(), 0);
  EXPECT_EQ(plan.interval_ns, 1'000'000'000);
  EXPECT_EQ(plan.count, 0u);
  EXPECT_EQ(plan.after_sequence, 0u);
}

TEST(SubscriptionTest, WhatIsAskedForIsInThePlan) {
  Message request = WithInterval(2, 500'000'000);
  request.set_message(std::string(kMaxMessageBytes, 'x'));
  request.set_count(9);
  request.set_after_sequence(~uint64_t{0});
  TickPlan plan;
  EXPECT_EQ(CheckSubscription(request, &plan).field_violations_size(), 0);
  EXPECT_EQ(plan.interval_ns, 2'500'000'000);
  EXPECT_EQ(plan.count, 9u);
  EXPECT_EQ(plan.after_sequence, ~uint64_t{0});
}

struct IntervalCase {
  const char* why;
  int64_t seconds;
  int32_t nanos;
  int64_t interval_ns;  // 0: refused
};

TEST(SubscriptionTest, IntervalBounds) {
  const IntervalCase cases[] = {
      {"the shortest", 0, 1'000'000, 1'000'000},
      {"a nanosecond too short", 0, 999'999, 0},
      {"the longest", 3'600, 0, 3'600'000'000'000},
      {"a nanosecond too long", 3'600, 1, 0},
      {"set, and zero", 0, 0, 0},
      {"negative", -1, 0, 0},
      {"mixed signs, though in range together", 2, -1, 0},
      {"mixed signs the other way", -1, 1, 0},
      {"nanos of a whole second", 0, 1'000'000'000, 0},
      {"the largest numbers there are", INT64_MAX, INT32_MAX, 0},
      {"the smallest", INT64_MIN, INT32_MIN, 0},
      {"the longest valid Duration", 315'576'000'000, 999'999'999, 0},
  };
  for (const IntervalCase& c : cases) {
    SCOPED_TRACE(c.why);
    TickPlan plan;
    const google::rpc::BadRequest faults = CheckSubscription(WithInterval(c.seconds, c.nanos), &plan);
    if (c.interval_ns != 0) {
      EXPECT_EQ(faults.field_violations_size(), 0) << Describe(faults);
      EXPECT_EQ(plan.interval_ns, c.interval_ns);
    } else {
      ASSERT_EQ(faults.field_violations_size(), 1);
      EXPECT_EQ(faults.field_violations(0).field(), "interval");
    }
  }
}

TEST(SubscriptionTest, AllFaultsAreToldAtOnce) {
  Message request = WithInterval(0, 1);
  request.set_message(std::string(kMaxMessageBytes + 1, 'x'));
  TickPlan plan;
  const google::rpc::BadRequest faults = CheckSubscription(request, &plan);
  ASSERT_EQ(faults.field_violations_size(), 2);
  EXPECT_EQ(faults.field_violations(0).field(), "message");
  EXPECT_EQ(faults.field_violations(1).field(), "interval");
  const std::string line = Describe(faults);
  EXPECT_NE(line.find("message must be at most 65536 bytes"), std::string::npos) << line;
  EXPECT_NE(line.find("interval must be from 1ms to 1h, is 1ns"), std::string::npos) << line;
}

}  // namespace
}  // namespace penstock::service
