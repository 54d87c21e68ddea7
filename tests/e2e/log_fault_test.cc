// Logs that cannot be written, because the terminal, the pipe or the disk is stuck or full. Streams continue, and the
// process still exits on SIGTERM.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/support/json_at.h"
#include "tests/support/process.h"
#include "tests/support/raw_client.h"
#include "tests/support/servers.h"

namespace penstock::testing {
namespace {

using ::testing::HasSubstr;

RawClient Subscribe(const Server& gateway) {
  RawClient client = RawClient::Connect(gateway.address()).value();
  EXPECT_TRUE(client.Send(PostJson("/v1/ticks:subscribe", R"({"interval":"0.010s"})")).ok());
  EXPECT_TRUE(client.ReadUntil([](const Response& r) { return r.Lines().size() > 2; }, Soon()));
  return client;
}

// Requests on one connection, each with a line in the access log.
void Ask(const Server& gateway, int times) {
  RawClient client = RawClient::Connect(gateway.address()).value();
  for (int i = 0; i < times; ++i) {
    ASSERT_TRUE(client.Send(Request("GET", "/nowhere")).ok());
    ASSERT_EQ(client.ReadResponse(Soon()).status, 404) << "request " << i;
    client.NextResponse();
  }
}

// The access log's queue holds 8192 lines.
constexpr int kMoreThanAreQueued = 10'000;

TEST(LogFault, NobodyReadsTheLogs) {
  const std::unique_ptr<Server> service = StartService({"--drain-delay=0s", "--drain-window=1s"});
  const std::unique_ptr<Server> gateway =
      StartGateway({"--upstream=" + service->address(), "--drain-delay=0s", "--drain-window=1s"});
  RawClient stream = Subscribe(*gateway);
  service->process().StopReading();
  gateway->process().StopReading();
  Ask(*gateway, kMoreThanAreQueued);
  const size_t records = stream.response().Lines().size();
  EXPECT_TRUE(stream.ReadUntil([&](const Response& r) { return r.Lines().size() > records + 10; }, Soon()));

  gateway->process().Signal(SIGTERM);
  EXPECT_THAT(stream.ReadResponse(Soon()).Lines().back(), HasSubstr("{\"error\":{\"code\":14,"));
  EXPECT_EQ(gateway->process().Wait(Soon()), 0) << "its last lines are nobody's";
  service->process().Signal(SIGTERM);
  EXPECT_EQ(service->process().Wait(Soon()), 0);
}

TEST(LogFault, LogsThatNobodyReadsHoldABoundedAmountOfMemory) {
  const std::unique_ptr<Server> service = StartService();
  const std::unique_ptr<Server> gateway = StartGateway({"--upstream=" + service->address()});
  gateway->process().StopReading();
  Ask(*gateway, kMoreThanAreQueued);
  const int64_t full = gateway->process().ResidentBytes();
  Ask(*gateway, kMoreThanAreQueued);
  EXPECT_LT(gateway->process().ResidentBytes() - full, 1 << 20);
}

TEST(LogFault, TheDiskOfTheAccessLogIsFull) {
  const std::unique_ptr<Server> service = StartService();
  const std::unique_ptr<Server> gateway = StartGateway(
      {"--upstream=" + service->address(), "--access-log=/dev/full", "--drain-delay=0s", "--drain-window=1s"});
  RawClient stream = Subscribe(*gateway);
  Ask(*gateway, 100);
  EXPECT_TRUE(gateway->process().WaitForLine("No space left on device", Soon())) << gateway->process().Output();
  const size_t records = stream.response().Lines().size();
  EXPECT_TRUE(stream.ReadUntil([&](const Response& r) { return r.Lines().size() > records + 10; }, Soon()));
  gateway->process().Signal(SIGTERM);
  EXPECT_EQ(gateway->process().Wait(Soon()), 0);
}

}  // namespace
}  // namespace penstock::testing
