// Calls that are more than one message in and records out: streams in, bytes in place of JSON, trailers, and the other
// dialect's four ways for a stream to fail.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "gateway/exchange/testing/exchange_harness.h"

namespace penstock {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// Item { number = 1: n }
std::string Item(char number) { return absl::StrCat("\x08", std::string(1, number)); }

class ExchangeCallsTest : public ExchangeTest {
 protected:
  void BeginChat(http::Headers headers = {}) { Begin("POST", "/v1/streams:chat", std::move(headers)); }
  void BeginCollect() { Begin("POST", "/v1/streams:collect"); }
};

TEST_F(ExchangeCallsTest, MessagesGoOnAsTheyArrive) {
  BeginChat();
  ASSERT_NE(channel_.handler, nullptr) << "the call starts with the head";
  handler().OnRequestBody("{\"number\":1}{\"num");
  EXPECT_THAT(channel_.sent, ElementsAre(Item(1)));
  channel_.handler->OnCallMessage(Item(1), 2);
  EXPECT_THAT(response_.body, HasSubstr("\"number\":\"1\"")) << "answers come back meanwhile";
  handler().OnRequestBody("ber\":2}");
  EXPECT_THAT(channel_.sent, ElementsAre(Item(1), Item(2)));
  EXPECT_FALSE(channel_.send_closed);
  handler().OnRequestEnd();
  EXPECT_TRUE(channel_.send_closed);
  EndCall(absl::OkStatus());
  EXPECT_THAT(response_.body, HasSubstr("{\"end\":{\"code\":0}}\n"));
}

TEST_F(ExchangeCallsTest, AnUpstreamThatDoesNotReadStopsTheClient) {
  BeginCollect();
  channel_.unsent = options_.max_unsent_bytes + 1;
  const std::string body = "{\"number\":1}";
  handler().OnRequestBody(body);
  EXPECT_EQ(response_.released, 0u) << "the session reads no further";
  channel_.unsent = 0;
  channel_.handler->OnCallSent();
  EXPECT_EQ(response_.released, 0u) << "nothing happens below the transport's write";
  RunFor(std::chrono::milliseconds(1));
  EXPECT_EQ(response_.released, body.size());
}

TEST_F(ExchangeCallsTest, AStreamInHasNoDeadlineOfItsOwn) {
  BeginCollect();
  EXPECT_EQ(channel_.request.timeout, absl::InfiniteDuration());
}

TEST_F(ExchangeCallsTest, ABadMessageEndsTheCall) {
  BeginCollect();
  handler().OnRequestBody("{}{\"nope\":1}");
  EXPECT_EQ(response_.status, 400);
  EXPECT_THAT(response_.body, HasSubstr("message 2 of the body"));
  RunFor(std::chrono::milliseconds(1));
  EXPECT_EQ(channel_.handler, nullptr);

  BeginChat();
  handler().OnRequestBody("{}");
  channel_.handler->OnCallMessage(Item(1), 2);
  handler().OnRequestBody("]");
  EXPECT_EQ(response_.status, 200);
  EXPECT_THAT(response_.body, HasSubstr("{\"error\":{\"code\":3,"));
  EXPECT_TRUE(response_.finished);
  EXPECT_EQ(response_.released, 3u) << "what comes after an end is not waited for";
}

TEST_F(ExchangeCallsTest, ABodyThatBreaksOffBehindAnswersStillGetsAnEndingLine) {
  BeginChat();
  channel_.handler->OnCallMessage(Item(1), 2);
  handler().OnRequestBroken(400, "bad chunk");
  EXPECT_THAT(response_.body, HasSubstr("\"message\":\"bad chunk\""));
  EXPECT_TRUE(response_.finished);

  BeginChat();
  handler().OnRequestBroken(408, "too slow");
  EXPECT_EQ(response_.status, 408);
}

TEST_F(ExchangeCallsTest, TrailersGoToThoseWhoAsk) {
  const upstream::Metadata trailers = {{"cost", "7"}};
  for (const bool asked : {false, true}) {
    const http::Headers headers = asked ? http::Headers{{"te", "trailers"}} : http::Headers{};
    Begin("POST", "/v1/faults:fail", headers);
    handler().OnRequestBody("{}");
    handler().OnRequestEnd();
    channel_.handler->OnCallMessage(Item(1), 2);
    EndCall(absl::OkStatus(), true, false, trailers);
    EXPECT_EQ(response_.content_length.has_value(), !asked) << "a known length leaves no place for trailers";
    EXPECT_THAT(response_.trailers, SizeIs(asked ? 1 : 0));

    BeginChat(headers);
    channel_.handler->OnCallMessage(Item(1), 2);
    EndCall(absl::OkStatus(), true, false, trailers);
    EXPECT_EQ(response_.trailers.size(), asked ? 1u : 0u);
    for (const http::Header& trailer : response_.trailers) EXPECT_EQ(trailer.name, "Grpc-Trailer-cost");
  }
}

// HttpBody { content_type = 1: "text/csv", data = 2: "a\n" }
constexpr char kCsv[] =
    "\x0a\x08text/csv\x12\x02"
    "a\n";

TEST_F(ExchangeCallsTest, ADownloadIsBytesAndAFailureOfItIsACut) {
  Begin("GET", "/v1/files/a", {}, /*has_body=*/false);
  handler().OnRequestEnd();
  channel_.handler->OnCallMessage(kCsv, 14);
  EndCall(absl::OkStatus());
  EXPECT_EQ(response_.Header("Content-Type"), "text/csv");
  EXPECT_EQ(response_.body, "a\n");

  for (const bool well : {true, false}) {
    Begin("POST", "/v1/files:downloadStream");
    handler().OnRequestBody("{}");
    handler().OnRequestEnd();
    RunFor(std::chrono::milliseconds(60));
    EXPECT_EQ(response_.status, 0) << "the head waits for the type, however long";
    channel_.handler->OnCallMessage(kCsv, 14);
    channel_.handler->OnCallMessage(kCsv, 14);
    RunFor(std::chrono::milliseconds(100));
    EndCall(well ? absl::OkStatus() : absl::AbortedError("no"));
    EXPECT_EQ(response_.body, "a\na\n") << "no heartbeat, no ending line";
    EXPECT_EQ(response_.finished, well);
    EXPECT_EQ(response_.aborted, !well);
  }
}

TEST_F(ExchangeCallsTest, AnUploadIsBytes) {
  Begin("POST", "/v1/files:upload", {{"content-type", "text/csv"}});
  handler().OnRequestBody("a");
  handler().OnRequestBody("\n");
  handler().OnRequestEnd();
  EXPECT_THAT(channel_.sent, ElementsAre(kCsv));
}

class GrpcGatewayExchangeTest : public ExchangeTest {
 protected:
  GrpcGatewayExchangeTest() : ExchangeTest(std::make_unique<grpc_gateway::GrpcGatewayProtocol>(MetadataOptions())) {}

  void BeginStream() {
    Begin("POST", "/v1/faults:failStream");
    handler().OnRequestBody("{}");
    handler().OnRequestEnd();
  }
};

TEST_F(GrpcGatewayExchangeTest, FourWaysForAStreamToFail) {
  BeginStream();
  EndCall(absl::UnavailableError("away"), false, /*unprocessed=*/true);
  EXPECT_EQ(response_.status, 503);
  EXPECT_EQ(response_.body, R"({"code":14,"message":"away","details":[]})") << "no call was opened";

  BeginStream();
  EndCall(absl::NotFoundError("no"));
  EXPECT_EQ(response_.status, 404);
  EXPECT_EQ(response_.body, "{\"error\":{\"code\":5,\"message\":\"no\",\"details\":[]}}\n") << "before message 1";

  BeginStream();
  channel_.handler->OnCallMessage(Item(1), 2);
  EndCall(absl::NotFoundError("no"));
  EXPECT_EQ(response_.status, 200);
  EXPECT_EQ(response_.body,
            "{\"result\":{\"number\":\"1\"}}\n{\"error\":{\"code\":5,\"message\":\"no\",\"details\":[]}}\n");
  EXPECT_TRUE(response_.finished);

  BeginStream();
  EndCall(absl::OkStatus());
  EXPECT_EQ(response_.status, 200);
  EXPECT_EQ(response_.body, "") << "no message at all";
  EXPECT_EQ(response_.Header("Content-Type"), "");
  EXPECT_TRUE(response_.finished);
}

TEST_F(GrpcGatewayExchangeTest, NothingIsSentBeforeAMessageOrBetweenTwo) {
  BeginStream();
  RunFor(std::chrono::milliseconds(100));
  EXPECT_EQ(response_.status, 0);
  channel_.handler->OnCallMessage(Item(1), 2);
  const std::string line = response_.body;
  RunFor(std::chrono::milliseconds(150));
  EXPECT_EQ(response_.body, line);
}

TEST_F(GrpcGatewayExchangeTest, ABadMessageIsTheSilentEndOfABidirectionalStreamsInput) {
  Begin("POST", "/v1/streams:chat");
  handler().OnRequestBody("{\"number\":1}nonsense{\"number\":2}");
  EXPECT_THAT(channel_.sent, ElementsAre(Item(1)));
  EXPECT_TRUE(channel_.send_closed);
  EXPECT_EQ(response_.status, 0);
  handler().OnRequestEnd();
  channel_.handler->OnCallMessage(Item(1), 2);
  EndCall(absl::OkStatus());
  EXPECT_EQ(response_.body, "{\"result\":{\"number\":\"1\"}}\n");
}

}  // namespace
}  // namespace penstock
