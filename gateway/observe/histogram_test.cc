#include "gateway/observe/histogram.h"

#include <gtest/gtest.h>

namespace penstock::observe {
namespace {

TEST(Histogram, CountsAreCumulativeAndABoundIsInItsBucket) {
  Histogram histogram;
  for (const double seconds : {0.0, 0.005, 0.0051, 1.0, 4000.0}) histogram.Observe(seconds);
  EXPECT_EQ(histogram.CountUpTo(0), 2u) << "at most 0.005";
  EXPECT_EQ(histogram.CountUpTo(1), 3u) << "at most 0.01";
  EXPECT_EQ(histogram.CountUpTo(7), 4u) << "at most 1";
  EXPECT_EQ(histogram.CountUpTo(13), 4u) << "at most an hour";
  EXPECT_EQ(histogram.count(), 5u);
  EXPECT_DOUBLE_EQ(histogram.sum(), 4001.0101);
}

TEST(Histogram, AddsUp) {
  Histogram a, b;
  a.Observe(0.1);
  b.Observe(2);
  b.Observe(0.1);
  a.Add(b);
  EXPECT_EQ(a.count(), 3u);
  EXPECT_EQ(a.CountUpTo(4), 2u) << "at most 0.1";
  EXPECT_DOUBLE_EQ(a.sum(), 2.2);
}

}  // namespace
}  // namespace penstock::observe
