#include "gateway/http/http1_session.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gateway/http/session_set.h"
#include "gateway/http/testing/test_client.h"
#include "gateway/http/testing/test_server.h"

namespace penstock::http {
namespace {

using testing::Scripted;
using testing::TestClient;
using testing::TestServer;
using End = TestClient::End;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr char kGet[] = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

// Answers each request with "METHOD target body".
void Echo(Scripted& h) {
  h.on_end = [&h] { h.Reply(200, absl::StrCat(h.head.method, " ", h.head.target, " ", h.body)); };
}

// Sends a head of unknown length and a first record.
void Stream(Scripted& h) {
  h.on_end = [&h] {
    h.response.SendHead(200, {}, absl::nullopt);
    h.Append("one\n");
  };
}

std::string BodyOf(const std::string& response) {
  const size_t end = response.find("\r\n\r\n");
  return end == std::string::npos ? "" : response.substr(end + 4);
}

TEST(Http1Session, KeepsTheConnection) {
  TestServer server({}, Echo);
  TestClient client = server.Connect();
  for (int i = 0; i < 3; ++i) {
    client.Send(kGet);
    const std::string response = client.ReadResponse();
    EXPECT_TRUE(absl::StartsWith(response, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: ")) << response;
    EXPECT_FALSE(absl::StrContains(response, "Connection:")) << response;
    EXPECT_EQ(BodyOf(response), "GET /a ");
  }
  EXPECT_TRUE(server.log().WaitFor("destroyed", 3));
  EXPECT_EQ(server.loop().live_requests().load(), 0u);
}

TEST(Http1Session, ToldToCloseItCloses) {
  TestServer server({}, Echo);
  TestClient client = server.Connect();
  client.Send("GET / HTTP/1.1\r\nHost: h\r\nConnection: Close\r\n\r\n");
  EXPECT_TRUE(absl::StrContains(client.ReadResponse(), "\r\nConnection: close\r\n"));
  EXPECT_EQ(client.WaitForEnd(), End::kFin);
  EXPECT_TRUE(server.WaitForSize(0));
}

TEST(Http1Session, AHandlerMayAskForTheEndOfTheConnection) {
  TestServer server({}, [](Scripted& h) {
    h.on_end = [&h] {
      h.response.SendHead(400, {{"connection", "close"}}, 0);
      h.response.Finish();
    };
  });
  TestClient client = server.Connect();
  client.Send(kGet);
  EXPECT_TRUE(absl::StrContains(client.ReadResponse(), "\r\nConnection: close\r\n"));
  EXPECT_EQ(client.WaitForEnd(), End::kFin);
}

TEST(Http1Session, TellsWhoThePeerIs) {
  TestServer server({}, [](Scripted& h) { h.on_end = [&h] { h.Reply(200, h.head.peer); }; });
  TestClient client = server.Connect();
  client.Send(kGet);
  EXPECT_TRUE(absl::StartsWith(BodyOf(client.ReadResponse()), "127.0.0.1:"));
}

TEST(Http1Session, PipelinedRequestsAreAnsweredInOrder) {
  TestServer server({}, Echo);
  TestClient client = server.Connect();
  std::string requests;
  for (int i = 0; i < 200; ++i) {
    absl::StrAppend(&requests, "POST /", i, " HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
  }
  client.Send(requests);
  for (int i = 0; i < 200; ++i) ASSERT_EQ(BodyOf(client.ReadResponse()), absl::StrCat("POST /", i, " abc"));
}

TEST(Http1Session, PipelinedRequestsWaitForASlowAnswer) {
  TestServer server({}, [](Scripted&) {});
  TestClient client = server.Connect();
  client.Send(absl::StrCat(kGet, kGet));
  ASSERT_TRUE(server.log().WaitFor("end"));
  server.WithLast([](Scripted& h) { h.Reply(200, "first"); });
  EXPECT_EQ(BodyOf(client.ReadResponse()), "first");
  ASSERT_TRUE(server.log().WaitFor("end", 2));
  server.WithLast([](Scripted& h) { h.Reply(200, "second"); });
  EXPECT_EQ(BodyOf(client.ReadResponse()), "second");
}

TEST(Http1Session, WhatIsPipelinedIsBounded) {
  TestServer server({}, [](Scripted&) {});
  TestClient client = server.Connect();
  client.Send(kGet);
  ASSERT_TRUE(server.log().WaitFor("end"));
  // The kernel's buffers take some megabytes, the session 16 KiB: then sending blocks.
  const std::string flood(1 << 20, 'x');
  size_t sent = 0;
  int idle_rounds = 0;
  while (idle_rounds < 20 && sent < (size_t{64} << 20)) {
    const size_t n = client.SendSome(flood);
    sent += n;
    idle_rounds = n == 0 ? idle_rounds + 1 : 0;
    server.Do([] {});
  }
  EXPECT_LT(sent, size_t{64} << 20);
  server.WithLast([](Scripted& h) { h.Reply(200, "first"); });
  EXPECT_EQ(BodyOf(client.ReadResponse()), "first");
}

TEST(Http1Session, NothingIsServedBehindAStreamOfUnknownLength) {
  TestServer server({}, Stream);
  TestClient client = server.Connect();
  client.Send(kGet);
  ASSERT_NE(client.ReadUntil("one\n\r\n"), "");
  client.Send(kGet);
  server.Do([] {});
  client.Send(kGet);
  server.WithLast([](Scripted& h) {
    h.Append("two\n");
    h.response.Finish();
  });
  // The end is a clean one: the chunked ending, then FIN, although requests lie unread.
  EXPECT_EQ(client.ReadUntil("0\r\n\r\n"), "4\r\ntwo\n\r\n0\r\n\r\n");
  EXPECT_EQ(client.WaitForEnd(), End::kFin);
  EXPECT_EQ(server.log().Count("end"), 1u);
}

// An answer with trailers has no length either, but an end. Whether the next request came in one read with the one
// before must not decide whether it is answered.
TEST(Http1Session, WhatIsBehindAStreamThatHasEndedIsServed) {
  TestServer server({}, [](Scripted& h) {
    h.on_end = [&h] {
      h.response.SendHead(200, {}, absl::nullopt);
      h.Append("one");
      h.response.Finish({{"Grpc-Trailer-A", "b"}});
    };
  });
  TestClient client = server.Connect();
  client.Send(absl::StrCat(kGet, kGet));
  for (int i = 0; i < 2; ++i) EXPECT_NE(client.ReadUntil("one\r\n0\r\nGrpc-Trailer-A: b\r\n\r\n"), "");
}

// The rest of a chunked body that was answered early: short, it is dropped and the connection goes on; else it ends.
TEST(Http1Session, AnAnswerBeforeTheEndOfAChunkedBodyKeepsTheConnectionIfTheRestIsShort) {
  constexpr absl::string_view kBegin = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";
  for (const bool is_short : {true, false}) {
    SCOPED_TRACE(is_short ? "short" : "long");
    SessionOptions options;
    options.max_discarded_bytes = 1000;
    TestServer server(options, [](Scripted& h) { h.on_head = [&h] { h.Reply(400, "no"); }; });
    TestClient client = server.Connect();
    client.Send(kBegin);
    const std::string answer = client.ReadResponse();
    EXPECT_TRUE(absl::StartsWith(answer, "HTTP/1.1 400 ")) << answer;
    EXPECT_FALSE(absl::StrContains(answer, "Connection: close")) << answer;
    if (is_short) {
      client.Send("4\r\nrest\r\n0\r\n\r\n");
      client.Send(kGet);
      EXPECT_TRUE(absl::StartsWith(client.ReadResponse(), "HTTP/1.1 400 "));
    } else {
      for (int i = 0; i < 20; ++i) client.Send(absl::StrCat("64\r\n", std::string(100, 'x'), "\r\n"));
      EXPECT_NE(client.WaitForEnd(), TestClient::End::kOpen);
    }
  }
}

TEST(Http1Session, PipelinedBeforeAStreamItSaysClose) {
  TestServer server({}, [](Scripted&) {});
  TestClient client = server.Connect();
  client.Send(absl::StrCat(kGet, kGet));
  ASSERT_TRUE(server.log().WaitFor("end"));
  server.WithLast([](Scripted& h) {
    h.response.SendHead(200, {}, absl::nullopt);
    h.Append("one\n");
  });
  EXPECT_TRUE(absl::StrContains(client.ReadUntil("\r\n\r\n"), "Connection: close"));
  ASSERT_NE(client.ReadUntil("one\n\r\n"), "");
  server.WithLast([](Scripted& h) { h.response.Finish(); });
  EXPECT_EQ(client.WaitForEnd(), End::kFin);
}

TEST(Http1Session, OneTurnIsOneChunk) {
  TestServer server({}, [](Scripted& h) {
    h.on_end = [&h] {
      h.response.SendHead(200, {}, absl::nullopt);
      h.Append("a");
      h.Append("b");
      h.response.Body().append("cut off again");
      h.response.Body().resize(h.response.Body().size() - 13);
      h.Append("c");
    };
  });
  TestClient client = server.Connect();
  client.Send(kGet);
  const std::string head = client.ReadUntil("\r\n\r\n");
  EXPECT_TRUE(absl::StrContains(head, "\r\nTransfer-Encoding: chunked\r\n")) << head;
  // Behind the head the size cannot move, so its leading zeros stay.
  EXPECT_EQ(client.ReadUntil("c\r\n"), "00000003\r\nabc\r\n");
  server.WithLast([](Scripted& h) {
    EXPECT_EQ(h.response.Unsent(), 0u);
    EXPECT_EQ(h.drained, 3u);
    h.Append(std::string(300, 'x'));
    EXPECT_EQ(h.response.Unsent(), 300u);
  });
  EXPECT_EQ(client.ReadUntil("x\r\n"), absl::StrCat("12c\r\n", std::string(300, 'x'), "\r\n"));
  server.WithLast([](Scripted& h) {
    h.response.Body();  // nothing appended: no empty chunk, that would be the end
    h.response.CommitBody();
  });
  server.WithLast([](Scripted& h) { h.response.Finish(); });
  EXPECT_EQ(client.ReadUntil("0\r\n\r\n"), "0\r\n\r\n");
  client.Send(kGet);
  EXPECT_NE(client.ReadUntil("abc\r\n"), "") << "the connection is kept after a stream that ended";
}

TEST(Http1Session, TrailersFollowAChunkedBodyAndNoOther) {
  TestServer server({}, [](Scripted& h) {
    h.on_end = [&h] {
      const bool chunked = h.head.target == "/chunked";
      h.response.SendHead(200, {}, chunked ? absl::nullopt : absl::optional<uint64_t>(3));
      h.Append("one");
      h.response.Finish({{"Grpc-Trailer-a", "1"}, {"Grpc-Trailer-b", "x\r\nX-Forged: 1"}});
    };
  });
  TestClient client = server.Connect();
  client.Send("GET /chunked HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_NE(client.ReadUntil("\r\n\r\n"), "");
  EXPECT_EQ(client.ReadUntil("\r\n\r\n"), "00000003\r\none\r\n0\r\nGrpc-Trailer-a: 1\r\n\r\n")
      << "a value that would start a field of its own is left out";
  client.Send("GET /known HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(BodyOf(client.ReadResponse()), "one");
}

TEST(Http1Session, AbortIsAReset) {
  TestServer server({}, Stream);
  TestClient client = server.Connect();
  client.Send(kGet);
  ASSERT_NE(client.ReadUntil("one\n\r\n"), "");
  server.WithLast([](Scripted& h) { h.response.Abort(); });
  EXPECT_EQ(client.WaitForEnd(), End::kReset);
  EXPECT_TRUE(server.log().WaitFor("destroyed"));
  EXPECT_EQ(server.log().Count("gone reset"), 0u);
}

TEST(Http1Session, AKnownLengthThatIsNotKeptIsAReset) {
  for (const char* body : {"too short", "much too long for what was said"}) {
    TestServer server({}, [&](Scripted& h) {
      h.on_end = [&h, body] {
        h.response.SendHead(200, {}, 12);
        h.Append(body);
        h.response.Finish();
      };
    });
    TestClient client = server.Connect();
    client.Send(kGet);
    EXPECT_EQ(client.WaitForEnd(), End::kReset) << body;
  }
}

TEST(Http1Session, ClientThatLeavesIsNoticedAtOnce) {
  TestServer server({}, Stream);
  TestClient client = server.Connect();
  client.Send(kGet);
  ASSERT_NE(client.ReadUntil("one\n\r\n"), "");
  const auto start = steady_clock::now();
  client.Close();
  ASSERT_TRUE(server.log().WaitFor("gone client_closed"));
  EXPECT_LT(steady_clock::now() - start, milliseconds(100));
  EXPECT_TRUE(server.log().WaitFor("destroyed"));
  EXPECT_TRUE(server.WaitForSize(0));
  EXPECT_EQ(server.loop().live_requests().load(), 0u);
}

TEST(Http1Session, ClientThatLeavesBeforeAnyAnswerIsNoticed) {
  TestServer server({}, [](Scripted&) {});
  TestClient client = server.Connect();
  client.Send(kGet);
  ASSERT_TRUE(server.log().WaitFor("end"));
  client.Close();
  EXPECT_TRUE(server.log().WaitFor("gone client_closed"));
}

TEST(Http1Session, AHalfClosedClientGetsAnAnswerThatIsReady) {
  TestServer server({}, Echo);
  TestClient client = server.Connect();
  client.Send(kGet);
  client.ShutdownSend();
  EXPECT_EQ(BodyOf(client.ReadToEnd()), "GET /a ");
}

TEST(Http1Session, BodiesOfBothFramings) {
  TestServer server({}, Echo);
  TestClient client = server.Connect();
  client.Send("POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  client.Send("2;x=y\r\nde\r\n0\r\nTrailer: x\r\n\r\n");
  EXPECT_EQ(BodyOf(client.ReadResponse()), "POST /p abcde");
  client.Send("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab");
  client.Send("cd");
  EXPECT_EQ(BodyOf(client.ReadResponse()), "POST /p abcd");
}

TEST(Http1Session, ContinueIsSentWhenTheHandlerWaits) {
  TestServer server({}, Echo);
  TestClient client = server.Connect();
  client.Send("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("ab");
  const std::string response = client.ReadResponse();
  EXPECT_EQ(BodyOf(response), "POST /p ab");
  EXPECT_FALSE(absl::StrContains(response, "Connection: close"));
}

TEST(Http1Session, ContinueIsNotSentWhenTheHandlerHasAnswered) {
  TestServer server({}, [](Scripted& h) { h.on_head = [&h] { h.Reply(404, "no"); }; });
  TestClient client = server.Connect();
  client.Send("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  const std::string response = client.ReadResponse();
  EXPECT_TRUE(absl::StartsWith(response, "HTTP/1.1 404 Not Found\r\n")) << response;
  EXPECT_TRUE(absl::StrContains(response, "Connection: close")) << "whether the body comes is not known";
  EXPECT_EQ(client.WaitForEnd(), End::kFin);
}

TEST(Http1Session, AnswersWithoutABody) {
  TestServer server({}, [](Scripted& h) {
    h.on_end = [&h] {
      const bool to_head = h.head.method == "HEAD";
      h.response.SendHead(to_head ? 200 : (h.head.target == "/204" ? 204 : 304), {{"ETag", "\"x\""}},
                          to_head ? absl::optional<uint64_t>(5) : absl::nullopt);
      h.Append("12345");
      h.response.Finish();
    };
  });
  TestClient client = server.Connect();
  client.Send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(absl::StrContains(client.ReadResponse(/*to_head=*/true), "\r\nContent-Length: 5\r\n"));
  for (const char* status : {"204", "304"}) {
    client.Send(absl::StrCat("GET /", status, " HTTP/1.1\r\nHost: h\r\n\r\n"));
    const std::string response = client.ReadUntil("\r\n\r\n");
    EXPECT_TRUE(absl::StartsWith(response, absl::StrCat("HTTP/1.1 ", status, " "))) << response;
    EXPECT_FALSE(absl::StrContains(response, "Content-Length")) << response;
    EXPECT_FALSE(absl::StrContains(response, "chunked")) << response;
  }
}

TEST(Http1Session, Http10KnowsNoChunks) {
  TestServer server({}, Stream);
  TestClient client = server.Connect();
  client.Send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const std::string head = client.ReadUntil("\r\n\r\n");
  EXPECT_FALSE(absl::StrContains(head, "chunked")) << head;
  EXPECT_TRUE(absl::StrContains(head, "Connection: close")) << head;
  server.WithLast([](Scripted& h) {
    h.Append("two\n");
    h.response.Finish();
  });
  EXPECT_EQ(client.ReadToEnd(), "one\ntwo\n");
}

TEST(Http1Session, Http10IsKeptOnlyWhenAsked) {
  TestServer server({}, Echo);
  TestClient client = server.Connect();
  client.Send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_TRUE(absl::StrContains(client.ReadResponse(), "Connection: keep-alive"));
  client.Send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(absl::StrContains(client.ReadResponse(), "Connection: close"));
  EXPECT_EQ(client.WaitForEnd(), End::kFin);
}

TEST(Http1Session, UnreleasedBodyStopsReading) {
  SessionOptions options;
  options.max_unreleased_bytes = 4096;
  std::atomic<size_t> received{0};
  TestServer server(options, [&](Scripted& h) {
    h.on_body = [&](absl::string_view data) { received += data.size(); };
    h.on_end = [&h] { h.Reply(200, absl::StrCat(h.body.size())); };
  });
  TestClient client = server.Connect();
  const size_t total = 64 * 1024;
  client.Send(absl::StrCat("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ", total, "\r\n\r\n"));
  client.Send(std::string(total, 'x'));
  const auto deadline = steady_clock::now() + testing::kPatience;
  while (received < 4096 && steady_clock::now() < deadline) server.Do([] {});
  for (int i = 0; i < 50; ++i) server.Do([] {});
  // What came along with the head is delivered; then no more than the limit.
  EXPECT_LE(received, 4096 + Http1Session::kHeadReadBytes);
  server.WithLast([&](Scripted& h) {
    h.on_body = nullptr;
    h.response.ReleaseRequestBody(h.body.size());
  });
  EXPECT_EQ(BodyOf(client.ReadResponse()), absl::StrCat(total));
}

TEST(Http1Session, ShortRestOfABodyIsSkipped) {
  TestServer server({}, [](Scripted& h) {
    if (h.head.target == "/a") return Echo(h);
    h.on_head = [&h] { h.Reply(404, "no"); };
  });
  TestClient client = server.Connect();
  client.Send("POST /404 HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n");
  const std::string response = client.ReadResponse();
  EXPECT_TRUE(absl::StartsWith(response, "HTTP/1.1 404")) << response;
  EXPECT_FALSE(absl::StrContains(response, "Connection: close")) << response;
  client.Send(std::string(1000, 'x'));
  client.Send(kGet);
  EXPECT_EQ(BodyOf(client.ReadResponse()), "GET /a ");
}

TEST(Http1Session, LongRestOfABodyDoesNotEatTheAnswer) {
  TestServer server({}, [](Scripted& h) { h.on_head = [&h] { h.Reply(413, "too large"); }; });
  TestClient client = server.Connect();
  client.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
  client.Send(std::string(200'000, 'x'));  // less than what is lingered for
  const std::string response = client.ReadResponse();
  EXPECT_TRUE(absl::StartsWith(response, "HTTP/1.1 413 ")) << response;
  EXPECT_TRUE(absl::StrContains(response, "Connection: close")) << response;
  EXPECT_EQ(BodyOf(response), "too large");
  EXPECT_EQ(client.WaitForEnd(), End::kFin);
}

TEST(Http1Session, LingeringIsBoundedInTime) {
  SessionOptions options;
  options.linger_timeout = milliseconds(100);
  TestServer server(options, [](Scripted& h) { h.on_head = [&h] { h.Reply(413, "too large"); }; });
  TestClient client = server.Connect();
  client.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
  EXPECT_EQ(client.WaitForEnd(), End::kFin);
  EXPECT_TRUE(server.WaitForSize(0)) << "the client has not closed";
}

TEST(Http1Session, LingeringIsBoundedInBytes) {
  SessionOptions options;
  options.linger_timeout = std::chrono::hours(1);
  TestServer server(options, [](Scripted& h) { h.on_head = [&h] { h.Reply(413, "too large"); }; });
  TestClient client = server.Connect();
  client.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\n");
  const std::string flood(100'000, 'x');
  for (int i = 0; i < 1000 && server.set().size() > 0; ++i) client.Send(flood);
  EXPECT_TRUE(server.WaitForSize(0));
}

TEST(Http1Session, RefusalsAreJsonAndClose) {
  const struct {
    const char* request;
    const char* status_line;
    const char* body;
  } cases[] = {
      {"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n",
       R"({"code":3,"message":"no Host field","details":[]})"},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
       "HTTP/1.1 400 Bad Request\r\n",
       R"({"code":3,"message":"Content-Length together with Transfer-Encoding","details":[]})"},
      {"CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 405 Method Not Allowed\r\n",
       R"({"code":12,"message":"this is no proxy: CONNECT is not served","details":[]})"},
      {"GET / HTTP/2.0\r\nHost: h\r\n\r\n", "HTTP/1.1 505 HTTP Version Not Supported\r\n",
       R"({"code":12,"message":"only HTTP/1.1 and HTTP/1.0 are spoken here","details":[]})"},
  };
  for (const auto& c : cases) {
    TestServer server({}, Echo);
    TestClient client = server.Connect();
    client.Send(absl::StrCat(c.request, "and more that nobody will parse\r\n\r\n"));
    const std::string response = client.ReadResponse();
    EXPECT_TRUE(absl::StartsWith(response, c.status_line)) << response;
    EXPECT_TRUE(absl::StrContains(response, "\r\nContent-Type: application/json\r\n")) << response;
    EXPECT_TRUE(absl::StrContains(response, "\r\nConnection: close\r\n")) << response;
    EXPECT_EQ(absl::StrContains(response, "\r\nAllow: "), absl::StrContains(response, " 405 ")) << response;
    EXPECT_EQ(BodyOf(response), c.body);
    EXPECT_EQ(client.WaitForEnd(), End::kFin);
    EXPECT_EQ(server.log().All(), "") << "no handler was made";
  }
}

TEST(Http1Session, ARefusalIsAnsweredBehindWhatIsInProgress) {
  TestServer server({}, Echo);
  TestClient client = server.Connect();
  client.Send(absl::StrCat(kGet, "nonsense\r\n\r\n"));
  EXPECT_EQ(BodyOf(client.ReadResponse()), "GET /a ");
  EXPECT_TRUE(absl::StartsWith(client.ReadResponse(), "HTTP/1.1 400 "));
  EXPECT_EQ(client.WaitForEnd(), End::kFin);
}

TEST(Http1Session, ABrokenBodyIsTheHandlersToAnswer) {
  TestServer server({}, Echo);
  TestClient client = server.Connect();
  client.Send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
  const std::string response = client.ReadResponse();
  EXPECT_TRUE(absl::StartsWith(response, "HTTP/1.1 400 ")) << response;
  EXPECT_TRUE(absl::StrContains(response, "\r\nConnection: close\r\n")) << response;
  EXPECT_EQ(client.WaitForEnd(), End::kFin);
  EXPECT_EQ(server.log().All(), "broken 400\ndestroyed\n");
}

TEST(Http1Session, AHeadThatDoesNotComeToAnEnd) {
  SessionOptions options;
  options.header_timeout = milliseconds(80);
  TestServer server(options, Echo);
  TestClient client = server.Connect();
  client.Send("GET / HTTP/1.1\r\nHost");
  const std::string response = client.ReadResponse();
  EXPECT_TRUE(absl::StartsWith(response, "HTTP/1.1 408 ")) << response;
  EXPECT_EQ(client.WaitForEnd(), End::kFin);
}

TEST(Http1Session, AnIdleConnectionIsClosedSilently) {
  SessionOptions options;
  options.idle_timeout = milliseconds(80);
  TestServer server(options, Echo);
  TestClient never = server.Connect();
  TestClient once = server.Connect();
  once.Send(kGet);
  EXPECT_EQ(BodyOf(once.ReadResponse()), "GET /a ");
  EXPECT_EQ(once.ReadToEnd(), "");
  EXPECT_EQ(never.ReadToEnd(), "");
  EXPECT_EQ(never.WaitForEnd(), End::kFin);
  EXPECT_TRUE(server.WaitForSize(0));
}

TEST(Http1Session, ABodyThatDoesNotCome) {
  SessionOptions options;
  options.body_timeout = milliseconds(80);
  TestServer server(options, Echo);
  TestClient client = server.Connect();
  client.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_TRUE(absl::StartsWith(client.ReadResponse(), "HTTP/1.1 408 "));
  EXPECT_EQ(client.WaitForEnd(), End::kFin);
  EXPECT_EQ(server.log().Count("broken 408"), 1u);
}

TEST(Http1Session, AnIdleStreamIsNotSlow) {
  SessionOptions options;
  options.slow_client_timeout = options.idle_timeout = options.body_timeout = options.header_timeout = milliseconds(30);
  TestServer server(options, Stream);
  TestClient stream = server.Connect();
  stream.Send(kGet);
  ASSERT_NE(stream.ReadUntil("one\n\r\n"), "");
  // Something that takes longer than all the timeouts.
  for (int i = 0; i < 5; ++i) EXPECT_EQ(server.Connect().ReadToEnd(), "");
  server.WithLast([](Scripted& h) { h.Append("two\n"); });
  EXPECT_EQ(stream.ReadUntil("two\n\r\n"), "4\r\ntwo\n\r\n");
}

// Appends a piece whenever the last has drained down, as a pump with a window does.
struct Window {
  static constexpr size_t kPiece = 64 * 1024;
  std::atomic<size_t> appended{0};
  std::atomic<size_t> most_unsent{0};

  void Fill(Scripted& h) {
    while (h.response.Unsent() < kPiece) {
      h.Append(std::string(kPiece, 'x'));
      appended += kPiece;
      most_unsent = std::max(most_unsent.load(), h.response.Unsent());
    }
  }
};

TEST(Http1Session, AClientThatNeverReadsIsCut) {
  SessionOptions options;
  options.slow_client_timeout = milliseconds(300);
  Window window;
  TestServer server(options, [&](Scripted& h) {
    h.on_end = [&] {
      h.response.SendHead(200, {}, absl::nullopt);
      window.Fill(h);
    };
    h.on_drained = [&](size_t) { window.Fill(h); };
  });
  TestClient client = server.Connect(/*receive_buffer=*/4096);
  client.Send(kGet);
  ASSERT_TRUE(server.log().WaitFor("gone slow_client"));
  EXPECT_LE(window.most_unsent, 2 * Window::kPiece);
  EXPECT_LT(window.appended, size_t{4} << 20);
  EXPECT_EQ(client.WaitForEnd(), End::kReset);
}

TEST(Http1Session, ASlowReaderGetsEveryByte) {
  TestServer server({}, [](Scripted& h) {
    h.on_end = [&h] {
      h.response.SendHead(200, {}, absl::nullopt);
      h.Append("0 ");
    };
    h.on_drained = [&h](size_t) {
      const size_t next = h.body.size();
      h.body.push_back('x');
      if (next == 400) {
        h.response.Finish();
      } else {
        // Pieces of all sizes, so that sends end within heads, sizes and data.
        h.Append(absl::StrCat(next, std::string(next * 37, '.'), " "));
      }
    };
  });
  TestClient client = server.Connect(/*receive_buffer=*/4096);
  client.Send(kGet);
  ASSERT_NE(client.ReadUntil("\r\n\r\n"), "");
  const std::string wire = client.ReadUntil("0\r\n\r\n");
  ASSERT_NE(wire, "");
  std::string body;
  for (size_t at = 0; at < wire.size();) {
    const size_t size = std::stoul(wire.substr(at, wire.find('\r', at) - at), nullptr, 16);
    at = wire.find('\n', at) + 1;
    body.append(wire, at, size);
    ASSERT_EQ(wire.substr(at + size, 2), "\r\n");
    at += size + 2;
  }
  std::string expected = "0 ";
  for (size_t i = 0; i < 400; ++i) absl::StrAppend(&expected, i, std::string(i * 37, '.'), " ");
  EXPECT_EQ(body, expected);
}

TEST(Http1Session, DrainClosesWhatIsIdleAndLetsTheRestEnd) {
  TestServer server({}, [](Scripted& h) {
    if (h.head.target == "/a") return Stream(h);
    Echo(h);
  });
  TestClient idle = server.Connect();
  TestClient used = server.Connect();
  used.Send("GET /b HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(BodyOf(used.ReadResponse()), "GET /b ");
  TestClient begun = server.Connect();
  begun.Send("GET /b HT");
  TestClient stream = server.Connect();
  stream.Send(kGet);
  ASSERT_NE(stream.ReadUntil("one\n\r\n"), "");
  server.Do([&] { server.set().BeginDrain(); });
  EXPECT_EQ(idle.WaitForEnd(), End::kFin);
  EXPECT_EQ(used.WaitForEnd(), End::kFin);
  begun.Send("TP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(absl::StrContains(begun.ReadResponse(), "Connection: close"));
  EXPECT_EQ(begun.WaitForEnd(), End::kFin);
  EXPECT_TRUE(server.WaitForSize(1)) << "the stream goes on";
  TestClient late = server.Connect();
  late.Send("GET /b HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(absl::StrContains(late.ReadResponse(), "Connection: close"));
  EXPECT_EQ(late.WaitForEnd(), End::kFin);
}

TEST(Http1Session, AStreamEndsCleanlyWhileDraining) {
  TestServer server({}, Stream);
  TestClient stream = server.Connect();
  stream.Send(kGet);
  ASSERT_NE(stream.ReadUntil("one\n\r\n"), "");
  server.Do([&] { server.set().BeginDrain(); });
  server.WithLast([](Scripted& h) {
    h.Append("end\n");
    h.response.Finish();
  });
  EXPECT_EQ(stream.ReadToEnd(), "4\r\nend\n\r\n0\r\n\r\n");
  EXPECT_TRUE(server.WaitForSize(0));
}

TEST(Http1Session, OneTooManyIsToldSo) {
  TestServer server({}, Echo);
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  TestClient client{net::UniqueFd(ends[0])};
  client.Send(kGet);
  server.set().Refuse(net::UniqueFd(ends[1]));
  const std::string response = client.ReadResponse();
  EXPECT_TRUE(absl::StartsWith(response, "HTTP/1.1 503 ")) << response;
  EXPECT_TRUE(absl::StrContains(response, "\r\nRetry-After: 1\r\n")) << response;
  EXPECT_EQ(client.WaitForEnd(), End::kFin);
}

TEST(Http1Session, HandlersMayEndInEveryCallback) {
  // What ends, and where: none of them may hear anything more, or be destroyed under itself.
  for (const bool abort : {false, true}) {
    for (const std::string where : {"head", "body", "end", "drained"}) {
      TestServer server({}, [&](Scripted& h) {
        const auto stop = [&h, abort] {
          if (abort) return h.response.Abort();
          if (h.drained == 0) h.response.SendHead(200, {}, absl::nullopt);
          h.response.Finish();
        };
        if (where == "head") h.on_head = stop;
        if (where == "body") h.on_body = [stop](absl::string_view) { stop(); };
        if (where == "end") h.on_end = stop;
        if (where == "drained") {
          h.on_end = [&h] {
            h.response.SendHead(200, {}, absl::nullopt);
            h.Append("x");
          };
          h.on_drained = [stop](size_t) { stop(); };
        }
      });
      TestClient client = server.Connect();
      client.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
      ASSERT_TRUE(server.log().WaitFor("destroyed")) << where << abort;
      if (abort) {
        EXPECT_EQ(client.WaitForEnd(), End::kReset) << where;
      } else {
        EXPECT_NE(client.ReadUntil("0\r\n\r\n"), "") << where;
        client.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
        EXPECT_NE(client.ReadUntil("0\r\n\r\n"), "") << where;
      }
    }
  }
}

TEST(Http1Session, ASetMayBeDestroyedWithEverythingInProgress) {
  TestServer server({}, Stream);
  TestClient stream = server.Connect();
  stream.Send(kGet);
  ASSERT_NE(stream.ReadUntil("one\n\r\n"), "");
  TestClient idle = server.Connect();
  TestClient begun = server.Connect();
  begun.Send("GET");
}

}  // namespace
}  // namespace penstock::http
