#include "gateway/http/http2_session.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gateway/http/preface.h"
#include "gateway/http/testing/http2_test_client.h"
#include "gateway/http/testing/test_server.h"

namespace penstock::http {
namespace {

using testing::Frame;
using testing::FrameNames;
using testing::Http2Answer;
using testing::Http2Hello;
using testing::Http2TestClient;
using testing::PlainBlock;
using testing::Scripted;
using testing::TestClient;
using testing::TestServer;
using End = TestClient::End;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

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

std::string HeadersFrame(uint32_t id, const std::string& path, uint8_t flags) {
  return Frame(NGHTTP2_HEADERS, flags, id,
               PlainBlock({{":method", "GET"}, {":scheme", "http"}, {":path", path}, {":authority", "h"}}));
}

constexpr uint8_t kWhole = NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM;

// ---- requests and answers

TEST(Http2Session, AnswersManyRequestsOnOneConnection) {
  TestServer server({}, Echo);
  Http2TestClient client(server.Connect());
  for (int i = 0; i < 3; ++i) {
    const int32_t id = client.Send("POST", "/a?b", {}, absl::StrCat("body", i));
    ASSERT_TRUE(client.WaitForEnd(id));
    const Http2Answer& answer = client.answer(id);
    const std::string body = absl::StrCat("POST /a?b body", i);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, body);
    EXPECT_EQ(answer.error_code, 0u);
    ASSERT_EQ(answer.headers.size(), 3u);
    EXPECT_EQ(answer.headers[0].name, "content-type") << "in lower case";
    EXPECT_EQ(answer.headers[1].name, "date");
    EXPECT_EQ(answer.headers[1].value.size(), 29u);
    EXPECT_EQ(*FindHeader(answer.headers, "content-length"), absl::StrCat(body.size()));
  }
  EXPECT_TRUE(server.log().WaitFor("destroyed", 3));
  EXPECT_EQ(server.loop().live_requests().load(), 0u);
}

TEST(Http2Session, TheHeadTellsWhatHttp11sTells) {
  TestServer server({}, [](Scripted& h) { h.on_end = [&h] { h.Reply(200, h.head.peer); }; });
  Http2TestClient client(server.Connect());
  const int32_t id = client.Send("PUT", "/x", {{"cookie", "a=1"}, {"cookie", "b=2"}, {"content-length", "2"}}, "hi");
  ASSERT_TRUE(client.WaitForEnd(id));
  EXPECT_EQ(client.answer(id).body.rfind("127.0.0.1:", 0), 0u);
  TestServer keeps({}, [](Scripted&) {});
  Http2TestClient other(keeps.Connect());
  other.Send("PUT", "/x", {{"cookie", "a=1"}, {"cookie", "b=2"}, {"content-length", "2"}}, "hi");
  ASSERT_TRUE(keeps.log().WaitFor("end"));
  keeps.WithLast([](Scripted& h) {
    EXPECT_EQ(h.head.version, Version::kHttp2);
    EXPECT_EQ(h.head.authority, "h");
    EXPECT_EQ(h.head.content_length, 2u);
    EXPECT_TRUE(h.head.has_body);
    EXPECT_EQ(*FindHeader(h.head.headers, "cookie"), "a=1; b=2");
  });
}

TEST(Http2Session, EveryCutOfTheBytesGivesTheSameAnswer) {
  const std::string bytes =
      absl::StrCat(Http2Hello(), HeadersFrame(1, "/cut", NGHTTP2_FLAG_END_HEADERS), Frame(NGHTTP2_DATA, 0, 1, "ab"),
                   Frame(NGHTTP2_PING, 0, 0, "12345678"), Frame(NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 1, "cd"));
  TestServer server({}, Echo);
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    TestClient client = server.Connect();
    client.Send(absl::string_view(bytes).substr(0, cut));
    server.Do([] {});  // the loop has had its turn with the first part
    server.Do([] {});
    client.Send(absl::string_view(bytes).substr(cut));
    ASSERT_NE(client.ReadUntil("GET /cut abcd"), "") << "cut at " << cut;
  }
}

TEST(Http2Session, OnePortTakesBothVersions) {
  TestServer server({}, Echo);
  Http2TestClient new_one(server.Connect());
  TestClient old_one = server.Connect();
  old_one.Send("P");  // may become a preface
  const int32_t id = new_one.Send("GET", "/2");
  ASSERT_TRUE(new_one.WaitForEnd(id));
  EXPECT_EQ(new_one.answer(id).body, "GET /2 ");
  old_one.Send("OST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
  EXPECT_NE(old_one.ReadUntil("POST /1 "), "");
}

TEST(Http2Session, StreamsAreInterleaved) {
  TestServer server({}, Stream);
  Http2TestClient client(server.Connect());
  std::vector<int32_t> ids;
  for (int i = 0; i < 3; ++i) {
    ids.push_back(client.Send("GET", "/"));
    ASSERT_TRUE(client.WaitForBody(ids.back(), "one\n"));
    server.WithLast([](Scripted& h) { h.Append("two\n"); });
    ASSERT_TRUE(client.WaitForBody(ids.back(), "one\ntwo\n"));
  }
  server.WithLast([](Scripted& h) { h.response.Finish(); });
  ASSERT_TRUE(client.WaitForEnd(ids[2]));
  EXPECT_FALSE(client.answer(ids[0]).closed);
  EXPECT_FALSE(client.answer(ids[1]).closed);
}

TEST(Http2Session, WhatOneTurnAppendsOnAllStreamsLeavesInOneWrite) {
  // A socket that keeps the borders of writes.
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
  std::vector<Scripted*> handlers;
  TestServer server({}, [&](Scripted& h) {
    handlers.push_back(&h);
    Stream(h);
  });
  server.set().Give(net::UniqueFd(pair[0]));
  TestClient client{net::UniqueFd(pair[1])};
  std::string bytes = Http2Hello();
  for (uint32_t i = 0; i < 20; ++i) bytes += HeadersFrame(2 * i + 1, "/", kWhole);
  client.Send(bytes);
  ASSERT_TRUE(server.log().WaitFor("end", 20));
  server.Do([] {});
  server.Do([] {});
  while (!client.ReadSomeNow().empty()) {
  }
  server.Do([&] {
    for (Scripted* h : handlers) {
      h->Append("two\n");
      h->Append("three\n");
    }
  });
  const std::vector<std::string> frames = FrameNames(client.ReadSome());
  EXPECT_EQ(frames, std::vector<std::string>(20, "DATA"));
}

TEST(Http2Session, SomeAnswersHaveNoBody) {
  TestServer server({}, [](Scripted& h) {
    h.on_end = [&h] {
      h.response.SendHead(h.head.target == "/204" ? 204 : h.head.target == "/304" ? 304 : 200, {}, 5);
      h.Append("hello");
      h.response.Finish({{"x", "dropped"}});
    };
  });
  Http2TestClient client(server.Connect());
  const struct {
    const char* method;
    const char* path;
    const char* length;
  } kRows[] = {{"HEAD", "/", "5"}, {"GET", "/204", ""}, {"GET", "/304", ""}};
  for (const auto& row : kRows) {
    const int32_t id = client.Send(row.method, row.path);
    ASSERT_TRUE(client.WaitForEnd(id));
    const Http2Answer& answer = client.answer(id);
    EXPECT_TRUE(answer.ended);
    EXPECT_EQ(answer.body, "");
    EXPECT_TRUE(answer.trailers.empty());
    const std::string* length = FindHeader(answer.headers, "content-length");
    EXPECT_EQ(length == nullptr ? "" : *length, row.length) << row.method << row.path;
  }
}

TEST(Http2Session, TrailersFollowTheBody) {
  TestServer server({}, [](Scripted& h) {
    Stream(h);
    auto stream = h.on_end;
    h.on_end = [&h, stream] {
      stream();
      h.response.Finish({{"Grpc-Trailer-X", "y"}, {"Connection", "close"}});
    };
  });
  Http2TestClient client(server.Connect());
  const int32_t id = client.Send("GET", "/");
  ASSERT_TRUE(client.WaitForEnd(id));
  const Http2Answer& answer = client.answer(id);
  EXPECT_TRUE(answer.ended);
  EXPECT_EQ(answer.body, "one\n");
  ASSERT_EQ(answer.trailers.size(), 1u);
  EXPECT_EQ(answer.trailers[0].name, "grpc-trailer-x");
  EXPECT_EQ(answer.trailers[0].value, "y");
}

TEST(Http2Session, AnAbortIsAResetAndNoEnd) {
  TestServer server({}, Stream);
  Http2TestClient client(server.Connect());
  const int32_t id = client.Send("GET", "/");
  ASSERT_TRUE(client.WaitForBody(id, "one\n"));
  server.WithLast([](Scripted& h) {
    h.Append("lost\n");
    h.response.Abort();
  });
  ASSERT_TRUE(client.WaitForEnd(id));
  EXPECT_FALSE(client.answer(id).ended);
  EXPECT_EQ(client.answer(id).error_code, NGHTTP2_INTERNAL_ERROR);
  EXPECT_TRUE(server.log().WaitFor("destroyed"));
  EXPECT_EQ(server.log().Count("gone reset"), 0u) << "whoever aborts knows it";
}

TEST(Http2Session, ABodyOfAnotherLengthThanAnnouncedIsCut) {
  for (const char* body : {"12", "1234"}) {
    TestServer server({}, [body](Scripted& h) {
      h.on_end = [&h, body] {
        h.response.SendHead(200, {}, 3);
        h.Append(body);
        h.response.Finish();
      };
    });
    Http2TestClient client(server.Connect());
    const int32_t id = client.Send("GET", "/");
    ASSERT_TRUE(client.WaitForEnd(id));
    EXPECT_FALSE(client.answer(id).ended) << body;
    EXPECT_EQ(client.answer(id).error_code, NGHTTP2_INTERNAL_ERROR) << body;
  }
}

TEST(Http2Session, ContinuesWhoAsks) {
  TestServer server({}, Echo);
  Http2TestClient client(server.Connect());
  const int32_t id = client.Send("POST", "/", {{"expect", "100-continue"}}, "x");
  ASSERT_TRUE(client.WaitForEnd(id));
  EXPECT_EQ(client.answer(id).interim, std::vector<int>{100});
  EXPECT_EQ(client.answer(id).status, 200);
}

TEST(Http2Session, RefusalsAreAnswersAndTheConnectionStays) {
  TestServer server({}, Echo);
  Http2TestClient client(server.Connect());
  const struct {
    std::string method;
    std::string path;
    Headers more;
    int status;
  } kRows[] = {
      {"GET", "/" + std::string(9000, 'a'), {}, 414},
      {"GET", "/", Headers(101, {"x", "y"}), 431},
      {"GET", "/", Headers(5, {"x", std::string(14'000, 'y')}), 431},
      {"GET", "/", {{"expect", "more"}}, 417},
      {"GET", "/#fragment", {}, 400},
  };
  for (const auto& row : kRows) {
    const int32_t id = client.Send(row.method, row.path, row.more);
    ASSERT_TRUE(client.WaitForEnd(id)) << row.status;
    EXPECT_EQ(client.answer(id).status, row.status);
    EXPECT_TRUE(client.answer(id).ended);
  }
  const int32_t id = client.Send("GET", "/fine");
  ASSERT_TRUE(client.WaitForEnd(id));
  EXPECT_EQ(client.answer(id).body, "GET /fine ");
}

TEST(Http2Session, MalformedRequestsAreResetAlone) {
  const struct {
    Headers fields;
    const char* why;
  } kRows[] = {
      {{{":method", "GET"}, {":scheme", "http"}, {":authority", "h"}}, "no :path"},
      {{{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "h"}, {"connection", "close"}},
       "a field of HTTP/1.1's"},
      {{{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "h"}, {"te", "gzip"}}, "TE"},
      {{{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "h"}, {"UPPER", "case"}},
       "an upper-case name"},
      {{{":method", "GET"}, {"x", "y"}, {":scheme", "http"}, {":path", "/"}, {":authority", "h"}},
       "a pseudo-header field behind another"},
      {{{":method", "GET"}, {":method", "PUT"}, {":scheme", "http"}, {":path", "/"}, {":authority", "h"}},
       "two methods"},
  };
  for (const auto& row : kRows) {
    TestServer server({}, Echo);
    TestClient client = server.Connect();
    client.Send(absl::StrCat(Http2Hello(), Frame(NGHTTP2_HEADERS, kWhole, 1, PlainBlock(row.fields)),
                             HeadersFrame(3, "/next", kWhole)));
    const std::string answer = client.ReadUntil("GET /next ");
    ASSERT_NE(answer, "") << row.why;
    const std::vector<std::string> frames = FrameNames(answer);
    EXPECT_NE(std::find(frames.begin(), frames.end(), "RST_STREAM 1"), frames.end()) << row.why;
  }
}

// ---- request bodies

TEST(Http2Session, AHandlerThatReleasesNothingBoundsWhatIsSentToIt) {
  TestServer server({}, [](Scripted& h) { h.on_body = [](absl::string_view) {}; });
  Http2TestClient client(server.Connect());
  const std::string body(300'000, 'b');
  const int32_t id = client.Send("POST", "/", {}, body);
  // The window is used up when the client has sent what it may.
  const size_t window = SessionOptions().max_unreleased_bytes;
  ASSERT_TRUE(client.Wait([&] { return client.Unsent() <= body.size() - 65535; }));
  server.Do([] {});
  server.WithLast([&](Scripted& h) {
    EXPECT_LE(h.body.size(), window);
    h.on_body = nullptr;  // releases what comes from now on
    h.on_end = [&h] { h.Reply(200, absl::StrCat(h.body.size())); };
    h.response.ReleaseRequestBody(h.body.size());
  });
  ASSERT_TRUE(client.WaitForEnd(id));
  EXPECT_EQ(client.answer(id).body, "300000");
}

TEST(Http2Session, AStalledUploadStallsNoOther) {
  TestServer server({}, [](Scripted& h) {
    if (h.head.target == "/stall") {
      h.on_body = [](absl::string_view) {};
    } else {
      Echo(h);
    }
  });
  Http2TestClient client(server.Connect());
  for (int i = 0; i < 30; ++i) client.Send("POST", "/stall", {}, std::string(100'000, 's'));
  const int32_t id = client.Send("POST", "/", {}, "quick");
  ASSERT_TRUE(client.WaitForEnd(id));
  EXPECT_EQ(client.answer(id).body, "POST / quick");
}

TEST(Http2Session, AnAnswerBeforeTheBodyEndsIsWholeAndStopsTheUpload) {
  TestServer server({}, [](Scripted& h) { h.on_head = [&h] { h.Reply(413, "too large"); }; });
  Http2TestClient client(server.Connect());
  const int32_t id = client.SendOpen("POST", "/");
  ASSERT_TRUE(client.WaitForEnd(id));
  EXPECT_EQ(client.answer(id).status, 413);
  EXPECT_EQ(client.answer(id).body, "too large");
  EXPECT_TRUE(client.answer(id).ended);
  EXPECT_EQ(client.answer(id).error_code, NGHTTP2_NO_ERROR);
}

TEST(Http2Session, ASlowBodyIsATimeout) {
  SessionOptions options;
  options.body_timeout = milliseconds(50);
  TestServer server(options, Echo);
  Http2TestClient client(server.Connect());
  const int32_t id = client.SendOpen("POST", "/");
  client.Append(id, "a");
  ASSERT_TRUE(client.WaitForEnd(id));
  EXPECT_EQ(client.answer(id).status, 408);
  EXPECT_EQ(server.log().Count("broken 408"), 1u);
}

TEST(Http2Session, ABodyThatIsNotWhatItsLengthSaidIsReset) {
  TestServer server({}, Echo);
  Http2TestClient client(server.Connect());
  const int32_t id = client.Send("POST", "/", {{"content-length", "5"}}, "1234");
  ASSERT_TRUE(client.WaitForEnd(id));
  EXPECT_EQ(client.answer(id).error_code, NGHTTP2_PROTOCOL_ERROR);
  EXPECT_TRUE(server.log().WaitFor("gone reset"));
  EXPECT_EQ(server.log().Count("end"), 0u) << "the handler must not take it for whole";
}

// ---- windows

TEST(Http2Session, AShutWindowHoldsTheBodyBack) {
  TestServer server({}, Stream);
  Http2TestClient client(server.Connect(), {.stream_window = 0, .grant = false});
  const int32_t id = client.Send("GET", "/");
  ASSERT_TRUE(client.Wait([&] { return client.answer(id).status == 200; }));
  server.WithLast([](Scripted& h) {
    EXPECT_EQ(h.response.Unsent(), 4u);
    EXPECT_EQ(h.drained, 0u);
  });
  client.Grant(id, 3);
  ASSERT_TRUE(client.WaitForBody(id, "one"));
  server.WithLast([](Scripted& h) {
    EXPECT_EQ(h.response.Unsent(), 1u);
    EXPECT_EQ(h.drained, 3u);
    h.response.Finish();
  });
  client.Grant(id, 1);
  ASSERT_TRUE(client.Wait([&] { return client.answer(id).body == "one\n"; }));
  client.Grant(id, 1);
  ASSERT_TRUE(client.WaitForEnd(id));
  EXPECT_TRUE(client.answer(id).ended);
}

TEST(Http2Session, AStreamThatTakesTooLittleIsCutAlone) {
  SessionOptions options;
  options.slow_client_timeout = milliseconds(100);
  TestServer server(options, Stream);
  Http2TestClient client(server.Connect(), {.stream_window = 4, .grant = false});
  const int32_t idle = client.Send("GET", "/idle");
  ASSERT_TRUE(client.WaitForBody(idle, "one\n")) << "takes all it gets: an idle stream is not slow";
  const int32_t slow = client.Send("GET", "/slow");
  ASSERT_TRUE(client.WaitForBody(slow, "one\n"));
  server.WithLast([](Scripted& h) { h.Append("more\n"); });
  ASSERT_TRUE(client.WaitForEnd(slow));
  EXPECT_EQ(client.answer(slow).error_code, NGHTTP2_CANCEL);
  EXPECT_EQ(server.log().Count("gone slow_client"), 1u);
  EXPECT_FALSE(client.answer(idle).closed);
}

TEST(Http2Session, AnEndThatNobodyLetsThroughIsCutToo) {
  SessionOptions options;
  options.slow_client_timeout = milliseconds(100);
  TestServer server(options, Stream);
  Http2TestClient client(server.Connect(), {.stream_window = 0, .grant = false});
  const int32_t id = client.Send("GET", "/");
  ASSERT_TRUE(server.log().WaitFor("end"));
  server.WithLast([](Scripted& h) { h.response.Finish(); });
  ASSERT_TRUE(client.WaitForEnd(id));
  EXPECT_EQ(client.answer(id).error_code, NGHTTP2_CANCEL);
  EXPECT_TRUE(server.log().WaitFor("destroyed"));
}

TEST(Http2Session, AConnectionThatTakesTooLittleIsCut) {
  SessionOptions options;
  options.slow_client_timeout = milliseconds(100);
  TestServer server(options, Stream);
  TestClient client = server.Connect(/*receive_buffer=*/4096);
  // Windows are wide open, and nothing is read.
  client.Send(absl::StrCat(Http2Hello(), Frame(NGHTTP2_SETTINGS, 0, 0, absl::string_view("\0\4\x7f\xff\xff\xff", 6)),
                           Frame(NGHTTP2_WINDOW_UPDATE, 0, 0, absl::string_view("\x7f\0\0\0", 4)),
                           HeadersFrame(1, "/", kWhole), HeadersFrame(3, "/", kWhole)));
  ASSERT_TRUE(server.log().WaitFor("end", 2));
  const std::string record(1 << 20, 'r');
  server.WithLast([&](Scripted& h) {
    for (int i = 0; i < 8; ++i) h.Append(record);
  });
  EXPECT_TRUE(server.log().WaitFor("gone slow_client", 2)) << server.log().All();
  EXPECT_TRUE(server.WaitForSize(0));
}

TEST(Http2Session, PingsAreNoProgressOfAConnectionWhoseWindowIsShut) {
  SessionOptions options;
  options.slow_client_timeout = milliseconds(200);
  options.slow_client_rate = 100;
  TestServer server(options, Stream);
  TestClient client = server.Connect();
  client.Send(absl::StrCat(Http2Hello(), Frame(NGHTTP2_SETTINGS, 0, 0, absl::string_view("\0\4\x7f\xff\xff\xff", 6)),
                           HeadersFrame(1, "/", kWhole)));
  ASSERT_TRUE(server.log().WaitFor("end"));
  server.WithLast([](Scripted& h) { h.Append(std::string(100'000, 'r')); });  // more than the connection's window
  const auto deadline = steady_clock::now() + testing::kPatience;
  while (server.log().Count("gone slow_client") == 0 && steady_clock::now() < deadline) {
    client.Send(Frame(NGHTTP2_PING, 0, 0, "12345678"));
    std::this_thread::sleep_for(milliseconds(10));
  }
  EXPECT_EQ(server.log().Count("gone slow_client"), 1u);
}

// ---- endings

TEST(Http2Session, AClientThatResetsIsGoneAtOnce) {
  TestServer server({}, Stream);
  Http2TestClient client(server.Connect());
  const int32_t id = client.Send("GET", "/");
  ASSERT_TRUE(client.WaitForBody(id, "one\n"));
  client.Reset(id);
  EXPECT_TRUE(server.log().WaitFor("gone reset"));
  EXPECT_TRUE(server.log().WaitFor("destroyed"));
  EXPECT_EQ(server.loop().live_requests().load(), 0u);
  EXPECT_EQ(server.set().size(), 1u) << "the connection stays";
}

TEST(Http2Session, AConnectionThatIsLostTakesItsStreamsAlong) {
  TestServer server({}, Stream);
  Http2TestClient client(server.Connect());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(client.WaitForBody(client.Send("GET", "/"), "one\n"));
  client.Close();
  EXPECT_TRUE(server.log().WaitFor("gone client_closed", 3)) << server.log().All();
  EXPECT_TRUE(server.log().WaitFor("destroyed", 3));
  EXPECT_TRUE(server.WaitForSize(0));
}

TEST(Http2Session, AnIdleConnectionIsTold) {
  SessionOptions options;
  options.idle_timeout = milliseconds(50);
  TestServer server(options, Echo);
  Http2TestClient client(server.Connect());
  ASSERT_TRUE(client.WaitForEnd(client.Send("GET", "/")));
  ASSERT_TRUE(client.WaitForLeave());
  EXPECT_EQ(client.goaways(), std::vector<uint32_t>{NGHTTP2_NO_ERROR});
  client.Close();
  EXPECT_TRUE(server.WaitForSize(0));
}

TEST(Http2Session, AHeadThatDoesNotEndIsCut) {
  const struct {
    std::string bytes;
    const char* why;
  } kRows[] = {
      {"PRI * HTTP/2.0\r\n", "a piece of the preface"},
      {std::string(kHttp2Preface), "no SETTINGS"},
      {absl::StrCat(Http2Hello(), HeadersFrame(1, "/", NGHTTP2_FLAG_END_STREAM)), "no CONTINUATION"},
      {absl::StrCat(Http2Hello(), HeadersFrame(1, "/", kWhole).substr(0, 20)), "a piece of HEADERS"},
  };
  SessionOptions options;
  options.header_timeout = milliseconds(50);
  options.linger_timeout = milliseconds(50);
  for (const auto& row : kRows) {
    TestServer server(options, Echo);
    TestClient client = server.Connect();
    client.Send(row.bytes);
    EXPECT_EQ(client.WaitForEnd(), End::kFin) << row.why;
    EXPECT_TRUE(server.WaitForSize(0)) << row.why;
  }
}

TEST(Http2Session, ADrainRefusesNothingThatIsUnderWay) {
  TestServer server({}, Stream);
  Http2TestClient client(server.Connect());
  const int32_t first = client.Send("GET", "/");
  ASSERT_TRUE(client.WaitForBody(first, "one\n"));
  server.Do([&] { server.set().BeginDrain(); });
  const int32_t second = client.Send("GET", "/");  // before the client has seen any GOAWAY
  ASSERT_TRUE(client.WaitForBody(second, "one\n"));
  ASSERT_TRUE(client.Wait([&] { return client.goaways().size() == 2; }));
  EXPECT_EQ(client.goaway_ids()[0], 0x7fffffff);
  EXPECT_EQ(client.goaway_ids()[1], second);
  EXPECT_EQ(client.goaways(), (std::vector<uint32_t>{NGHTTP2_NO_ERROR, NGHTTP2_NO_ERROR}));
  server.WithLast([](Scripted& h) { h.response.Finish(); });
  ASSERT_TRUE(client.WaitForEnd(second));
  EXPECT_EQ(server.set().size(), 1u) << "the first stream goes on";
  client.Reset(first);
  ASSERT_TRUE(client.WaitForLeave());
  client.Close();
  EXPECT_TRUE(server.WaitForSize(0));
}

TEST(Http2Session, ADrainClosesAnIdleConnectionAndWhatComesLaterIsServedOnce) {
  TestServer server({}, Echo);
  Http2TestClient idle(server.Connect());
  ASSERT_TRUE(idle.WaitForEnd(idle.Send("GET", "/")));
  TestClient silent = server.Connect();
  server.Do([&] { server.set().BeginDrain(); });
  ASSERT_TRUE(idle.WaitForLeave());
  EXPECT_EQ(silent.WaitForEnd(), End::kFin);
  Http2TestClient late(server.Connect());
  const int32_t id = late.Send("GET", "/late");
  ASSERT_TRUE(late.WaitForEnd(id));
  EXPECT_EQ(late.answer(id).body, "GET /late ");
  ASSERT_TRUE(late.WaitForLeave());
}

TEST(Http2Session, ADrainDoesNotWaitForAClientThatAnswersNoPing) {
  SessionOptions options;
  options.linger_timeout = milliseconds(50);
  TestServer server(options, Echo);
  TestClient client = server.Connect();
  client.Send(absl::StrCat(Http2Hello(), HeadersFrame(1, "/", kWhole)));
  ASSERT_NE(client.ReadUntil("GET / "), "");
  server.Do([&] { server.set().BeginDrain(); });
  EXPECT_EQ(FrameNames(client.ReadToEnd()), (std::vector<std::string>{"GOAWAY 0", "PING", "GOAWAY 0"}));
  EXPECT_TRUE(server.WaitForSize(0));
}

TEST(Http2Session, AWrongPrefaceInsideHttp2IsNoAnswerAtAll) {
  TestServer server({}, Echo);
  TestClient client = server.Connect();
  client.Send(absl::StrCat(kHttp2Preface, "GET / HTTP/1.1\r\n\r\n"));
  const std::vector<std::string> frames = FrameNames(client.ReadToEnd());
  EXPECT_EQ(frames.back().substr(0, 6), "GOAWAY");
}

// ---- many streams

TEST(Http2Session, AThousandStreamsOnTenConnectionsEachGetTheirOwn) {
  TestServer server({}, [](Scripted& h) {
    h.on_end = [&h] {
      h.response.SendHead(200, {}, absl::nullopt);
      h.Append(h.head.target);
      h.response.Finish();
    };
  });
  std::vector<std::unique_ptr<Http2TestClient>> clients;
  std::vector<std::vector<int32_t>> ids(10);
  for (size_t c = 0; c < ids.size(); ++c) {
    clients.push_back(std::make_unique<Http2TestClient>(server.Connect()));
    for (int s = 0; s < 100; ++s) ids[c].push_back(clients[c]->Send("GET", absl::StrCat("/", c, "/", s)));
  }
  for (size_t c = 0; c < ids.size(); ++c) {
    for (int s = 0; s < 100; ++s) {
      ASSERT_TRUE(clients[c]->WaitForEnd(ids[c][s]));
      ASSERT_EQ(clients[c]->answer(ids[c][s]).body, absl::StrCat("/", c, "/", s));
    }
  }
  EXPECT_TRUE(server.log().WaitFor("destroyed", 1000));
  EXPECT_EQ(server.loop().live_requests().load(), 0u);
}

TEST(Http2Session, AStreamBeyondTheLimitIsRefusedAndTheOthersGoOn) {
  SessionOptions options;
  options.max_streams = 2;
  TestServer server(options, Stream);
  TestClient client = server.Connect();
  client.Send(absl::StrCat(Http2Hello(), HeadersFrame(1, "/", kWhole), HeadersFrame(3, "/", kWhole),
                           HeadersFrame(5, "/", kWhole)));
  ASSERT_TRUE(server.log().WaitFor("end", 2));
  std::vector<std::string> frames;
  std::string bytes;
  while (std::find(frames.begin(), frames.end(), "RST_STREAM 7") == frames.end()) {
    const std::string more = client.ReadSome();
    ASSERT_NE(more, "");
    frames = FrameNames(bytes += more);
  }
  EXPECT_EQ(server.log().Count("end"), 2u);
}

}  // namespace
}  // namespace penstock::http
