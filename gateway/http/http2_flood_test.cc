// What a client cannot make an HTTP/2 connection do, however fast it asks: each flood ends in GOAWAY
// (ENHANCE_YOUR_CALM), a closed connection, and nothing left behind.
#include <gtest/gtest.h>
#include <malloc.h>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gateway/http/flood_guard.h"
#include "gateway/http/testing/http2_test_client.h"
#include "gateway/http/testing/test_server.h"

namespace penstock::http {
namespace {

using std::chrono::milliseconds;
using testing::Frame;
using testing::FrameNames;
using testing::Http2Hello;
using testing::Http2TestClient;
using testing::PlainBlock;
using testing::Scripted;
using testing::TestClient;
using testing::TestServer;

constexpr uint8_t kWhole = NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM;
constexpr char kCalm[] = "GOAWAY 11";

const std::string& Block() {
  static const auto* const block =
      new std::string(PlainBlock({{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "h"}}));
  return *block;
}

std::string Get(uint32_t id, uint8_t flags = kWhole) { return Frame(NGHTTP2_HEADERS, flags, id, Block()); }

std::string Reset(uint32_t id, uint32_t code) {
  return Frame(NGHTTP2_RST_STREAM, 0, id, std::string("\0\0\0", 3) + static_cast<char>(code));
}

struct Flood {
  const char* name;
  std::function<std::string(uint32_t i)> piece;  // the i-th helping
};

std::vector<Flood> Floods() {
  const absl::string_view too_much_window("\x7f\xff\xff\xff", 4);
  return {
      {"rapid reset", [](uint32_t i) { return Get(2 * i + 1) + Reset(2 * i + 1, NGHTTP2_CANCEL); }},
      {"rapid reset without an error", [](uint32_t i) { return Get(2 * i + 1) + Reset(2 * i + 1, NGHTTP2_NO_ERROR); }},
      {"streams that the server must reset",
       [=](uint32_t i) { return Get(2 * i + 1) + Frame(NGHTTP2_WINDOW_UPDATE, 0, 2 * i + 1, too_much_window); }},
      {"malformed requests",
       [](uint32_t i) { return Frame(NGHTTP2_HEADERS, kWhole, 2 * i + 1, PlainBlock({{":method", "GET"}})); }},
      {"streams beyond the limit", [](uint32_t i) { return Get(2 * i + 1); }},
      {"PING", [](uint32_t) { return Frame(NGHTTP2_PING, 0, 0, "12345678"); }},
      {"PING answers", [](uint32_t) { return Frame(NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0, "12345678"); }},
      {"SETTINGS", [](uint32_t) { return Frame(NGHTTP2_SETTINGS, 0, 0, ""); }},
      {"empty DATA",
       [](uint32_t i) { return i == 0 ? Get(1, NGHTTP2_FLAG_END_HEADERS) : Frame(NGHTTP2_DATA, 0, 1, ""); }},
      {"PRIORITY", [](uint32_t) { return Frame(NGHTTP2_PRIORITY, 0, 1, absl::string_view("\0\0\0\0\x10", 5)); }},
      {"empty CONTINUATION", [](uint32_t i) { return i == 0 ? Get(1, 0) : Frame(NGHTTP2_CONTINUATION, 0, 1, ""); }},
      {"full CONTINUATION",
       [](uint32_t i) {
         return i == 0 ? Get(1, 0) : Frame(NGHTTP2_CONTINUATION, 0, 1, PlainBlock({{"x", std::string(16'000, 'y')}}));
       }},
  };
}

TEST(Http2Flood, EndsInGoaway) {
  for (const Flood& flood : Floods()) {
    SCOPED_TRACE(flood.name);
    TestServer server({}, [](Scripted&) {});
    TestClient client = server.Connect();
    client.Send(Http2Hello());
    std::string received;
    uint32_t sent = 0;
    // In helpings, reading in between so that no answer stands behind full buffers, until the server has had enough.
    while (sent < 100'000 && client.end() == TestClient::End::kOpen) {
      std::string helping;
      for (int i = 0; i < 50; ++i) helping += flood.piece(sent++);
      client.Send(helping);
      server.Do([] {});
      server.Do([] {});
      received += client.ReadSomeNow();
    }
    const std::vector<std::string> frames = FrameNames(received);
    ASSERT_FALSE(frames.empty());
    EXPECT_EQ(frames.back(), kCalm);
    EXPECT_LT(sent, 100'000u) << "the server never had enough";
    client.Close();
    EXPECT_TRUE(server.WaitForSize(0));
    EXPECT_EQ(server.loop().live_requests().load(), 0u);
  }
}

TEST(Http2Flood, RapidResetCostsABoundedNumberOfRequests) {
  TestServer server({}, [](Scripted&) {});
  TestClient client = server.Connect();
  std::string bytes = Http2Hello();
  for (uint32_t i = 0; i < 20'000; ++i) bytes += Get(2 * i + 1) + Reset(2 * i + 1, NGHTTP2_CANCEL);
  client.Send(bytes);
  client.ReadToEnd();
  EXPECT_TRUE(server.WaitForSize(0));
  EXPECT_LE(server.log().Count("end"), static_cast<size_t>(FloodGuard::kBurst / FloodGuard::kReset) + 50);
  EXPECT_EQ(server.log().Count("end"), server.log().Count("gone reset") + server.log().Count("gone flood"));
}

TEST(Http2Flood, WhoPingsAndNeverReadsGetsNoQueue) {
  SessionOptions options;
  options.linger_timeout = milliseconds(100);
  TestServer server(options, [](Scripted&) {});
  TestClient client = server.Connect(/*receive_buffer=*/4096);
  client.Send(Http2Hello());
  std::string pings;
  for (int i = 0; i < 1000; ++i) pings += Frame(NGHTTP2_PING, 0, 0, "12345678");
  for (int i = 0; i < 200 && server.set().size() > 0; ++i) {
    client.SendSome(pings);
    server.Do([] {});
  }
  EXPECT_TRUE(server.WaitForSize(0));
}

TEST(Http2Flood, AnHpackBombIsRefusedAndKeepsNothing) {
  TestServer server({}, [](Scripted& h) { h.on_end = [&h] { h.Reply(200, "reached"); }; });
  TestClient client = server.Connect();
  // One field of 4,000 bytes goes into the table (index 62); then each byte of the block repeats it.
  std::string field("\x40\x01x", 3);
  field += std::string("\x7f\xa1\x1e", 3);  // length 4000: 127 + 0x21 + 0x1e * 128
  field += std::string(4000, 'y');
  const std::string bomb = Block() + field + std::string(12'000, '\xbe');  // 48 MB
  const struct mallinfo2 before = ::mallinfo2();
  client.Send(absl::StrCat(Http2Hello(), Frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM, 1, bomb.substr(0, 16'000)),
                           Frame(NGHTTP2_CONTINUATION, NGHTTP2_FLAG_END_HEADERS, 1, bomb.substr(16'000)), Get(3)));
  const std::string answer = client.ReadUntil("reached");
  EXPECT_NE(answer, "") << "the connection goes on";
  EXPECT_NE(answer.find("the request head is too large"), std::string::npos);
  EXPECT_LT(::mallinfo2().uordblks, before.uordblks + (1 << 20));
}

TEST(Http2Flood, AClientThatMeansWellIsNotCut) {
  TestServer server({}, [](Scripted& h) {
    h.on_end = [&h] {
      h.response.SendHead(200, {}, absl::nullopt);
      h.Append("one");
    };
  });
  Http2TestClient client(server.Connect());
  // A page that opens and cancels a hundred streams, three times running.
  for (int round = 0; round < 3; ++round) {
    std::vector<int32_t> ids;
    for (int i = 0; i < 100; ++i) ids.push_back(client.Send("GET", "/"));
    for (const int32_t id : ids) ASSERT_TRUE(client.WaitForBody(id, "one"));
    for (const int32_t id : ids) client.Reset(id);
    ASSERT_TRUE(server.log().WaitFor("destroyed", 100 * (round + 1)));
  }
  EXPECT_TRUE(client.goaways().empty());
}

// What a stream that waits costs here, without what its handler holds.
TEST(Http2Flood, AnIdleStreamIsSmall) {
  constexpr int kStreams = 100;
  constexpr size_t kMostBytes = 2'500;
  TestServer server({}, [](Scripted& h) {
    h.on_end = [&h] {
      h.response.SendHead(200, {}, absl::nullopt);
      h.Append("one");
    };
  });
  const auto used = [&] {
    size_t bytes = 0;
    server.Do([&] { bytes = ::mallinfo2().uordblks; });
    return bytes;
  };
  TestClient client = server.Connect();
  client.Send(Http2Hello());
  client.Send(Get(1));
  ASSERT_NE(client.ReadUntil("one"), "");
  const size_t before = used();
  for (uint32_t i = 1; i <= kStreams; ++i) client.Send(Get(2 * i + 1));
  for (int i = 0; i < kStreams; ++i) ASSERT_NE(client.ReadUntil("one"), "");
  const size_t a_stream = (used() - before) / kStreams;
  RecordProperty("bytes_a_stream", static_cast<int>(a_stream));
  std::printf("bytes a stream, handler and test's log included: %zu; a handler: %zu\n", a_stream, sizeof(Scripted));
  EXPECT_LT(a_stream, kMostBytes);
}

}  // namespace
}  // namespace penstock::http
