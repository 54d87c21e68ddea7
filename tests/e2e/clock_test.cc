// Sets the system clock a day forward and two back while streams run. The gateway's timers are monotonic, so nothing
// may change. libfaketime changes the clock for the gateway's process only: the tick service waits in gRPC, which may
// use the system clock.
#include "absl/time/clock.h"

#include <glob.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <string>

#include "tests/support/json_at.h"
#include "tests/support/raw_client.h"
#include "tests/support/servers.h"

namespace penstock::testing {
namespace {

std::string LibraryPath() {
  glob_t found;
  std::string path;
  if (glob("/usr/lib/*/faketime/libfaketimeMT.so.1", 0, nullptr, &found) == 0) path = found.gl_pathv[0];
  globfree(&found);
  return path;
}

class ClockTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string library = LibraryPath();
    ASSERT_NE(library, "") << "install Debian's package libfaketime";
    SetClock("+0");
    service_ = StartService();
    // For the process that is started from here; this one has read its own environment.
    setenv("LD_PRELOAD", library.c_str(), 1);
    setenv("FAKETIME_TIMESTAMP_FILE", file_.c_str(), 1);
    setenv("FAKETIME_NO_CACHE", "1", 1);
    // The older name and today's: monotonic clocks stay what they are, as they do when somebody sets the real one.
    setenv("DONT_FAKE_MONOTONIC", "1", 1);
    setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1", 1);
    gateway_ = StartGateway(
        {"--upstream=" + service_->address(), "--heartbeat=500ms", "--drain-delay=0s", "--drain-window=2s"});
    unsetenv("LD_PRELOAD");
  }

  // By how much the gateway's clock differs from the machine's: "+1d". At once: another file takes the place.
  void SetClock(const std::string& offset) {
    const std::string next = file_ + ".next";
    std::ofstream(next) << offset << "\n";
    ASSERT_EQ(std::rename(next.c_str(), file_.c_str()), 0);
  }

  // What the gateway thinks that it is, from an answer's Date.
  absl::Time GatewayTime() {
    const Response response = Exchange(gateway_->address(), Request("GET", "/nowhere"), Soon()).value_or(Response());
    absl::Time time;
    std::string error;
    EXPECT_TRUE(absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", response.Header("Date"), &time, &error)) << error;
    return time;
  }

  RawClient Subscribe(const std::string& json, const std::string& headers = "") {
    RawClient client = RawClient::Connect(gateway_->address()).value();
    EXPECT_TRUE(client.Send(PostJson("/v1/ticks:subscribe", json, headers)).ok());
    EXPECT_TRUE(client.ReadUntil([](const Response& r) { return !r.body.empty(); }, Soon()));
    return client;
  }

  const std::string file_ = ::testing::TempDir() + "/clock";
  std::unique_ptr<Server> service_, gateway_;
};

// The records of `client` after `first` come at the pace of 20 ms, neither at once nor never, and none is missing but
// for what a busy machine skips.
void ExpectAtTheirPace(RawClient* client) {
  // What has come meanwhile is none of it.
  client->ReadUntil([](const Response&) { return false; }, absl::Now() + absl::Milliseconds(50));
  const size_t first = client->response().Lines().size();
  const absl::Time start = absl::Now();
  EXPECT_TRUE(client->ReadUntil([&](const Response& r) { return r.Lines().size() >= first + 25; }, Soon()));
  EXPECT_GT(absl::Now() - start, absl::Milliseconds(300));
}

TEST_F(ClockTest, SettingTheClockIsNotNoticed) {
  RawClient ticks = Subscribe(R"({"interval":"0.020s"})");
  RawClient silent = Subscribe(R"({"interval":"3600s"})", "Grpc-Timeout: 60S");
  RawClient idle = RawClient::Connect(gateway_->address()).value();
  ASSERT_TRUE(idle.Send(Request("GET", "/nowhere")).ok());
  EXPECT_EQ(idle.ReadResponse(Soon()).status, 404);

  const struct {
    const char* offset;
    absl::Duration difference;
  } kJumps[] = {{"+1d", absl::Hours(24)}, {"-2d", -absl::Hours(48)}, {"+0", absl::ZeroDuration()}};
  for (const auto& jump : kJumps) {
    SCOPED_TRACE(jump.offset);
    SetClock(jump.offset);
    const absl::Duration difference = GatewayTime() - absl::Now();
    ASSERT_LT(absl::AbsDuration(difference - jump.difference), absl::Minutes(1)) << "the clock was not set";
    ExpectAtTheirPace(&ticks);
    // Heartbeats: two of them, and in their time.
    const size_t bytes = silent.response().body.size();
    const absl::Time start = absl::Now();
    EXPECT_TRUE(silent.ReadUntil([&](const Response& r) { return r.body.size() >= bytes + 2; }, Soon()));
    EXPECT_GT(absl::Now() - start, absl::Milliseconds(300));
    EXPECT_FALSE(silent.response().complete) << "its deadline is a minute away";
  }
  idle.NextResponse();
  ASSERT_TRUE(idle.Send(Request("GET", "/nowhere")).ok());
  EXPECT_EQ(idle.ReadResponse(Soon()).status, 404) << "75 s of idling are not over";
}

TEST_F(ClockTest, SettingTheClockWhileTheGatewayDrainsCutsNobodyOff) {
  RawClient first = Subscribe(R"({"interval":"3600s"})");
  RawClient second = Subscribe(R"({"interval":"3600s"})");
  const absl::Time start = absl::Now();
  gateway_->process().Signal(SIGTERM);
  SetClock("+1d");
  for (RawClient* client : {&first, &second}) {
    EXPECT_EQ(JsonAt(client->ReadResponse(Soon()).Lines().back(), "/error/code"), "14");
  }
  EXPECT_EQ(gateway_->process().Wait(Soon()), 0);
  EXPECT_LT(absl::Now() - start, absl::Seconds(10));
}

}  // namespace
}  // namespace penstock::testing
