// The gateway out of resources: no descriptors, no memory, too many connections from one address. New work is refused,
// open streams continue, and health checks respond.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/support/process.h"
#include "tests/support/raw_client.h"
#include "tests/support/servers.h"

namespace penstock::testing {
namespace {

using ::testing::HasSubstr;

class LimitsTest : public ::testing::Test {
 protected:
  void Start(std::vector<std::string> flags) {
    service_ = StartService();
    flags.push_back("--upstream=" + service_->address());
    gateway_ = StartGateway(std::move(flags));
  }

  RawClient Connect() { return RawClient::Connect(gateway_->address()).value(); }

  // A stream that has had its first record.
  RawClient Subscribe() {
    RawClient client = Connect();
    EXPECT_TRUE(client.Send(PostJson("/v1/ticks:subscribe", R"({"interval":"0.020s"})")).ok());
    EXPECT_TRUE(client.ReadUntil([](const Response& r) { return !r.body.empty(); }, Soon()));
    return client;
  }

  // It has more records than before.
  static bool GoesOn(RawClient& stream) {
    const size_t before = stream.response().body.size();
    return stream.ReadUntil([&](const Response& r) { return r.body.size() > before; }, Soon());
  }

  Response Ask() {
    return Exchange(gateway_->address(), PostJson("/v1/ticks:subscribe", R"({"count":1})"), Soon())
        .value_or(Response());
  }

  Response Ready() {
    return Exchange(gateway_->admin_address(), Request("GET", "/readyz"), Soon()).value_or(Response());
  }

  std::unique_ptr<Server> service_, gateway_;
};

TEST_F(LimitsTest, OutOfDescriptorsItTurnsAwayWithoutSpinningAndHealthAnswers) {
  Start({"--threads=1"});
  RawClient stream = Subscribe();
  const pid_t pid = gateway_->process().pid();
  // All but a few of the descriptors that it may have are taken from it while it runs.
  rlimit limit{};
  ASSERT_EQ(prlimit(pid, RLIMIT_NOFILE, nullptr, &limit), 0);
  const rlimit few{gateway_->process().OpenDescriptors() + 5, limit.rlim_max};
  ASSERT_EQ(prlimit(pid, RLIMIT_NOFILE, &few, nullptr), 0);

  std::vector<RawClient> crowd;
  for (int i = 0; i < 30; ++i) crowd.push_back(Connect());  // the kernel takes them, the gateway cannot
  const absl::Duration cpu = gateway_->process().CpuTime();
  const absl::Time start = absl::Now();
  EXPECT_TRUE(GoesOn(stream));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Ready().status, 200) << "health has a descriptor in reserve";
  absl::SleepFor(absl::Seconds(1));  // long enough for a share of a CPU to mean something
  const double used = absl::FDivDuration(gateway_->process().CpuTime() - cpu, absl::Now() - start);
  EXPECT_LT(used, 0.5) << "of a CPU: a listener that stays readable must not keep it busy";
  EXPECT_TRUE(GoesOn(stream));

  crowd.clear();
  ASSERT_EQ(prlimit(pid, RLIMIT_NOFILE, &limit, nullptr), 0);
  EXPECT_TRUE(WaitUntil([&] { return Ask().status == 200; }, Soon()));
  EXPECT_TRUE(GoesOn(stream));
}

TEST_F(LimitsTest, AboveTheCapOfMemoryNewRequestsAre503AndStreamsGoOn) {
  Start({"--max-request-bytes=8M", "--max-memory-bytes=64M", "--body-timeout=60s"});
  RawClient stream = Subscribe();
  ASSERT_EQ(Ask().status, 200);
  // Each holds a body of 4 MB in the gateway and does not end it.
  const std::string body(4 << 20, ' ');
  std::vector<RawClient> holders;
  for (int i = 0; i < 30 && Ready().status == 200; ++i) {
    holders.push_back(Connect());
    ASSERT_TRUE(holders.back()
                    .Send(absl::StrCat("POST /v1/ticks:subscribe HTTP/1.1\r\nHost: a\r\nContent-Type: "
                                       "application/json\r\nContent-Length: ",
                                       body.size() + 1, "\r\n\r\n", body))
                    .ok());
    WaitUntil([&] { return Ready().status != 200; }, absl::Now() + absl::Milliseconds(100));
  }
  ASSERT_TRUE(WaitUntil([&] { return Ask().status == 503; }, Soon()));
  const Response refused = Ask();
  EXPECT_EQ(refused.Header("Retry-After"), "1");
  EXPECT_THAT(refused.body, HasSubstr("no memory left"));
  EXPECT_EQ(Exchange(gateway_->address(), Request("GET", "/"), Soon()).value_or(Response()).status, 503);
  const Response ready = Ready();
  EXPECT_EQ(ready.status, 503);
  EXPECT_THAT(ready.body, HasSubstr("--max-memory-bytes=64M"));
  EXPECT_TRUE(GoesOn(stream));
  EXPECT_LT(gateway_->process().ResidentBytes(), 160 << 20);

  holders.clear();
  EXPECT_TRUE(WaitUntil([&] { return Ask().status == 200; }, Soon())) << "what was held is given back";
  EXPECT_TRUE(WaitUntil([&] { return Ready().status == 200; }, Soon()));
  EXPECT_TRUE(GoesOn(stream));
}

TEST_F(LimitsTest, OneAddressHasSoManyConnections) {
  Start({"--max-connections-per-address=2"});
  RawClient first = Subscribe();
  RawClient second = Subscribe();
  RawClient third = Connect();
  EXPECT_EQ(third.ReadResponse(Soon()).status, 429);
  EXPECT_EQ(third.response().Header("Retry-After"), "1");
  EXPECT_TRUE(GoesOn(first));
  EXPECT_EQ(Ready().status, 200) << "the admin port has no such bound";
  second.Close();
  EXPECT_TRUE(WaitUntil([&] { return Ask().status == 200; }, Soon()));
}

}  // namespace
}  // namespace penstock::testing
