// Clients that are slow, broken, hostile or gone, on real sockets against the real gateway: how each is handled, and
// that other clients are not affected.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <sys/socket.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gateway/http/testing/http2_test_client.h"
#include "tests/support/raw_client.h"
#include "tests/support/servers.h"

namespace penstock::testing {
namespace {

using ::testing::AnyOf;
namespace h2 = ::penstock::http::testing;

class ClientFaultTest : public ::testing::Test {
 protected:
  void Start(std::vector<std::string> flags) {
    RaiseDescriptorLimit();
    upstream_ = StartEverythingServer();
    flags.push_back("--upstream=" + upstream_->address());
    gateway_ = StartGateway(std::move(flags));
  }

  RawClient Connect() { return RawClient::Connect(gateway_->address()).value(); }

  bool Serves() {
    const auto response = Exchange(gateway_->address(), PostJson("/v1/everything:echo", "{}"), Soon());
    return response.ok() && response->status == 200;
  }

  bool WaitForLive(int count) {
    return WaitUntil([&] { return upstream_->Metric("everything_live") == count; }, Soon());
  }

  std::unique_ptr<Server> upstream_, gateway_;
};

TEST_F(ClientFaultTest, AHeadThatDripsIsCutInTime) {
  Start({"--header-timeout=1s"});
  RawClient client = Connect();
  const std::string head = absl::StrCat("GET / HTTP/1.1\r\nHost: a\r\nX: ", std::string(1000, 'x'));
  const absl::Time start = absl::Now();
  for (size_t i = 0; i < head.size() && client.peer_end() == RawClient::PeerEnd::kOpen; ++i) {
    if (!client.Send(head.substr(i, 1)).ok()) break;
    client.ReadUntil([](const Response& response) { return response.head_complete; },
                     absl::Now() + absl::Milliseconds(50));
    if (client.response().head_complete) break;
  }
  EXPECT_THAT(client.response().status, AnyOf(408, 0));
  EXPECT_NE(client.WaitForPeerEnd(Soon()), RawClient::PeerEnd::kOpen);
  EXPECT_LT(absl::Now() - start, absl::Seconds(10)) << "a byte every 50 ms would have gone on for 50 s";
  EXPECT_TRUE(Serves());
}

TEST_F(ClientFaultTest, ABodyThatDoesNotComeIs408AndNoCallIsMade) {
  Start({"--body-timeout=500ms"});
  const double calls = gateway_->Metric("grpc_client_started_total");
  const struct {
    const char* why;
    std::string request;
  } kRows[] = {
      {"no byte of it",
       "POST /v1/everything:echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
       "Content-Length: 10\r\n\r\n"},
      {"a part of it",
       "POST /v1/everything:echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
       "Content-Length: 10\r\n\r\n{\"a\""},
      {"a chunk that does not end",
       "POST /v1/everything:echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
       "Transfer-Encoding: chunked\r\n\r\n5\r\n{}"},
  };
  for (const auto& row : kRows) {
    SCOPED_TRACE(row.why);
    RawClient client = Connect();
    ASSERT_TRUE(client.Send(row.request).ok());
    EXPECT_EQ(client.ReadResponse(Soon()).status, 408);
    EXPECT_NE(client.WaitForPeerEnd(Soon()), RawClient::PeerEnd::kOpen);
  }
  // One that leaves in the middle gets nothing, and makes no call either.
  RawClient client = Connect();
  ASSERT_TRUE(client.Send(kRows[1].request).ok());
  client.ShutdownSend();
  client.ReadResponse(Soon());
  EXPECT_NE(client.response().status, 200);
  EXPECT_EQ(gateway_->Metric("grpc_client_started_total"), calls);
  EXPECT_TRUE(Serves());
  EXPECT_EQ(gateway_->Metric("grpc_client_started_total"), calls + 1);
}

TEST_F(ClientFaultTest, HostsAndTargetsAreAsTheStandardHasThem) {
  Start({});
  const struct {
    const char* why;
    std::string request;
    int status;
  } kRows[] = {
      {"no Host (RFC 9112 section 3.2)", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
      {"HTTP/1.0 needs none", "GET / HTTP/1.0\r\n\r\n", 200},
      {"an absolute URI is taken for its path", "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 200},
      {"CONNECT is for proxies", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 405},
      {"a target that is no path", "GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400},
  };
  for (const auto& row : kRows) {
    const auto response = Exchange(gateway_->address(), row.request, Soon());
    ASSERT_TRUE(response.ok()) << row.why << ": " << response.status();
    if (row.status == 405) {
      EXPECT_THAT(response->status, AnyOf(400, 405)) << row.why;
    } else {
      EXPECT_EQ(response->status, row.status) << row.why << "\n" << response->body;
    }
  }
  EXPECT_TRUE(Serves());
}

// No FIN, no RST, no ACK: a socket that drops whatever comes is what a phone in a lift looks like from the other end.
TEST_F(ClientFaultTest, AClientThatVanishesIsGivenUpAndItsCallCancelled) {
  Start({"--heartbeat=1s"});
  RawClient client = Connect();
  ASSERT_TRUE(client.Send(PostJson("/v1/faults:hangStream", R"({"after":1})")).ok());
  ASSERT_TRUE(client.ReadUntil([](const Response& response) { return !response.body.empty(); }, Soon()));
  ASSERT_TRUE(WaitForLive(1));
  sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
  const sock_fprog program{1, &drop};
  ASSERT_EQ(setsockopt(client.fd(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)), 0);
  const absl::Time start = absl::Now();
  EXPECT_TRUE(WaitUntil([&] { return upstream_->Metric("everything_live") == 0; }, Soon() + absl::Seconds(60)));
  EXPECT_LT(absl::Now() - start, absl::Seconds(60));
  RecordProperty("seconds", static_cast<int>(absl::ToInt64Seconds(absl::Now() - start)));
  EXPECT_TRUE(Serves());
}

// Over HTTP/2 a client may leave its windows shut for ever; 100 streams of ten connections do.
TEST_F(ClientFaultTest, AThousandStreamsThatNobodyReadsHoldABoundedAmountOfMemory) {
  Start({});
  constexpr int kConnections = 10, kStreams = 100;
  const int64_t before = gateway_->process().ResidentBytes();
  std::vector<std::unique_ptr<h2::Http2TestClient>> clients;
  std::vector<int32_t> ids;
  for (int c = 0; c < kConnections; ++c) {
    clients.push_back(std::make_unique<h2::Http2TestClient>(h2::TestClient::Connect(gateway_->address()),
                                                            h2::Http2ClientOptions{.grant = false}));
    for (int s = 0; s < kStreams; ++s) {
      ids.push_back(clients.back()->Send("POST", "/v1/faults:flood", {{"content-type", "application/json"}},
                                         R"({"bytes":8192,"count":1024})"));
    }
    // The connection's own window is what the first streams take; the others get none.
    ASSERT_TRUE(clients.back()->Wait([&] { return clients.back()->answer(ids.back()).status == 200; }));
  }
  ASSERT_TRUE(WaitForLive(kConnections * kStreams));
  double taken = -1;
  ASSERT_TRUE(WaitUntil(
      [&] {
        const double last = std::exchange(taken, upstream_->Metric("everything_flood_bytes"));
        absl::SleepFor(absl::Milliseconds(500));
        return taken == last;
      },
      Soon() + absl::Seconds(40)));
  const int64_t memory = gateway_->process().ResidentBytes();
  RecordProperty("gateway_bytes_a_stream", static_cast<int>((memory - before) / (kConnections * kStreams)));
  EXPECT_LT((memory - before) / (kConnections * kStreams), 160 << 10) << "its window, and a record beside it";
  // Flat: that nothing happens is no event to wait for.
  absl::SleepFor(absl::Seconds(1));
  EXPECT_EQ(upstream_->Metric("everything_flood_bytes"), taken);
  EXPECT_LT(gateway_->process().ResidentBytes() - memory, 4 << 20);
  EXPECT_TRUE(Serves());
  clients.clear();
  EXPECT_TRUE(WaitForLive(0));
}

// A client that floods is sent away; a neighbour's stream does not miss a record, nor get one late.
TEST_F(ClientFaultTest, FloodsEndInGoawayAndNeighboursGoOn) {
  Start({});
  const std::string block = h2::PlainBlock(
      {{":method", "POST"}, {":scheme", "http"}, {":path", "/v1/faults:hangStream"}, {":authority", "a"}});
  const auto reset = [&](uint32_t i) {
    return h2::Frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 2 * i + 1, block) +
           h2::Frame(NGHTTP2_RST_STREAM, 0, 2 * i + 1, absl::string_view("\0\0\0\x8", 4));
  };
  const struct {
    const char* why;
    std::function<std::string(uint32_t)> piece;
  } kRows[] = {
      {"rapid reset", reset},
      {"PING", [](uint32_t) { return h2::Frame(NGHTTP2_PING, 0, 0, "12345678"); }},
      {"SETTINGS", [](uint32_t) { return h2::Frame(NGHTTP2_SETTINGS, 0, 0, ""); }},
      {"CONTINUATION",
       [&](uint32_t i) {
         return i == 0 ? h2::Frame(NGHTTP2_HEADERS, 0, 1, block) : h2::Frame(NGHTTP2_CONTINUATION, 0, 1, "");
       }},
  };
  for (const auto& row : kRows) {
    SCOPED_TRACE(row.why);
    RawClient client = Connect();
    std::string bytes = h2::Http2Hello();
    for (uint32_t i = 0; i < 20'000; ++i) bytes += row.piece(i);
    const absl::Time start = absl::Now();
    const bool sent = client.Send(bytes, Soon()).ok();
    EXPECT_NE(client.WaitForPeerEnd(Soon()), RawClient::PeerEnd::kOpen) << (sent ? "took it all" : "did not");
    EXPECT_LT(absl::Now() - start, absl::Seconds(5));
    EXPECT_TRUE(Serves());
  }
  EXPECT_TRUE(WaitForLive(0)) << "nothing of it is left at the upstream";
  EXPECT_LT(gateway_->process().ResidentBytes(), 200 << 20);
}

}  // namespace
}  // namespace penstock::testing
