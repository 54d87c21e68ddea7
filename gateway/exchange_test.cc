#include "gateway/exchange.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/fake_response.h"
#include "gateway/schema_source.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace penstock {
namespace {

using observe::EndReason;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// The upstream's side: one call at a time, driven by the test.
class FakeChannel final : public upstream::Channel {
 public:
  std::unique_ptr<upstream::Call> StartCall(upstream::CallRequest started, upstream::CallHandler* its) override {
    request = std::move(started);
    handler = its;
    return std::make_unique<FakeCall>(*this);
  }
  bool ready() const override { return true; }

  upstream::CallRequest request;
  upstream::CallHandler* handler = nullptr;  // null: no call is open
  std::string sent;
  size_t given_back = 0;

 private:
  class FakeCall final : public upstream::Call {
   public:
    explicit FakeCall(FakeChannel& channel) : channel_(channel) {}
    ~FakeCall() override { channel_.handler = nullptr; }
    void SendMessage(absl::string_view message, bool last) override {
      EXPECT_TRUE(last);
      channel_.sent = std::string(message);
    }
    void CloseSend() override {}
    size_t Unsent() const override { return 0; }
    void GiveBack(size_t bytes) override { channel_.given_back += bytes; }

   private:
    FakeChannel& channel_;
  };
};

class ExchangeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto schema = SchemaFromFiles({"proto/tick.binpb"}, {});
    ASSERT_TRUE(schema.ok()) << schema.status();
    context_.schema = *schema;
  }

  // A request as the session would deliver it.
  void Send(const std::string& method, const std::string& target, const std::string& body, http::Headers headers = {}) {
    http::RequestHead head;
    head.method = method;
    head.target = target;
    head.headers = std::move(headers);
    head.has_body = !body.empty();
    if (head.has_body) head.content_length = body.size();
    exchange_ = std::make_unique<Exchange>(context_, std::move(head), response_);
    handler().OnRequestHead();
    // Byte by byte: nothing may depend on how a body is cut.
    for (const char c : body) handler().OnRequestBody(absl::string_view(&c, 1));
    handler().OnRequestEnd();
  }

  void SendSubscribe(http::Headers headers = {}) {
    Send("POST", "/v1/ticks:subscribe", "{\"message\":\"hi\"}", headers);
  }

  // Tick { message = 2: "hi", sequence = 3: n }
  static std::string Tick(char sequence) { return absl::StrCat("\x12\x02hi\x18", std::string(1, sequence)); }

  void EndCall(absl::Status status, bool from_upstream = true, bool unprocessed = false) {
    upstream::CallEnd end;
    end.status = std::move(status);
    end.from_upstream = from_upstream;
    end.unprocessed = unprocessed;
    channel_.handler->OnCallEnd(std::move(end));
  }

  // Lets timers and deferred work run for `time`.
  void RunFor(std::chrono::milliseconds time) {
    class Stop final : public Timer {
     public:
      explicit Stop(Loop& loop) : loop_(loop) {}
      void OnTimer() override { loop_.Stop(); }

     private:
      Loop& loop_;
    } stop(loop_);
    loop_.Arm(&stop, time);
    loop_.Run();
    loop_.io().restart();
  }

  int64_t Ended(EndReason reason) { return context_.metrics.requests_by_end[static_cast<size_t>(reason)].value(); }
  http::RequestHandler& handler() { return *exchange_; }

  Loop loop_;
  ExchangeOptions options_{.max_request_bytes = 1000,
                           .max_record_bytes = 1000,
                           .head_wait = absl::Milliseconds(30),
                           .heartbeat = absl::Milliseconds(50),
                           .unary_timeout = absl::Seconds(30),
                           .max_stream_duration = absl::InfiniteDuration(),
                           .metadata = {}};
  FakeChannel channel_;
  http::StaticFiles files_;
  std::unique_ptr<const transcode::PlanSet> known_types_ =
      transcode::PlanSet::Build(
          {google::rpc::RetryInfo::descriptor()->file(), google::rpc::Status::descriptor()->file()}, {})
          .value();
  observe::AccessLog access_log_{observe::AccessLog::Target::kOff, ""};
  ExchangeContext context_{.loop = loop_,
                           .options = options_,
                           .channels = {&channel_},
                           .files = files_,
                           .known_types = *known_types_,
                           .access_log = access_log_,
                           .metrics = {},
                           .live = {},
                           .schema = nullptr,
                           .no_schema_reason = {},
                           .scratch = {}};
  FakeResponse response_;
  std::unique_ptr<Exchange> exchange_;
};

TEST_F(ExchangeTest, AStreamIsRecordsAndOneEnding) {
  SendSubscribe({{"authorization", "Bearer t"}});
  EXPECT_EQ(channel_.request.path, "/penstock.tick.v1.TickService/Subscribe");
  EXPECT_EQ(channel_.sent, "\x0a\x02hi");
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
            "{\"type\":\"tick\",\"data\":{\"message\":\"hi\",\"sequence\":\"1\"}}\n"
            "{\"type\":\"tick\",\"data\":{\"message\":\"hi\",\"sequence\":\"2\"}}\n"
            "{\"end\":{\"code\":0}}\n");
  EXPECT_TRUE(response_.finished);
  EXPECT_EQ(context_.metrics.streams_active.value(), 1);
  exchange_.reset();
  EXPECT_EQ(context_.metrics.streams_active.value(), 0);
  EXPECT_EQ(Ended(EndReason::kOk), 1);
  EXPECT_EQ(context_.metrics.records.value(), 2);
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
