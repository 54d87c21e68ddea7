// The reference gateway can replace this one: the same ports and page, the tick service as its upstream, a clean
// shutdown.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/json_at.h"
#include "tests/support/raw_client.h"
#include "tests/support/servers.h"

namespace penstock::testing {
namespace {

using ::testing::HasSubstr;

class ReferenceTest : public ::testing::Test {
 protected:
  Response Ask(const std::string& request) const {
    return Exchange(gateway_->address(), request, Soon()).value_or(Response());
  }

  std::unique_ptr<Server> service_ = StartService();
  std::unique_ptr<Server> gateway_ =
      StartTickReferenceGateway({"--upstream=" + service_->address(), "--web-root=web/root", "--drain-window=100ms"});
};

TEST_F(ReferenceTest, StreamsTicksAsGrpcGatewayDoes) {
  const Response response = Ask(PostJson("/v1/ticks:subscribe", R"({"message":"<","interval":"0.01s","count":2})"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.Header("Content-Type"), "application/json");
  const std::vector<std::string> lines = response.Lines();
  ASSERT_EQ(lines.size(), 2u) << response.body;
  EXPECT_EQ(JsonAt(lines[1], "/result/sequence"), "\"2\"");
  EXPECT_THAT(lines[0], HasSubstr(R"("message":"\u003c")"));
}

TEST_F(ReferenceTest, PrintsErrorDetailsOfTheService) {
  const Response response = Ask(PostJson("/v1/ticks:subscribe", R"({"interval":"9999999s"})"));
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(JsonAt(response.body, "/error/details/0/@type"), "\"type.googleapis.com/google.rpc.BadRequest\"")
      << response.body;
}

TEST_F(ReferenceTest, ServesThePageBesideTheApi) {
  EXPECT_THAT(Ask(Request("GET", "/")).body, HasSubstr("<!doctype html>"));
  EXPECT_THAT(Ask(Request("GET", "/ndjson.js")).Header("Content-Type"), HasSubstr("javascript"));
  const Response nowhere = Ask(Request("GET", "/nowhere"));
  EXPECT_EQ(nowhere.status, 404);
  EXPECT_EQ(JsonAt(nowhere.body, "/code"), "5");
}

TEST_F(ReferenceTest, IsNotReadyWithoutItsService) {
  service_->Kill();
  EXPECT_TRUE(WaitForReadiness(*gateway_, 503, Soon()));
  EXPECT_EQ(Exchange(gateway_->admin_address(), Request("GET", "/livez"), Soon()).value_or(Response()).status, 200);
}

TEST_F(ReferenceTest, EndsWithZeroAlthoughAStreamIsOpen) {
  RawClient client = RawClient::Connect(gateway_->address()).value();
  ASSERT_TRUE(client.Send(PostJson("/v1/ticks:subscribe", "{}")).ok());
  ASSERT_TRUE(client.ReadUntil([](const Response& r) { return r.Lines().size() == 1; }, Soon())) << client.received();
  gateway_->process().Signal(SIGTERM);
  EXPECT_EQ(gateway_->process().Wait(Soon()), 0) << gateway_->process().Output();
}

}  // namespace
}  // namespace penstock::testing
