// Aborted streams that are resumed: no record is lost or repeated, whichever process was killed; and server-sent
// events, byte by byte.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "tests/support/json_at.h"
#include "tests/support/raw_client.h"
#include "tests/support/servers.h"

namespace penstock::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

class ResumeTest : public ::testing::Test {
 protected:
  ResumeTest() {
    grpc_port_.Release();
    StartTicks();
    StartGatewayAgain();
  }

  void StartTicks() { service_ = StartService({}, grpc_port_.address()); }
  void StartGatewayAgain() { gateway_ = StartGateway({"--upstream=" + grpc_port_.address()}); }

  Response Ask(const std::string& request) {
    const absl::StatusOr<Response> response = Exchange(gateway_->address(), request, Soon());
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? *response : Response();
  }

  ReservedPort grpc_port_;
  std::unique_ptr<Server> service_, gateway_;
};

// What a client has of one stream after another.
struct Reader {
  uint64_t last = 0;  // id
  uint64_t records = 0;
  bool ended = false;

  // Takes the whole lines of `body`; what follows the last newline was cut.
  void Take(absl::string_view body, bool resumed) {
    bool first = true;
    const absl::string_view whole = body.substr(0, body.rfind('\n') + 1);
    for (absl::string_view line : absl::StrSplit(whole, '\n', absl::SkipEmpty())) {
      if (JsonAt(line, "/type").empty()) {
        ended = JsonAt(line, "/end/code") == "0";
        continue;
      }
      uint64_t id = 0;
      ASSERT_TRUE(absl::SimpleAtoi(JsonStringAt(line, "/id"), &id)) << line;
      // The service skips what it could not send in time, never the first after a resumption.
      if (first && resumed) {
        EXPECT_EQ(id, last + 1) << "nothing between two streams is lost or comes twice";
      }
      EXPECT_GT(id, last);
      last = id;
      ++records;
      first = false;
    }
  }
};

TEST_F(ResumeTest, NothingIsLostOrComesTwiceWhoeverIsKilled) {
  constexpr uint64_t kCount = 400;
  const std::string body = absl::StrCat(R"({"message":"x","interval":"0.01s","count":")", kCount, "\"}");
  Reader reader;
  for (int cut = 0; cut <= 6 && !reader.ended; ++cut) {
    RawClient client = RawClient::Connect(gateway_->address()).value();
    const std::string resume = reader.last == 0 ? "" : absl::StrCat("Last-Event-ID: ", reader.last);
    ASSERT_TRUE(client.Send(PostJson("/v1/ticks:subscribe", body, resume)).ok());
    if (cut < 6) {
      const auto some = [](const Response& response) { return response.Lines().size() > 20; };
      ASSERT_TRUE(client.ReadUntil(some, Soon())) << client.received();
      (cut % 2 == 0 ? gateway_ : service_)->Kill();
    }
    const Response& response = client.ReadResponse(Soon());
    ASSERT_NO_FATAL_FAILURE(reader.Take(response.body, cut > 0)) << response.body;
    if (cut == 6) break;
    EXPECT_FALSE(reader.ended) << "a cut is no end";
    if (cut % 2 == 0) {
      StartGatewayAgain();
    } else {
      StartTicks();
      EXPECT_TRUE(WaitForReadiness(*gateway_, 200, Soon()));
    }
  }
  EXPECT_TRUE(reader.ended);
  EXPECT_EQ(reader.last, kCount);
  EXPECT_GT(reader.records, 6 * 20u);
}

TEST_F(ResumeTest, TheIdComesInTheHeaderOrInTheQuery) {
  const Response post =
      Ask(PostJson("/v1/ticks:subscribe", R"({"count":9,"interval":"0.01s","afterSequence":1})", "Last-Event-ID: 7"));
  EXPECT_EQ(JsonStringAt(post.Lines().at(0), "/id"), "8") << "over what the body says";
  const Response get = Ask(Request("GET", "/v1/ticks:subscribe?count=9&interval=0.01s&last_event_id=8"));
  EXPECT_EQ(JsonStringAt(get.Lines().at(0), "/id"), "9");
  const Response bad = Ask(PostJson("/v1/ticks:subscribe", "{}", "Last-Event-ID: -1"));
  EXPECT_EQ(bad.status, 400);
  EXPECT_THAT(JsonStringAt(bad.body, "/message"),
              ::testing::AllOf(HasSubstr("Last-Event-ID \"-1\""), HasSubstr("afterSequence")));
}

TEST_F(ResumeTest, ServerSentEventsAreWhatTheStandardSays) {
  const Response response = Ask(
      Request("GET", "/v1/ticks:subscribe?message=hi%0Athere&count=2&interval=0.1s", "", "Accept: text/event-stream"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.Header("Content-Type"), "text/event-stream");
  EXPECT_EQ(response.Header("X-Accel-Buffering"), "no");
  const std::vector<std::string> events = absl::StrSplit(response.body, "\n\n");
  ASSERT_EQ(events.size(), 4u) << response.body;
  EXPECT_THAT(events[0], MatchesRegex("event: tick\nid: 1\ndata: [{]\"time\":\"[^\n]*\",\"message\":\"hi\\\\nthere\","
                                      "\"sequence\":\"1\"}"));
  EXPECT_THAT(events[1], StartsWith("event: tick\nid: 2\ndata: {"));
  EXPECT_EQ(events[2], "event: end\ndata: {\"code\":0}");
  EXPECT_EQ(events[3], "");
}

TEST_F(ResumeTest, SilenceOfServerSentEventsIsFilledWithComments) {
  gateway_ = StartGateway({"--upstream=" + grpc_port_.address(), "--heartbeat=100ms"});
  RawClient client = RawClient::Connect(gateway_->address()).value();
  ASSERT_TRUE(client.Send(Request("GET", "/v1/ticks:subscribe?interval=60s", "", "Accept: text/event-stream")).ok());
  EXPECT_TRUE(client.ReadUntil([](const Response& response) { return absl::EndsWith(response.body, "\n\n:\n\n:\n\n"); },
                               Soon()))
      << client.received();
}

TEST_F(ResumeTest, FailuresOfServerSentEvents) {
  const Response early = Ask(Request("GET", "/v1/ticks:subscribe?interval=2h", "", "Accept: text/event-stream"));
  EXPECT_EQ(early.status, 400) << "before the first record it is an HTTP status";
  EXPECT_EQ(early.Header("Content-Type"), "application/json");
  const Response over =
      Ask(Request("GET", "/v1/ticks:subscribe?count=5", "", "Accept: text/event-stream\r\nLast-Event-ID: 5"));
  EXPECT_EQ(over.status, 204) << "so that EventSource does not come back for ever";
  EXPECT_EQ(over.body, "");

  RawClient client = RawClient::Connect(gateway_->address()).value();
  ASSERT_TRUE(client.Send(Request("GET", "/v1/ticks:subscribe", "", "Accept: text/event-stream")).ok());
  ASSERT_TRUE(client.ReadUntil([](const Response& response) { return !response.body.empty(); }, Soon()));
  gateway_->process().Signal(SIGTERM);
  gateway_->process().Signal(SIGTERM);
  const Response& drained = client.ReadResponse(Soon());
  EXPECT_TRUE(drained.complete);
  EXPECT_THAT(drained.body, ContainsRegex("\n\nevent: failure\nretry: 1000\ndata: [{]\"code\":14,.*}\n\n$"));
}

TEST_F(ResumeTest, AcceptChoosesAmongThree) {
  const struct {
    const char* accept;
    const char* type;
  } kRows[] = {
      {"text/event-stream", "text/event-stream"},
      {"application/json;q=0.5, text/event-stream", "text/event-stream"},
      {"text/*", "text/event-stream"},
      {"*/*", "application/x-ndjson"},
      {"text/event-stream;q=0, */*", "application/x-ndjson"},
  };
  for (const auto& row : kRows) {
    const Response response =
        Ask(PostJson("/v1/ticks:subscribe", R"({"count":1})", absl::StrCat("Accept: ", row.accept)));
    EXPECT_EQ(response.Header("Content-Type"), row.type) << row.accept;
  }
}

}  // namespace
}  // namespace penstock::testing
