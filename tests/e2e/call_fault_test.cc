// Calls that fail, hang or return too much, with an upstream that does so on request.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/support/json_at.h"
#include "tests/support/raw_client.h"
#include "tests/support/servers.h"

namespace penstock::testing {
namespace {

class CallFaultTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    upstream_ = StartEverythingServer().release();
    gateway_ = StartGateway({"--upstream=" + upstream_->address(), "--unary-timeout=500ms"}).release();
  }
  static void TearDownTestSuite() {
    delete gateway_;
    delete upstream_;
  }

  static Response Ask(absl::string_view target, absl::string_view json, absl::string_view headers = "") {
    return Exchange(gateway_->address(), PostJson(target, json, headers), Soon()).value_or(Response());
  }

  static Server* upstream_;
  static Server* gateway_;
};

Server* CallFaultTest::upstream_ = nullptr;
Server* CallFaultTest::gateway_ = nullptr;

TEST_F(CallFaultTest, EveryCodeHasItsHttpStatusBothWays) {
  const struct {
    int code, status;
  } kRows[] = {{1, 499}, {2, 500},  {3, 400},  {4, 504},  {5, 404},  {6, 409},  {7, 403},  {8, 429},
               {9, 400}, {10, 409}, {11, 400}, {12, 501}, {13, 500}, {14, 503}, {15, 500}, {16, 401}};
  for (const auto& row : kRows) {
    const std::string body = absl::StrCat(R"({"message":"bad luck","badFields":["a.b"],"code":)", row.code, "}");
    for (const char* target : {"/v1/faults:fail", "/v1/faults:failStream"}) {
      SCOPED_TRACE(absl::StrCat(target, " ", row.code));
      const Response response = Ask(target, body);
      EXPECT_EQ(response.status, row.status) << response.body;
      EXPECT_EQ(JsonAt(response.body, "/code"), absl::StrCat(row.code));
      EXPECT_EQ(JsonStringAt(response.body, "/message"), "bad luck");
      EXPECT_EQ(JsonStringAt(response.body, "/details/0/@type"), "type.googleapis.com/google.rpc.BadRequest");
      EXPECT_EQ(JsonStringAt(response.body, "/details/0/fieldViolations/0/field"), "a.b");
      EXPECT_FALSE(response.HasHeader("Retry-After")) << "an upstream saw the call";
    }
  }
}

TEST_F(CallFaultTest, AFailureAfterMessagesIsALine) {
  const Response response =
      Ask("/v1/faults:failStream", R"({"after":2,"code":5,"message":"gone \"é\" %41\n","badFields":["x"]})");
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(response.complete);
  const std::vector<std::string> lines = response.Lines();
  ASSERT_EQ(lines.size(), 3u) << response.body;
  EXPECT_EQ(lines[0], R"({"type":"item","data":{"number":"1","payload":""}})");
  EXPECT_EQ(lines[1], R"({"type":"item","data":{"number":"2","payload":""}})");
  EXPECT_EQ(JsonAt(lines[2], "/error/code"), "5");
  EXPECT_EQ(JsonStringAt(lines[2], "/error/message"), "gone \"é\" %41\n");
  EXPECT_EQ(JsonStringAt(lines[2], "/error/details/0/fieldViolations/0/field"), "x");
}

TEST_F(CallFaultTest, AStreamWithoutMessagesHasOnlyItsEnding) {
  const Response response = Ask("/v1/faults:failStream", "{}");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "{\"end\":{\"code\":0}}\n");
}

TEST_F(CallFaultTest, TheHeadWaitsOneSecondForAFirstMessage) {
  RawClient client = RawClient::Connect(gateway_->address()).value();
  const absl::Time start = absl::Now();
  ASSERT_TRUE(client.Send(PostJson("/v1/faults:hangStream", "{}")).ok());
  ASSERT_TRUE(client.ReadUntil([](const Response& r) { return r.head_complete; }, Soon()));
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(950));
  EXPECT_LT(absl::Now() - start, absl::Seconds(5));
  EXPECT_EQ(client.response().status, 200);
  EXPECT_EQ(client.response().body, "");
}

TEST_F(CallFaultTest, AHangingCallEndsAtItsDeadlineWhichTheUpstreamKnew) {
  const Response response = Ask("/v1/faults:hang", "{}");
  EXPECT_EQ(response.status, 504) << response.body;
  EXPECT_EQ(JsonAt(response.body, "/code"), "4");
  const double deadline = upstream_->Metric("everything_deadline_milliseconds");
  EXPECT_GT(deadline, 0);
  EXPECT_LE(deadline, 500);
}

TEST_F(CallFaultTest, AHangingStreamEndsAtTheClientsDeadline) {
  const Response response = Ask("/v1/faults:hangStream", R"({"after":1})", "Grpc-Timeout: 400m");
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(response.complete);
  ASSERT_EQ(response.Lines().size(), 2u) << response.body;
  EXPECT_EQ(JsonAt(response.Lines()[0], "/data/number"), "\"1\"");
  EXPECT_EQ(JsonAt(response.Lines()[1], "/error/code"), "4");
  EXPECT_LE(upstream_->Metric("everything_deadline_milliseconds"), 400);
}

TEST_F(CallFaultTest, ABadTimeoutIsRefused) {
  for (const char* value : {"5", "S", "-1S", "1x", "123456789S", "1.5S"}) {
    EXPECT_EQ(Ask("/v1/faults:fail", "{}", absl::StrCat("Grpc-Timeout: ", value)).status, 400) << value;
  }
}

TEST_F(CallFaultTest, MessagesLargerThanTheWindowPass) {
  for (int bytes : {65'535, 65'536, 300'000, 4'000'000}) {
    SCOPED_TRACE(bytes);
    const Response response = Ask("/v1/faults:flood", absl::StrCat(R"({"count":3,"bytes":)", bytes, "}"));
    EXPECT_TRUE(response.complete) << response.error;
    const std::vector<std::string> lines = response.Lines();
    ASSERT_EQ(lines.size(), 4u);
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(JsonAt(lines[i], "/data/number"), absl::StrCat("\"", i + 1, "\""));
      EXPECT_EQ(JsonStringAt(lines[i], "/data/payload"), std::string(static_cast<size_t>(bytes), 'x'));
    }
    EXPECT_EQ(lines[3], R"({"end":{"code":0}})");
  }
}

TEST_F(CallFaultTest, NoRecordIsLostDoubledOrOutOfOrder) {
  constexpr size_t kStreams = 10, kRecords = 20'000;
  std::vector<RawClient> clients;
  for (size_t i = 0; i < kStreams; ++i) {
    clients.push_back(RawClient::Connect(gateway_->address()).value());
    ASSERT_TRUE(
        clients.back().Send(PostJson("/v1/faults:flood", absl::StrCat(R"({"bytes":3,"count":)", kRecords, "}"))).ok());
  }
  for (RawClient& client : clients) {
    const Response response = client.ReadResponse(Soon());
    EXPECT_TRUE(response.complete) << response.error;
    const std::vector<std::string> lines = response.Lines();
    ASSERT_EQ(lines.size(), kRecords + 1);
    for (size_t i = 0; i < kRecords; ++i) {
      ASSERT_EQ(lines[i], absl::StrCat(R"({"type":"item","data":{"number":")", i + 1, R"(","payload":"xxx"}})"));
    }
    EXPECT_EQ(lines.back(), R"({"end":{"code":0}})");
  }
}

TEST_F(CallFaultTest, AMessageOverTheLimitEndsItsStreamAndNoOther) {
  RawClient neighbour = RawClient::Connect(gateway_->address()).value();
  ASSERT_TRUE(neighbour.Send(PostJson("/v1/faults:hangStream", R"({"after":1})")).ok());
  ASSERT_TRUE(neighbour.ReadUntil([](const Response& r) { return !r.Lines().empty(); }, Soon()));

  const Response response = Ask("/v1/faults:flood", R"({"count":1,"bytes":4200000})");
  const bool early = response.status != 200;
  const std::string error = early ? JsonAt(response.body, "/code") : JsonAt(response.Lines().back(), "/error/code");
  EXPECT_EQ(error, "8") << response.status << " " << response.body.substr(0, 300);

  EXPECT_EQ(Ask("/v1/faults:fail", "{}").status, 200);
  EXPECT_FALSE(
      neighbour.ReadUntil([](const Response& r) { return r.complete; }, absl::Now() + absl::Milliseconds(100)));
  EXPECT_EQ(neighbour.peer_end(), RawClient::PeerEnd::kOpen);
}

}  // namespace
}  // namespace penstock::testing
