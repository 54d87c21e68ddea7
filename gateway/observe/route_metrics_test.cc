#include "gateway/observe/route_metrics.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace penstock::observe {
namespace {

using Key = RouteMetrics::RouteKey;

TEST(RouteMetrics, CountsByMethodRouteAndStatus) {
  RouteMetrics metrics;
  metrics.RequestEnded("POST", "/v1/a", 200, absl::Seconds(2), absl::Milliseconds(3));
  metrics.RequestEnded("POST", "/v1/a", 200, absl::Seconds(4), absl::nullopt);
  metrics.RequestEnded("POST", "/v1/a", 503, absl::Milliseconds(1), absl::nullopt);
  metrics.RequestEnded("GET", "", 404, absl::Milliseconds(1), absl::nullopt);
  EXPECT_EQ(metrics.requests().size(), 3u);
  const Histogram& good = metrics.requests().at(Key("POST", "/v1/a", 200));
  EXPECT_EQ(good.count(), 2u);
  EXPECT_DOUBLE_EQ(good.sum(), 6);
  EXPECT_EQ(metrics.first_messages().size(), 1u);
  EXPECT_EQ(metrics.first_messages().at("/v1/a").count(), 1u);
}

TEST(RouteMetrics, AClientInventsNoLabel) {
  RouteMetrics metrics;
  for (int i = 0; i < 100; ++i) metrics.RequestEnded(absl::StrCat("VERB", i), "/v1/a", 200, {}, absl::nullopt);
  EXPECT_EQ(metrics.requests().size(), 1u);
  EXPECT_EQ(metrics.requests().begin()->first, Key("other", "/v1/a", 200));
}

TEST(RouteMetrics, SchemasThatComeAndGoDoNotAddUpForEver) {
  RouteMetrics metrics;
  for (size_t i = 0; i < 2 * RouteMetrics::kMostRoutes; ++i) {
    metrics.RequestEnded("GET", absl::StrCat("/v", i), 200, {}, absl::Seconds(1));
    metrics.CallStarted(absl::StrCat("/s/m", i));
  }
  EXPECT_EQ(metrics.requests().size(), RouteMetrics::kMostRoutes + 1);
  EXPECT_EQ(metrics.requests().at(Key("GET", "other", 200)).count(), RouteMetrics::kMostRoutes);
  EXPECT_EQ(metrics.first_messages().size(), RouteMetrics::kMostRoutes + 1);
  EXPECT_EQ(metrics.methods().size(), RouteMetrics::kMostMethods + 1);
}

TEST(RouteMetrics, CallsByCode) {
  RouteMetrics metrics;
  metrics.CallStarted("/s/m");
  metrics.CallEnded("/s/m", absl::StatusCode::kUnavailable, 7);
  metrics.CallEnded("/s/m", static_cast<absl::StatusCode>(77), 0);
  const RouteMetrics::Method& method = metrics.methods().at("/s/m");
  EXPECT_EQ(method.started, 1u);
  EXPECT_EQ(method.messages, 7u);
  EXPECT_EQ(method.handled[14], 1u);
  EXPECT_EQ(method.handled[2], 1u) << "a code that gRPC does not know is UNKNOWN";
}

TEST(RouteMetrics, LoopsAddUp) {
  RouteMetrics a, b;
  a.RequestEnded("GET", "/x", 200, absl::Seconds(1), absl::nullopt);
  b.RequestEnded("GET", "/x", 200, absl::Seconds(1), absl::Seconds(1));
  b.CallStarted("/s/m");
  a.Add(b);
  EXPECT_EQ(a.requests().at(Key("GET", "/x", 200)).count(), 2u);
  EXPECT_EQ(a.first_messages().at("/x").count(), 1u);
  EXPECT_EQ(a.methods().at("/s/m").started, 1u);
}

}  // namespace
}  // namespace penstock::observe
