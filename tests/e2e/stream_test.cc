// A stream of ticks from the service through the gateway, as a client sees it on the wire.
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

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

constexpr char kTimeRegex[] = "[0-9]+-[0-9]+-[0-9]+T[0-9]+:[0-9]+:[0-9]+[.]?[0-9]*Z";
constexpr char kGoodEnd[] = R"({"end":{"code":0}})";

class StreamTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    service_ = StartService().release();
    gateway_ = StartGateway({"--upstream=" + service_->address(), "--heartbeat=200ms"}).release();
  }
  static void TearDownTestSuite() {
    delete gateway_;
    delete service_;
  }

  // The lines are ticks numbered within [first, last], in order, and the good end. The first is never skipped; of the
  // others a busy service may skip one, and must then leave a gap.
  static void ExpectTicks(const Response& response, const std::string& message, int first, int last) {
    EXPECT_EQ(response.error, "");
    EXPECT_TRUE(response.complete);
    const std::vector<std::string> lines = response.Lines();
    ASSERT_GE(lines.size(), 2u) << response.body;
    int next = first;
    for (size_t i = 0; i + 1 < lines.size(); ++i) {
      EXPECT_THAT(lines[i],
                  MatchesRegex(absl::StrCat(" *[{]\"type\":\"tick\",\"id\":\"[0-9]+\",\"data\":[{]\"time\":\"",
                                            kTimeRegex, "\",\"message\":\"", message, "\",\"sequence\":\"[0-9]+\"}}")));
      EXPECT_THAT(JsonAt(lines[i], ""), StartsWith("{")) << "strict JSON too";
      int sequence = 0;
      EXPECT_TRUE(absl::SimpleAtoi(JsonStringAt(lines[i], "/data/sequence"), &sequence));
      EXPECT_EQ(JsonStringAt(lines[i], "/id"), absl::StrCat(sequence)) << "a client goes on after it";
      EXPECT_GE(sequence, next);
      EXPECT_LE(sequence, i == 0 ? first : last);
      next = sequence + 1;
    }
    EXPECT_EQ(lines.back().substr(lines.back().find_first_not_of(' ')), kGoodEnd);
  }

  static Response Ask(const std::string& request) {
    return Exchange(gateway_->address(), request, Soon()).value_or(Response());
  }

  static Server* service_;
  static Server* gateway_;
};

Server* StreamTest::service_ = nullptr;
Server* StreamTest::gateway_ = nullptr;

TEST_F(StreamTest, PostGetsRecordsAndOneEnding) {
  const Response response =
      Ask(PostJson("/v1/ticks:subscribe", R"({"message":"hello","interval":"0.010s","count":"3"})"));
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(response.chunked);
  ExpectTicks(response, "hello", 1, 3);
}

TEST_F(StreamTest, TheHeadKeepsTheStreamFromBeingStoredBufferedOrGuessedAt) {
  const Response response = Ask(PostJson("/v1/ticks:subscribe", R"({"count":1})"));
  EXPECT_EQ(response.Header("Content-Type"), "application/x-ndjson");
  EXPECT_EQ(response.Header("Cache-Control"), "no-store, no-transform");
  EXPECT_EQ(response.Header("X-Accel-Buffering"), "no");
  EXPECT_EQ(response.Header("X-Content-Type-Options"), "nosniff");
  EXPECT_THAT(response.Header("Date"), HasSubstr("GMT"));
  EXPECT_FALSE(response.HasHeader("Content-Length"));
}

TEST_F(StreamTest, GetBindsTheQuery) {
  ExpectTicks(Ask(Request("GET", "/v1/ticks:subscribe?message=hi%20there&interval=0.010s&count=2")), "hi there", 1, 2);
}

TEST_F(StreamTest, TheTutorialsRequestGetsTheSameBytesAsJson) {
  const Response response =
      Ask(PostJson("/events", R"({"message":"hello","interval":"0.010s","count":2})", "Accept: application/json"));
  EXPECT_EQ(response.Header("Content-Type"), "application/json");
  ExpectTicks(response, "hello", 1, 2);
}

TEST_F(StreamTest, AnyAcceptThatTakesNdjsonIsServed) {
  for (const char* accept : {"*/*", "application/*", "text/html, application/x-ndjson;q=0.2", "application/x-ndjson"}) {
    const Response response = Ask(PostJson("/v1/ticks:subscribe", R"({"count":1})", absl::StrCat("Accept: ", accept)));
    EXPECT_EQ(response.status, 200) << accept;
    EXPECT_EQ(response.Header("Content-Type"), "application/x-ndjson") << accept;
  }
}

TEST_F(StreamTest, ASubscriberGoesOnAfterWhatItHas) {
  ExpectTicks(
      Ask(PostJson("/v1/ticks:subscribe", R"({"message":"m","interval":"0.001s","afterSequence":"41","count":"43"})")),
      "m", 42, 43);
}

TEST_F(StreamTest, NothingLeftEndsAtOnceAndWell) {
  const Response response = Ask(PostJson("/v1/ticks:subscribe", R"({"after_sequence":5,"count":5})"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, absl::StrCat(kGoodEnd, "\n"));
}

TEST_F(StreamTest, AnEmptyMessageIsTheDefault) {
  RawClient client = RawClient::Connect(gateway_->address()).value();
  ASSERT_TRUE(client.Send(PostJson("/v1/ticks:subscribe", "{}")).ok());
  ASSERT_TRUE(client.ReadUntil([](const Response& r) { return r.Lines().size() >= 2; }, Soon()));
  EXPECT_EQ(JsonAt(client.response().Lines()[0], "/data/sequence"), "\"1\"");
  EXPECT_EQ(JsonAt(client.response().Lines()[0], "/data/message"), "\"\"");
}

TEST_F(StreamTest, StringsComeBackAsTheyWentAndEachRecordIsOneLine) {
  const std::string sent = R"("quote \" backslash \\ newline \n tab \t nul \u0000 ls \u2028 é 𝄞 <script>")";
  const Response response = Ask(PostJson("/v1/ticks:subscribe", absl::StrCat(R"({"count":1,"message":)", sent, "}")));
  ASSERT_EQ(response.Lines().size(), 2u) << response.body;
  EXPECT_EQ(JsonStringAt(response.Lines()[0], "/data/message"), JsonStringAt(sent, ""));
}

TEST_F(StreamTest, SilenceIsFilledWithSpacesThatEndNoLine) {
  RawClient client = RawClient::Connect(gateway_->address()).value();
  ASSERT_TRUE(client.Send(PostJson("/v1/ticks:subscribe", R"({"interval":"3600s"})")).ok());
  const absl::Time start = absl::Now();
  ASSERT_TRUE(client.ReadUntil(
      [](const Response& r) {
        const size_t newline = r.body.find('\n');
        return newline != std::string::npos && r.body.size() >= newline + 1 + 3;
      },
      Soon()));
  EXPECT_THAT(client.response().body, MatchesRegex("[^\n]*\n *")) << "one line, then heartbeats";
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(550)) << "three heartbeats come 200 ms apart";
}

TEST_F(StreamTest, ARecordAfterAHeartbeatIsStillJson) {
  const Response response = Ask(PostJson("/v1/ticks:subscribe", R"({"message":"m","interval":"0.5s","count":2})"));
  ExpectTicks(response, "m", 1, 2);
  EXPECT_THAT(response.Lines()[1], StartsWith(" ")) << "a heartbeat came before it";
}

TEST_F(StreamTest, AnEarlyFailureIsAnHttpStatus) {
  const struct {
    const char* why;
    const char* body;
    const char* field;
  } kRows[] = {
      {"below a millisecond", R"({"interval":"0.0001s"})", "interval"},
      {"zero", R"({"interval":"0s"})", "interval"},
      {"negative", R"({"interval":"-1s"})", "interval"},
      {"above an hour", R"({"interval":"3601s"})", "interval"},
  };
  for (const auto& row : kRows) {
    SCOPED_TRACE(row.why);
    const Response response = Ask(PostJson("/v1/ticks:subscribe", row.body));
    EXPECT_EQ(response.status, 400);
    EXPECT_EQ(response.Header("Content-Type"), "application/json");
    EXPECT_EQ(JsonAt(response.body, "/code"), "3");
    EXPECT_THAT(JsonStringAt(response.body, "/message"), HasSubstr(row.field));
    EXPECT_EQ(JsonStringAt(response.body, "/details/0/@type"), "type.googleapis.com/google.rpc.BadRequest");
    EXPECT_EQ(JsonStringAt(response.body, "/details/0/fieldViolations/0/field"), row.field);
  }
}

TEST_F(StreamTest, AMessageOver64KiBIsRefusedByName) {
  const Response longest = Ask(
      PostJson("/v1/ticks:subscribe", absl::StrCat(R"({"count":1,"message":")", std::string(64 << 10, 'm'), "\"}")));
  EXPECT_EQ(longest.status, 200);
  const Response response = Ask(PostJson(
      "/v1/ticks:subscribe", absl::StrCat(R"({"count":1,"message":")", std::string((64 << 10) + 1, 'm'), "\"}")));
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(JsonStringAt(response.body, "/details/0/fieldViolations/0/field"), "message");
}

TEST_F(StreamTest, AConnectionServesOneStreamAfterTheOther) {
  RawClient client = RawClient::Connect(gateway_->address()).value();
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(client.Send(PostJson("/v1/ticks:subscribe", R"({"message":"m","interval":"0.001s","count":2})")).ok());
    ExpectTicks(client.ReadResponse(Soon()), "m", 1, 2);
  }
  EXPECT_EQ(client.peer_end(), RawClient::PeerEnd::kOpen);
}

TEST_F(StreamTest, AChunkedBodyAndOneThatWaitsForContinueAreRead) {
  const std::string body = R"({"message":"m","count":1})";
  const std::string head = "POST /events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
  ExpectTicks(Ask(absl::StrCat(head, "Transfer-Encoding: chunked\r\n\r\n5\r\n", body.substr(0, 5), "\r\n",
                               absl::Hex(body.size() - 5), "\r\n", body.substr(5), "\r\n0\r\n\r\n")),
              "m", 1, 1);

  RawClient client = RawClient::Connect(gateway_->address()).value();
  ASSERT_TRUE(
      client.Send(absl::StrCat(head, "Expect: 100-continue\r\nContent-Length: ", body.size(), "\r\n\r\n")).ok());
  ASSERT_TRUE(client.ReadUntil([](const Response& r) { return r.interim == 1; }, Soon())) << "100 Continue";
  ASSERT_TRUE(client.Send(body).ok());
  ExpectTicks(client.ReadResponse(Soon()), "m", 1, 1);
}

TEST_F(StreamTest, ManyStreamsAtOnceAreAllWhole) {
  constexpr int kStreams = 200;
  std::vector<RawClient> clients;
  for (int i = 0; i < kStreams; ++i) {
    clients.push_back(RawClient::Connect(gateway_->address()).value());
    ASSERT_TRUE(clients.back()
                    .Send(PostJson("/events", absl::StrCat(R"({"message":"m)", i, R"(","interval":"0.1s","count":5})")))
                    .ok());
  }
  for (int i = 0; i < kStreams; ++i) {
    ExpectTicks(clients[static_cast<size_t>(i)].ReadResponse(Soon()), absl::StrCat("m", i), 1, 5);
  }
}

}  // namespace
}  // namespace penstock::testing
