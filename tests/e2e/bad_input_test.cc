// Invalid input from clients, and the responses to it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/support/json_at.h"
#include "tests/support/raw_client.h"
#include "tests/support/servers.h"

namespace penstock::testing {
namespace {

using ::testing::HasSubstr;

class BadInputTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    service_ = StartService().release();
    gateway_ = StartGateway({"--upstream=" + service_->address()}).release();
  }
  static void TearDownTestSuite() {
    delete gateway_;
    delete service_;
  }

  RawClient client_ = RawClient::Connect(gateway_->address()).value();

  Response Ask(const std::string& request) {
    EXPECT_TRUE(client_.Send(request).ok());
    return client_.ReadResponse(Soon());
  }

  // The connection still serves, and nothing is left over from what came before.
  void ExpectUsable() {
    const Response response = Ask(PostJson("/v1/ticks:subscribe", R"({"message":"usable","count":1})"));
    EXPECT_EQ(response.status, 200) << response.body;
    EXPECT_THAT(response.body, HasSubstr("usable"));
    EXPECT_TRUE(response.complete);
  }

  static void ExpectError(const Response& response, int status, int code, const std::string& message_part) {
    EXPECT_EQ(response.error, "");
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_EQ(response.Header("Content-Type"), "application/json");
    EXPECT_EQ(JsonAt(response.body, "/code"), absl::StrCat(code)) << response.body;
    EXPECT_THAT(JsonStringAt(response.body, "/message"), HasSubstr(message_part));
    EXPECT_EQ(JsonAt(response.body, "/details"), "[]");
  }

  static Server* service_;
  static Server* gateway_;
};

Server* BadInputTest::service_ = nullptr;
Server* BadInputTest::gateway_ = nullptr;

TEST_F(BadInputTest, WrongJsonIs400ThatNamesThePlace) {
  const struct {
    const char* why;
    std::string body;
    const char* names;
  } kRows[] = {
      {"cut short", R"({"message":)", "byte"},
      {"not JSON at all", "message=hello", "byte"},
      {"a trailing comma", R"({"message":"a",})", "byte"},
      {"single quotes", "{'message':'a'}", "byte"},
      {"something after the value", R"({"message":"a"} x)", "byte"},
      {"a second value", "{}{}", "byte"},
      {"a raw newline in a string", "{\"message\":\"a\nb\"}", "byte"},
      {"invalid UTF-8", "{\"message\":\"\xff\"}", "byte"},
      {"half a surrogate pair", R"({"message":"\ud800"})", "byte"},
      {"an array where a message belongs", "[]", "object"},
      {"a number where a string belongs", R"({"message":5})", "message"},
      {"a string where a number belongs", R"({"count":"x"})", "count"},
      {"a negative unsigned", R"({"count":-1})", "count"},
      {"an integer with a fraction", R"({"count":1.5})", "count"},
      {"one more than 64 bits", R"({"count":"18446744073709551616"})", "count"},
      {"far more than 64 bits", R"({"count":1e999})", "count"},
      {"a number as Duration", R"({"interval":5})", "interval"},
      {"a Duration without its s", R"({"interval":"5"})", "interval"},
      {"an unknown field", R"({"nope":1})", "nope"},
      {"a field twice", R"({"message":"a","message":"b"})", "message"},
      {"a field twice, in both spellings", R"({"afterSequence":1,"after_sequence":2})", "after"},
      {"a hundred thousand levels", std::string(100'000, '['), ""},
  };
  for (const auto& row : kRows) {
    SCOPED_TRACE(row.why);
    ExpectError(Ask(PostJson("/v1/ticks:subscribe", row.body)), 400, 3, row.names);
    ExpectUsable();
    if (HasFatalFailure()) return;
  }
}

TEST_F(BadInputTest, ASyntaxErrorTellsItsByteOffset) {
  const Response response = Ask(PostJson("/v1/ticks:subscribe", R"({"message":"a"} x)"));
  EXPECT_THAT(JsonStringAt(response.body, "/message"), HasSubstr("16"));
}

TEST_F(BadInputTest, WrongQueriesAre400ThatNameTheKey) {
  const struct {
    const char* why;
    const char* query;
    const char* names;
  } kRows[] = {
      {"an unknown key", "nope=1", "nope"},
      {"a value of the wrong type", "count=x", "count"},
      {"out of range", "count=-1", "count"},
      {"a single field twice", "count=1&count=2", "count"},
      {"a bad Duration", "interval=soon", "interval"},
      {"a bad escape", "message=%zz", ""},
      {"an escape that is not UTF-8", "message=%ff", "message"},
  };
  for (const auto& row : kRows) {
    SCOPED_TRACE(row.why);
    ExpectError(Ask(Request("GET", absl::StrCat("/v1/ticks:subscribe?", row.query))), 400, 3, row.names);
    ExpectUsable();
  }
}

TEST_F(BadInputTest, UnknownPathsAre404) {
  for (const char* target : {"/v1/ticks", "/v1/ticks:unsubscribe", "/nowhere", "/v1//ticks:subscribe"}) {
    SCOPED_TRACE(target);
    ExpectError(Ask(PostJson(target, "{}")), 404, 5, "");
    ExpectUsable();
  }
}

TEST_F(BadInputTest, AWrongMethodIs405WithAllow) {
  for (const char* method : {"DELETE", "PUT", "PATCH"}) {
    const Response response = Ask(Request(method, "/v1/ticks:subscribe", "{}", "Content-Type: application/json"));
    EXPECT_EQ(response.status, 405) << method;
    EXPECT_THAT(response.Header("Allow"), HasSubstr("GET"));
    EXPECT_THAT(response.Header("Allow"), HasSubstr("POST"));
    ExpectUsable();
  }
  const Response events = Ask(Request("GET", "/events"));
  EXPECT_EQ(events.status, 405);
  EXPECT_THAT(events.Header("Allow"), HasSubstr("POST"));
}

TEST_F(BadInputTest, AWrongMediaTypeIs415ThatNamesTheRemedy) {
  const std::string body = R"({"message":"hello"})";
  const Response form = Ask(Request("POST", "/events", body, "Content-Type: application/x-www-form-urlencoded"));
  EXPECT_EQ(form.status, 415);
  EXPECT_THAT(JsonStringAt(form.body, "/message"), HasSubstr("--json"));
  ExpectUsable();
  const Response gzip = Ask(PostJson("/events", body, "Content-Encoding: gzip"));
  EXPECT_EQ(gzip.status, 415) << "compressed requests are not taken";
  ExpectUsable();
  const Response typed =
      Ask(Request("POST", "/events", R"({"count":1})", "Content-Type: application/json; charset=utf-8"));
  EXPECT_EQ(typed.status, 200) << "parameters do not matter";
}

TEST_F(BadInputTest, AnAcceptThatTakesNoneOfOurTypesIs406) {
  ExpectError(Ask(PostJson("/events", "{}", "Accept: text/html")), 406, 3, "application/x-ndjson");
  ExpectUsable();
}

TEST_F(BadInputTest, AnOversizeBodyIs413BeforeItIsSent) {
  // Only the head is sent: the answer must not wait for the rest.
  EXPECT_EQ(Ask("POST /events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 4194305\r\n\r\n")
                .status,
            413);
}

TEST_F(BadInputTest, AnOversizeChunkedBodyIs413) {
  std::string request =
      "POST /events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 5; ++i) absl::StrAppend(&request, "100000\r\n", std::string(1 << 20, ' '), "\r\n");
  // It may answer, and close, before all of it is sent.
  (void)client_.Send(request, Soon());
  EXPECT_EQ(client_.ReadResponse(Soon()).status, 413);
}

TEST_F(BadInputTest, ALongTargetIs414) {
  EXPECT_EQ(Ask(Request("GET", absl::StrCat("/v1/ticks:subscribe?message=", std::string(9'000, 'x')))).status, 414);
}

TEST_F(BadInputTest, ALongHeadIs431) {
  EXPECT_EQ(Ask(Request("GET", "/", "", absl::StrCat("X-Long: ", std::string(70'000, 'x')))).status, 431);
}

TEST_F(BadInputTest, AMillionBytesOfShortFieldsAre431) {
  std::string fields;
  for (int i = 0; i < 100'000; ++i) absl::StrAppend(&fields, i == 0 ? "" : "\r\n", "a: b");
  (void)client_.Send(Request("GET", "/", "", fields), Soon());
  EXPECT_EQ(client_.ReadResponse(Soon()).status, 431);
  EXPECT_NE(client_.WaitForPeerEnd(Soon()), RawClient::PeerEnd::kOpen);
}

TEST_F(BadInputTest, ShapesThatSmuggleAre400AndClose) {
  const std::string post = "POST /events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
  const std::string body = R"({"count":1})";
  // What a gateway that misreads the first request would answer as a second one.
  const std::string hidden = "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n";
  const struct {
    const char* why;
    std::string request;
  } kRows[] = {
      {"Content-Length with Transfer-Encoding",
       absl::StrCat(post, "Content-Length: 11\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")},
      {"Transfer-Encoding with Content-Length",
       absl::StrCat(post, "Transfer-Encoding: chunked\r\nContent-Length: 11\r\n\r\n0\r\n\r\n")},
      {"two Content-Lengths that differ", absl::StrCat(post, "Content-Length: 11\r\nContent-Length: 0\r\n\r\n", body)},
      {"two Content-Lengths alike", absl::StrCat(post, "Content-Length: 11\r\nContent-Length: 11\r\n\r\n", body)},
      {"a list of lengths", absl::StrCat(post, "Content-Length: 11, 11\r\n\r\n", body)},
      {"a signed length", absl::StrCat(post, "Content-Length: +11\r\n\r\n", body)},
      {"a negative length", absl::StrCat(post, "Content-Length: -1\r\n\r\n", body)},
      {"a length beyond 64 bits", absl::StrCat(post, "Content-Length: 18446744073709551627\r\n\r\n", body)},
      {"a hexadecimal length", absl::StrCat(post, "Content-Length: 0xb\r\n\r\n", body)},
      {"an unknown coding", absl::StrCat(post, "Transfer-Encoding: chunkedx\r\n\r\n0\r\n\r\n")},
      {"chunked twice", absl::StrCat(post, "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n")},
      {"chunked not last", absl::StrCat(post, "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n")},
      {"chunked in two fields",
       absl::StrCat(post, "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")},
      {"a folded field", absl::StrCat(post, "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n")},
      {"a space before the colon", absl::StrCat(post, "Content-Length : 11\r\n\r\n", body)},
      {"a bare LF in the head", absl::StrCat(post, "X: y\nContent-Length: 11\r\n\r\n", body)},
      {"a bare LF after the request line", absl::StrCat("GET /x HTTP/1.1\nHost: x\r\n\r\n")},
      {"a bare CR in a value", absl::StrCat(post, "X: y\rContent-Length: 11\r\n\r\n", body)},
      {"a NUL in a value", absl::StrCat(post, "X: y", std::string(1, '\0'), "\r\nContent-Length: 11\r\n\r\n", body)},
      {"a chunk size that is no number", absl::StrCat(post, "Transfer-Encoding: chunked\r\n\r\nzz\r\n", body)},
      {"a chunk size with 0x", absl::StrCat(post, "Transfer-Encoding: chunked\r\n\r\n0xb\r\n", body, "\r\n0\r\n\r\n")},
      {"a chunk size beyond 64 bits",
       absl::StrCat(post, "Transfer-Encoding: chunked\r\n\r\n1000000000000000b\r\n", body, "\r\n0\r\n\r\n")},
      {"a chunk longer than its size",
       absl::StrCat(post, "Transfer-Encoding: chunked\r\n\r\n5\r\n", body, "\r\n0\r\n\r\n")},
      {"a bare LF after a chunk size",
       absl::StrCat(post, "Transfer-Encoding: chunked\r\n\r\nb\n", body, "\r\n0\r\n\r\n")},
      {"no Host", "GET /x HTTP/1.1\r\n\r\n"},
      {"two Hosts", "GET /x HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n"},
      {"two spaces in the request line", "GET  /x HTTP/1.1\r\nHost: x\r\n\r\n"},
      {"a version that does not exist", "GET /x HTTP/1.9x\r\nHost: x\r\n\r\n"},
      {"a control character in the target", "GET /x\x01y HTTP/1.1\r\nHost: x\r\n\r\n"},
  };
  for (const auto& row : kRows) {
    SCOPED_TRACE(row.why);
    client_ = RawClient::Connect(gateway_->address()).value();
    (void)client_.Send(row.request + hidden, Soon());
    const Response response = client_.ReadResponse(Soon());
    EXPECT_EQ(response.status, 400) << client_.received();
    EXPECT_EQ(client_.WaitForPeerEnd(Soon()), RawClient::PeerEnd::kFin)
        << "closed, and not so hard that the reply is lost";
    EXPECT_EQ(client_.received().find("HTTP/1.1", 8), std::string::npos) << "a second answer: " << client_.received();
  }
}

TEST_F(BadInputTest, ARequestPipelinedBehindAStreamIsNotAnswered) {
  ASSERT_TRUE(client_.Send(PostJson("/events", R"({"count":2,"interval":"0.1s"})") + Request("GET", "/nowhere")).ok());
  const Response stream = client_.ReadResponse(Soon());
  EXPECT_TRUE(stream.complete);
  EXPECT_EQ(stream.Lines().size(), 3u) << stream.body;
  EXPECT_EQ(client_.WaitForPeerEnd(Soon()), RawClient::PeerEnd::kFin) << "closed after the stream";
  EXPECT_EQ(client_.received().find("HTTP/1.1", 8), std::string::npos) << "a second answer: " << client_.received();
}

}  // namespace
}  // namespace penstock::testing
