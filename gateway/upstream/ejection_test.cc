#include "gateway/upstream/ejection.h"

#include <gtest/gtest.h>

#include "absl/time/time.h"

namespace penstock::upstream {
namespace {

class EjectionTest : public ::testing::Test {
 protected:
  // Calls that fail until the address is out; how many there were.
  int FailUntilOut() {
    int calls = 1;
    while (!ejection_.OnCall(false)) ++calls;
    return calls;
  }

  Ejection ejection_{absl::Seconds(10)};
};

TEST_F(EjectionTest, ARowOfFailuresPutsItOut) {
  EXPECT_EQ(FailUntilOut(), Ejection::kFailuresInARow);
  EXPECT_TRUE(ejection_.out());
  EXPECT_EQ(ejection_.stay(), absl::Seconds(10));
}

TEST_F(EjectionTest, OneGoodCallBreaksTheRow) {
  for (int row = 0; row < 3; ++row) {
    for (int i = 1; i < Ejection::kFailuresInARow; ++i) EXPECT_FALSE(ejection_.OnCall(false));
    EXPECT_FALSE(ejection_.OnCall(true));
  }
  EXPECT_FALSE(ejection_.out());
}

TEST_F(EjectionTest, OnProbationTheFirstCallDecides) {
  FailUntilOut();
  ejection_.Return();
  EXPECT_FALSE(ejection_.out());
  EXPECT_TRUE(ejection_.OnCall(false));
  EXPECT_EQ(ejection_.stay(), absl::Seconds(20)) << "longer each time";
  ejection_.Return();
  EXPECT_FALSE(ejection_.OnCall(true));
  EXPECT_EQ(FailUntilOut(), Ejection::kFailuresInARow) << "all is forgiven";
  EXPECT_EQ(ejection_.stay(), absl::Seconds(10));
}

TEST_F(EjectionTest, AStayHasALongest) {
  FailUntilOut();
  for (int i = 0; i < 100; ++i) {
    ejection_.Return();
    ejection_.OnCall(false);
  }
  EXPECT_EQ(ejection_.stay(), absl::Seconds(10) * Ejection::kMostTimes);
}

TEST_F(EjectionTest, WhatEndsWhileItIsOutChangesNothing) {
  FailUntilOut();
  EXPECT_FALSE(ejection_.OnCall(false));
  EXPECT_FALSE(ejection_.OnCall(true));
  EXPECT_TRUE(ejection_.out());
}

TEST_F(EjectionTest, AnotherProcessStartsAnew) {
  FailUntilOut();
  ejection_.Clear();
  EXPECT_FALSE(ejection_.out());
  ejection_.Return();
  EXPECT_EQ(FailUntilOut(), Ejection::kFailuresInARow);
}

}  // namespace
}  // namespace penstock::upstream
