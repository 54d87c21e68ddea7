#include "gateway/admin/admin.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/http/testing/fake_response.h"

namespace penstock {
namespace {

class AdminTest : public ::testing::Test {
 protected:
  FakeResponse Ask(const std::string& method, const std::string& target) {
    FakeResponse response;
    http::RequestHead head;
    head.method = method;
    head.target = target;
    const std::unique_ptr<http::RequestHandler> handler = handlers_(std::move(head), response);
    handler->OnRequestHead();
    handler->OnRequestEnd();
    EXPECT_TRUE(response.finished);
    return response;
  }

  std::vector<std::string> reasons_;
  std::function<void(AdminPage)> gathered_;
  const http::HandlerFactory handlers_ = AdminHandlers({
      AdminLiveness(),
      AdminReadiness([this] { return reasons_; }),
      {"/metrics", kPrometheusText, [](const auto& done) { done({"m 1\n"}); }},
      {"/streams", kJsonText, [this](auto done) { gathered_ = std::move(done); }},
      AdminSettings({{"--listen", ":8080"}, {"--expose", "a.B \"c\""}}),
  });
};

TEST_F(AdminTest, AliveWhateverTheUpstreamDoes) {
  reasons_ = {"draining"};
  EXPECT_EQ(Ask("GET", "/livez").status, 200);
}

TEST_F(AdminTest, ReadinessNamesEveryReason) {
  EXPECT_EQ(Ask("GET", "/readyz?verbose").status, 200);
  reasons_ = {"draining", "upstream x:1: refused"};
  const FakeResponse response = Ask("GET", "/readyz");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.body, "not ready: draining; upstream x:1: refused\n");
}

TEST_F(AdminTest, MetricsAreTheTextFormat) {
  const FakeResponse response = Ask("GET", "/metrics");
  EXPECT_EQ(response.body, "m 1\n");
  EXPECT_EQ(response.Header("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(response.Header("Cache-Control"), "no-store");
  EXPECT_EQ(response.content_length, 4u);
}

TEST_F(AdminTest, SettingsAreWhatIsInForce) {
  const FakeResponse response = Ask("GET", "/config");
  EXPECT_EQ(response.body, "{\n\"--listen\":\":8080\",\n\"--expose\":\"a.B \\\"c\\\"\"\n}\n");
  EXPECT_EQ(response.Header("Content-Type"), "application/json");
}

TEST_F(AdminTest, StreamsAreSentWhenTheyAreGathered) {
  FakeResponse response;
  http::RequestHead head;
  head.method = "GET";
  head.target = "/streams";
  std::unique_ptr<http::RequestHandler> handler = handlers_(head, response);
  handler->OnRequestHead();
  EXPECT_FALSE(response.finished);
  gathered_({"{}\n"});
  EXPECT_TRUE(response.finished);
  EXPECT_EQ(response.body, "{}\n");
  // Who has left gets nothing.
  FakeResponse gone;
  handler = handlers_(head, gone);
  handler->OnRequestHead();
  handler.reset();
  gathered_({"{}\n"});
  EXPECT_FALSE(gone.finished);
}

TEST_F(AdminTest, OtherPathsAndMethodsAreRefused) {
  const FakeResponse none = Ask("GET", "/");
  EXPECT_EQ(none.status, 404);
  EXPECT_NE(none.body.find("the admin port has /livez, /readyz, /metrics, /streams and /config"), std::string::npos)
      << none.body;
  EXPECT_EQ(Ask("GET", "/livezz").status, 404);
  const FakeResponse response = Ask("POST", "/livez");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.Header("Allow"), "GET, HEAD");
}

}  // namespace
}  // namespace penstock
