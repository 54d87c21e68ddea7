#include "gateway/exchange/exchange.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "gateway/exchange/memory_gate.h"
#include "gateway/exchange/testing/exchange_harness.h"

namespace penstock {
namespace {

using observe::EndReason;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST_F(ExchangeTest, AStreamIsRecordsAndOneEnding) {
  SendSubscribe({{"authorization", "Bearer t"}});
  EXPECT_EQ(channel_.request.path, "/penstock.tick.v1.TickService/Subscribe");
  EXPECT_THAT(channel_.sent, ElementsAre("\x0a\x02hi"));
  EXPECT_TRUE(channel_.send_closed);
  EXPECT_EQ(channel_.request.metadata.front().second, "Bearer t");
  EXPECT_EQ(channel_.request.timeout, absl::InfiniteDuration());
  EXPECT_EQ(response_.status, 0) << "the head waits for the first message";

  channel_.handler->OnCallMetadata({{"served-by", "x"}});
  channel_.handler->OnCallMessage(Tick(1), 10);
  EXPECT_EQ(response_.status, 200);
  EXPECT_EQ(response_.Header("Content-Type"), "application/x-ndjson");
  EXPECT_EQ(response_.Header("Cache-Control"), "no-store, no-transform");
  EXPECT_EQ(response_.Header("X-Accel-Buffering"), "no");
  EXPECT_EQ(response_.Header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(response_.Header("Grpc-Metadata-served-by"), "x");
  EXPECT_FALSE(response_.content_length.has_value());
  channel_.handler->OnCallMessage(Tick(2), 10);
  EndCall(absl::OkStatus());
  EXPECT_EQ(response_.body,
            "{\"type\":\"tick\",\"id\":\"1\",\"data\":{\"message\":\"hi\",\"sequence\":\"1\"}}\n"
            "{\"type\":\"tick\",\"id\":\"2\",\"data\":{\"message\":\"hi\",\"sequence\":\"2\"}}\n"
            "{\"end\":{\"code\":0}}\n");
  EXPECT_TRUE(response_.finished);
  EXPECT_EQ(metrics_.metrics().streams_active.value(), 1);
  exchange_.reset();
  EXPECT_EQ(metrics_.metrics().streams_active.value(), 0);
  EXPECT_EQ(Ended(EndReason::kOk), 1);
  EXPECT_EQ(metrics_.metrics().records.value(), 2);
}

TEST_F(ExchangeTest, TheTutorialsClientGetsTheTypeItAsksFor) {
  Send("POST", "/events", "{}", {{"accept", "application/json"}, {"content-type", "application/json"}});
  channel_.handler->OnCallMessage(Tick(1), 10);
  EXPECT_EQ(response_.Header("Content-Type"), "application/json");
}

TEST_F(ExchangeTest, AnEarlyFailureIsAnHttpStatusAndALateOneARecord) {
  SendSubscribe();
  EndCall(absl::InvalidArgumentError("no"));
  EXPECT_EQ(response_.status, 400);
  EXPECT_EQ(response_.body, "{\"code\":3,\"message\":\"no\",\"details\":[]}");
  EXPECT_TRUE(response_.finished);

  response_ = FakeResponse();
  SendSubscribe();
  channel_.handler->OnCallMessage(Tick(1), 10);
  EndCall(absl::UnavailableError("gone"), /*from_upstream=*/false);
  EXPECT_EQ(response_.status, 200);
  EXPECT_THAT(response_.body, HasSubstr("}\n{\"error\":{\"code\":14,\"message\":\"gone\",\"details\":[]}}\n"));
  exchange_.reset();
  EXPECT_EQ(Ended(EndReason::kUpstreamLost), 1);
}

TEST_F(ExchangeTest, RetryAfterOnlyWhereNoUpstreamSawTheCall) {
  SendSubscribe();
  EndCall(absl::UnavailableError("refused"), false, /*unprocessed=*/true);
  EXPECT_EQ(response_.status, 503);
  EXPECT_EQ(response_.Header("Retry-After"), "1");
  response_ = FakeResponse();
  SendSubscribe();
  EndCall(absl::UnavailableError("overloaded"), true);
  EXPECT_EQ(response_.status, 503);
  EXPECT_EQ(response_.Header("Retry-After"), "");
}

TEST_F(ExchangeTest, WithoutMemoryNewRequestsAreTurnedAwayAndStreamsGoOn) {
  std::atomic<bool> over{false};
  gates_.insert(gates_.begin(), std::make_unique<MemoryGate>(over));
  SendSubscribe();
  channel_.handler->OnCallMessage(Tick(1), 10);
  over = true;
  channel_.handler->OnCallMessage(Tick(2), 10);
  EXPECT_THAT(response_.body, HasSubstr("\"sequence\":\"2\""));
  exchange_.reset();

  for (const char* path : {"/v1/ticks:subscribe", "/"}) {
    SCOPED_TRACE(path);
    response_ = FakeResponse();
    Send("POST", path, "{}");
    EXPECT_EQ(response_.status, 503);
    EXPECT_EQ(response_.Header("Retry-After"), "1");
    EXPECT_THAT(response_.body, HasSubstr("no memory left"));
    EXPECT_EQ(channel_.handler, nullptr) << "no call was made";
    exchange_.reset();
  }
  over = false;
  response_ = FakeResponse();
  SendSubscribe();
  EXPECT_NE(channel_.handler, nullptr);
}

TEST_F(ExchangeTest, TheHeadWaitsOnlySoLongAndSilenceIsFilledWithSpaces) {
  SendSubscribe();
  RunFor(std::chrono::milliseconds(60));
  EXPECT_EQ(response_.status, 200);
  RunFor(std::chrono::milliseconds(200));
  EXPECT_GE(response_.body.size(), 2u);
  EXPECT_EQ(response_.body.find_first_not_of(' '), std::string::npos);
  channel_.handler->OnCallMessage(Tick(1), 10);
  EXPECT_THAT(response_.body, HasSubstr(" {\"type\":\"tick\""));
}

TEST_F(ExchangeTest, AMessageWithoutJsonEndsTheStreamButNeverHalfARecord) {
  SendSubscribe();
  channel_.handler->OnCallMessage("\x12\x02\xff\xff", 10);  // a string that is not UTF-8
  EXPECT_EQ(response_.status, 500) << "before the head it is still an HTTP status";

  response_ = FakeResponse();
  SendSubscribe();
  channel_.handler->OnCallMessage(Tick(1), 10);
  const std::string good = response_.body;
  channel_.handler->OnCallMessage("\x12\x02\xff\xff", 10);
  EXPECT_THAT(response_.body, StartsWith(absl::StrCat(good, "{\"error\":{\"code\":13,")));
  EXPECT_TRUE(response_.finished);
  RunFor(std::chrono::milliseconds(20));
  EXPECT_EQ(channel_.handler, nullptr) << "the upstream is cancelled";
  exchange_.reset();
  EXPECT_EQ(Ended(EndReason::kBadMessage), 2);
}

TEST_F(ExchangeTest, WindowComesBackOnlyOnceTheClientHasTakenTheRecord) {
  response_.slow = true;
  SendSubscribe();
  channel_.handler->OnCallMessage(Tick(1), 10);
  channel_.handler->OnCallPartial(5);
  EXPECT_EQ(channel_.given_back, 0u);
  const size_t bytes = response_.body.size();
  response_.unsent = 0;
  handler().OnDrained(bytes);
  EXPECT_EQ(channel_.given_back, 15u);
}

TEST_F(ExchangeTest, AClientThatLeavesCancelsTheCall) {
  SendSubscribe();
  channel_.handler->OnCallMessage(Tick(1), 10);
  handler().OnClientGone("client_closed");
  exchange_.reset();
  EXPECT_EQ(channel_.handler, nullptr);
  EXPECT_EQ(Ended(EndReason::kClientGone), 1);
}

TEST_F(ExchangeTest, DrainingEndsAStreamWithARetryHint) {
  SendSubscribe();
  channel_.handler->OnCallMessage(Tick(1), 10);
  context_.live.EndForDrain(10);
  EXPECT_THAT(response_.body, HasSubstr("{\"error\":{\"code\":14,"));
  EXPECT_THAT(response_.body, HasSubstr("google.rpc.RetryInfo\",\"retryDelay\":\"1s\""));
  EXPECT_TRUE(response_.finished);
  EXPECT_EQ(context_.live.size(), 0u);
}

TEST_F(ExchangeTest, ALongestDurationEndsAStreamLikewise) {
  options_.max_stream_duration = absl::Milliseconds(60);
  SendSubscribe();
  channel_.handler->OnCallMessage(Tick(1), 10);
  RunFor(std::chrono::milliseconds(120));
  EXPECT_THAT(response_.body, HasSubstr("RetryInfo"));
  exchange_.reset();
  EXPECT_EQ(Ended(EndReason::kMaxDuration), 1);
}

struct RefusedRow {
  const char* why;
  const char* method;
  const char* target;
  const char* body;
  http::Headers headers;
  int status;
  const char* says;
};

TEST_F(ExchangeTest, BadRequestsAreRefusedWithoutACall) {
  const std::string long_body = absl::StrCat("{\"message\":\"", std::string(1000, 'x'), "\"}");
  const RefusedRow rows[] = {
      {"unknown path", "POST", "/nowhere", "{}", {}, 404, "/nowhere"},
      {"wrong method", "DELETE", "/v1/ticks:subscribe", "", {}, 405, "allowed: GET"},
      {"bad escape", "POST", "/v1/%zz", "{}", {}, 400, "malformed escape at byte 4"},
      {"a form", "POST", "/events", "a=b", {{"content-type", "application/x-www-form-urlencoded"}}, 415, "--json"},
      {"compressed", "POST", "/events", "x", {{"content-encoding", "gzip"}}, 415, "Content-Encoding"},
      {"no type that we have", "POST", "/events", "{}", {{"accept", "image/png"}}, 406, "application/x-ndjson"},
      {"too long", "POST", "/events", long_body.c_str(), {}, 413, "1000 bytes"},
      {"no JSON at all", "POST", "/events", "", {}, 400, "byte 0"},
      {"malformed JSON", "POST", "/events", "{\"message\":", {}, 400, "byte"},
      {"wrong type", "POST", "/events", "{\"message\":1}", {}, 400, "message"},
      {"unknown field", "POST", "/events", "{\"nope\":1}", {}, 400, "nope"},
      {"out of range", "POST", "/events", "{\"count\":-1}", {}, 400, "count"},
      {"unknown query key", "GET", "/v1/ticks:subscribe?nope=1", "", {}, 400, "nope"},
      {"a body where none is taken", "GET", "/v1/ticks:subscribe", "{}", {}, 400, "no body"},
      {"a timeout that is none", "POST", "/events", "{}", {{"grpc-timeout", "soon"}}, 400, "Grpc-Timeout"},
  };
  for (const RefusedRow& row : rows) {
    response_ = FakeResponse();
    Send(row.method, row.target, row.body, row.headers);
    EXPECT_EQ(response_.status, row.status) << row.why;
    EXPECT_THAT(response_.body, HasSubstr(row.says)) << row.why;
    EXPECT_THAT(response_.body, StartsWith("{\"code\":")) << row.why;
    EXPECT_TRUE(response_.finished) << row.why;
    EXPECT_EQ(response_.released, std::string(row.body).size()) << row.why;
    EXPECT_EQ(channel_.handler, nullptr) << row.why;
    if (row.status == 405) {
      EXPECT_THAT(response_.Header("Allow"), HasSubstr("POST"));
    }
  }
  exchange_.reset();
  EXPECT_EQ(Ended(EndReason::kLocal), static_cast<int64_t>(std::size(rows)));
}

TEST_F(ExchangeTest, OnlyPagesOfConfiguredOriginsAreToldThatTheyMayRead) {
  options_.cors = Cors({"https://app.example.com"}, /*credentials=*/false);
  const http::Headers page = {{"origin", "https://app.example.com"}};
  const http::Headers stranger = {{"origin", "https://evil.example"}};

  http::Headers ask = page;
  ask.push_back({"access-control-request-method", "POST"});
  ask.push_back({"access-control-request-headers", "content-type"});
  response_ = FakeResponse();
  Send("OPTIONS", "/v1/ticks:subscribe", "", ask);
  EXPECT_EQ(response_.status, 204);
  EXPECT_EQ(response_.Header("Access-Control-Allow-Origin"), "https://app.example.com");
  EXPECT_EQ(response_.Header("Access-Control-Allow-Methods"), "POST");
  EXPECT_EQ(response_.Header("Access-Control-Allow-Headers"), "content-type");
  ask[1].value = "DELETE";
  response_ = FakeResponse();
  Send("OPTIONS", "/v1/ticks:subscribe", "", ask);
  EXPECT_EQ(response_.Header("Access-Control-Allow-Methods"), "")
      << "no such route: the browser keeps the page from it";
  ask = stranger;
  ask.push_back({"access-control-request-method", "POST"});
  response_ = FakeResponse();
  Send("OPTIONS", "/v1/ticks:subscribe", "", ask);
  EXPECT_EQ(response_.Header("Access-Control-Allow-Origin"), "");
  EXPECT_EQ(response_.Header("Access-Control-Allow-Methods"), "");
  EXPECT_EQ(response_.Header("Vary"), "Origin");
  EXPECT_EQ(CallsStarted(), 0u);

  response_ = FakeResponse();
  SendSubscribe(page);
  channel_.handler->OnCallMessage(Tick(1), 8);
  EXPECT_EQ(response_.status, 200);
  EXPECT_EQ(response_.Header("Access-Control-Allow-Origin"), "https://app.example.com") << "on the stream's own head";
  response_ = FakeResponse();
  Send("POST", "/nowhere", "{}", page);
  EXPECT_EQ(response_.status, 404);
  EXPECT_EQ(response_.Header("Access-Control-Allow-Origin"), "https://app.example.com") << "or a page sees no error";
}

TEST_F(ExchangeTest, WhatAnyPageCouldSendUnaskedIsRefusedWithoutACall) {
  const http::Headers stranger = {{"origin", "https://evil.example"}};
  response_ = FakeResponse();
  Send("POST", "/v1/ticks:subscribe", "{}", stranger);
  EXPECT_EQ(response_.status, 403) << "a Blob without a type";
  EXPECT_THAT(response_.body, ::testing::HasSubstr("--cors-origin"));
  response_ = FakeResponse();
  Send("POST", "/v1/ticks:subscribe", "", {{"sec-fetch-site", "cross-site"}});
  EXPECT_EQ(response_.status, 403) << "no body";
  EXPECT_EQ(CallsStarted(), 0u);
  options_.cors = Cors({"https://evil.example"}, /*credentials=*/false);
  response_ = FakeResponse();
  Send("POST", "/v1/ticks:subscribe", "{}", stranger);
  EXPECT_EQ(CallsStarted(), 1u) << "configured, so no stranger";
}

TEST_F(ExchangeTest, ServerSentEventsForThoseWhoAskForThem) {
  SendSubscribe({{"accept", "text/event-stream"}});
  channel_.handler->OnCallMessage(Tick(1), 8);
  EXPECT_EQ(response_.status, 200);
  EXPECT_EQ(response_.Header("Content-Type"), "text/event-stream");
  EXPECT_EQ(response_.Header("Cache-Control"), "no-store, no-transform");
  EXPECT_EQ(response_.body, "event: tick\nid: 1\ndata: {\"message\":\"hi\",\"sequence\":\"1\"}\n\n");
  response_.body.clear();
  exchange_->EndForDrain();
  EXPECT_THAT(response_.body, ::testing::StartsWith("event: failure\nretry: 1000\ndata: {\"code\":14,"));
  EXPECT_THAT(response_.body, ::testing::EndsWith("}\n\n"));
}

TEST_F(ExchangeTest, AGoodEndOfServerSentEventsIsAnEvent) {
  SendSubscribe({{"accept", "text/event-stream"}});
  EndCall(absl::OkStatus());
  EXPECT_EQ(response_.body, "event: end\ndata: {\"code\":0}\n\n");
}

TEST_F(ExchangeTest, AStreamGoesOnAfterTheLastIdWhateverTheBodySays) {
  Send("POST", "/v1/ticks:subscribe", R"({"afterSequence":"3","count":"9"})", {{"last-event-id", "7"}});
  ASSERT_EQ(channel_.sent.size(), 1u);
  // Message { count = 3, after_sequence = 4 }: what comes later wins.
  EXPECT_EQ(channel_.sent[0], std::string("\x20\x03\x18\x09\x20\x07", 6));
  response_ = FakeResponse();
  Send("GET", "/v1/ticks:subscribe?count=9&last_event_id=8", "");
  EXPECT_EQ(channel_.sent[0], std::string("\x18\x09\x20\x08", 4));
  response_ = FakeResponse();
  Send("POST", "/v1/ticks:subscribe", "{}", {{"last-event-id", "x"}});
  EXPECT_EQ(response_.status, 400);
  EXPECT_THAT(response_.body, HasSubstr("Last-Event-ID \\\"x\\\": afterSequence"));
}

TEST_F(ExchangeTest, WhoComesBackAndHasItAllIsTold204IfItIsEventSource) {
  Send("GET", "/v1/ticks:subscribe?count=7", "", {{"last-event-id", "7"}, {"accept", "text/event-stream"}});
  EndCall(absl::OkStatus());
  EXPECT_EQ(response_.status, 204);
  EXPECT_EQ(response_.body, "");
  EXPECT_TRUE(response_.finished);
  response_ = FakeResponse();
  SendSubscribe({{"last-event-id", "7"}});
  EndCall(absl::OkStatus());
  EXPECT_EQ(response_.status, 200) << "others read the ending line";
  EXPECT_EQ(response_.body, "{\"end\":{\"code\":0}}\n");
}

TEST_F(ExchangeTest, BeforeTheSchemaIsKnownThePathsAreUnavailable) {
  context_.schema = nullptr;
  context_.no_schema_reason = "nobody answered";
  SendSubscribe();
  EXPECT_EQ(response_.status, 503);
  EXPECT_EQ(response_.Header("Retry-After"), "1");
  EXPECT_THAT(response_.body, HasSubstr("nobody answered"));
}

TEST_F(ExchangeTest, OptionsAndHeadNeedNoUpstream) {
  Send("OPTIONS", "/v1/ticks:subscribe", "");
  EXPECT_EQ(response_.status, 204);
  EXPECT_THAT(response_.Header("Allow"), HasSubstr("POST"));
  response_ = FakeResponse();
  Send("HEAD", "/v1/ticks:subscribe", "");
  EXPECT_EQ(response_.status, 200);
  EXPECT_TRUE(response_.finished);
  EXPECT_EQ(channel_.handler, nullptr);
}

TEST_F(ExchangeTest, ABrokenRequestIsAnsweredIfNothingWasSaid) {
  http::RequestHead head;
  head.method = "POST";
  head.target = "/events";
  head.has_body = true;
  exchange_ = std::make_unique<Exchange>(context_, std::move(head), response_);
  handler().OnRequestHead();
  handler().OnRequestBroken(408, "the body did not come");
  EXPECT_EQ(response_.status, 408);
  EXPECT_TRUE(response_.finished);
}

}  // namespace
}  // namespace penstock
