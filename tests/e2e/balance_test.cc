// Several real gRPC servers as one upstream: no request fails during a rollout, and calls go only to servers that
// serve.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/support/raw_client.h"
#include "tests/support/servers.h"

namespace penstock::testing {
namespace {

using ::testing::HasSubstr;

Response Ask(const Server& gateway) {
  return Exchange(gateway.address(), PostJson("/v1/ticks:subscribe", R"({"count":1})"), Soon()).value_or(Response());
}

Response Ready(const Server& gateway) {
  return Exchange(gateway.admin_address(), Request("GET", "/readyz"), Soon()).value_or(Response());
}

// One service after the other is replaced while clients keep asking, and no request fails: a server that is about to go
// says so by its health, so new calls go to the other one; what its GOAWAY refuses is sent again.
TEST(Balance, ARolloutOfTheUpstreamFailsNoRequest) {
  const std::vector<std::string> drain = {"--drain-delay=1s", "--drain-window=1s"};
  std::vector<std::unique_ptr<Server>> services;
  for (int i = 0; i < 2; ++i) services.push_back(StartService(drain));
  // One loop: /metrics of a service does not tell which loops have come back to it.
  const std::unique_ptr<Server> gateway =
      StartGateway({"--threads=1", "--upstream-health-check",
                    absl::StrCat("--upstream=", services[0]->address(), ",", services[1]->address())});

  std::atomic<bool> over{false};
  std::atomic<int> asked{0};
  std::vector<std::string> failed(4);
  std::vector<std::thread> clients;
  for (std::string& failure : failed) {
    clients.emplace_back([&] {
      while (!over && failure.empty()) {
        const Response response = Ask(*gateway);
        ++asked;
        // A stream that was accepted by a server that then ends it has an ending that says so; it did not fail unseen.
        if (response.status != 200) failure = absl::StrCat(response.status, " ", response.body, response.error);
      }
    });
  }
  for (int round = 0; round < 4; ++round) {
    std::unique_ptr<Server>& old = services[static_cast<size_t>(round % 2)];
    const std::string address = old->address();
    old->process().Signal(SIGTERM);
    EXPECT_EQ(old->process().Wait(Soon()), 0);
    old = StartService(drain, address);
    const int before = asked;
    // Both take calls again before the other one goes.
    EXPECT_TRUE(WaitUntil([&] { return old->Metric("grpc_server_started_total") > 0 || over; }, Soon()));
    EXPECT_GT(asked, before);
  }
  over = true;
  for (std::thread& client : clients) client.join();
  for (const std::string& failure : failed) EXPECT_EQ(failure, "");
  EXPECT_GT(asked, 20);
}

TEST(Balance, ANotServingServerGetsNoCalls) {
  // It tells its health NOT_SERVING as soon as it drains, and serves on for the delay.
  const std::unique_ptr<Server> going = StartService({"--drain-delay=30s"});
  const std::unique_ptr<Server> staying = StartService();
  const std::unique_ptr<Server> gateway =
      StartGateway({absl::StrCat("--upstream=", going->address(), ",", staying->address()), "--upstream-health-check"});
  const auto started = [](const Server& service) { return service.Metric("grpc_server_started_total"); };
  ASSERT_TRUE(
      WaitUntil([&] { return Ask(*gateway).status == 200 && started(*going) > 0 && started(*staying) > 0; }, Soon()));

  going->process().Signal(SIGTERM);
  // When it is known, calls go to the other one only.
  double before = -1;
  ASSERT_TRUE(WaitUntil(
      [&] {
        before = started(*going);
        for (int i = 0; i < 10; ++i) EXPECT_EQ(Ask(*gateway).status, 200);
        return started(*going) == before;
      },
      Soon()));
  EXPECT_EQ(Ready(*gateway).status, 200);
  EXPECT_EQ(gateway->process().CountLines("does not serve: its health is NOT_SERVING"), 1u)
      << gateway->process().Output();
  going->process().Signal(SIGTERM);  // hurries
}

TEST(Balance, WithoutAServingServerItIsNotReadyAndSaysWhy) {
  const std::unique_ptr<Server> service = StartService({"--drain-delay=30s"});
  const std::unique_ptr<Server> gateway = StartGateway({"--upstream=" + service->address(), "--upstream-health-check"});
  ASSERT_EQ(Ask(*gateway).status, 200);
  service->process().Signal(SIGTERM);
  ASSERT_TRUE(WaitForReadiness(*gateway, 503, Soon()));
  EXPECT_THAT(Ready(*gateway).body, HasSubstr("does not serve: its health is NOT_SERVING"));
  const Response refused = Ask(*gateway);
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.Header("Retry-After"), "1");
  EXPECT_THAT(refused.body, HasSubstr("NOT_SERVING"));
  service->process().Signal(SIGTERM);
}

}  // namespace
}  // namespace penstock::testing
