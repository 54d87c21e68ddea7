// Client streaming: JSON values are forwarded as they arrive, responses are returned meanwhile, and an upstream that
// does not read stops the client.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/support/json_at.h"
#include "tests/support/raw_client.h"
#include "tests/support/servers.h"

namespace penstock::testing {
namespace {

using ::testing::HasSubstr;

// The head of a request whose body comes in chunks.
std::string Chunked(absl::string_view target, absl::string_view type = "application/x-ndjson") {
  return absl::StrCat("POST ", target, " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Type: ", type,
                      "\r\n\r\n");
}

std::string Chunk(absl::string_view data) { return absl::StrCat(absl::Hex(data.size()), "\r\n", data, "\r\n"); }

constexpr absl::string_view kLastChunk = "0\r\n\r\n";

class InwardStreamTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    upstream_ = StartEverythingServer().release();
    gateway_ = StartGateway({"--upstream=" + upstream_->address(), "--max-request-bytes=64k"}).release();
  }
  static void TearDownTestSuite() {
    delete gateway_;
    delete upstream_;
  }

  static RawClient Connect() { return RawClient::Connect(gateway_->address()).value(); }

  // Reads on until the body has `count` lines.
  static std::vector<std::string> ReadLines(RawClient& client, size_t count) {
    EXPECT_TRUE(client.ReadUntil([&](const Response& r) { return r.Lines().size() >= count; }, Soon()))
        << client.received();
    return client.response().Lines();
  }

  static Server* upstream_;
  static Server* gateway_;
};

Server* InwardStreamTest::upstream_ = nullptr;
Server* InwardStreamTest::gateway_ = nullptr;

TEST_F(InwardStreamTest, ManyMessagesGetOneAnswer) {
  const Response response =
      Exchange(gateway_->address(), PostJson("/v1/streams:collect", R"({"payload":"a"} {"payload":"b"}
{"payload":"c"})"),
               Soon())
          .value_or(Response());
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, R"({"number":"3","payload":"abc"})");
}

TEST_F(InwardStreamTest, NoMessageIsAnEmptyStream) {
  const Response response =
      Exchange(gateway_->address(), PostJson("/v1/streams:collect", ""), Soon()).value_or(Response());
  EXPECT_EQ(response.body, R"({"number":"0","payload":""})");
}

TEST_F(InwardStreamTest, BothWaysAtOnce) {
  RawClient client = Connect();
  ASSERT_TRUE(client.Send(Chunked("/v1/streams:chat")).ok());
  for (size_t i = 1; i <= 5; ++i) {
    // Each message is answered before the next is sent: nothing waits for the end of the request.
    ASSERT_TRUE(client.Send(Chunk(absl::StrCat("{\"number\":", i, "}\n"))).ok());
    const std::vector<std::string> lines = ReadLines(client, i);
    ASSERT_EQ(lines.size(), i);
    EXPECT_EQ(JsonStringAt(lines.back(), "/data/number"), absl::StrCat(i));
  }
  ASSERT_TRUE(client.Send(kLastChunk).ok());
  const Response response = client.ReadResponse(Soon());
  EXPECT_TRUE(response.complete);
  EXPECT_EQ(response.Lines().back(), R"({"end":{"code":0}})");
}

TEST_F(InwardStreamTest, AMessageMayBeCutAnywhere) {
  RawClient client = Connect();
  ASSERT_TRUE(client.Send(Chunked("/v1/streams:collect")).ok());
  for (const char c : std::string(R"({"payload":"é𝄞"}{"payload":"\"}"})")) {
    ASSERT_TRUE(client.Send(Chunk(absl::string_view(&c, 1))).ok());
  }
  ASSERT_TRUE(client.Send(kLastChunk).ok());
  EXPECT_EQ(JsonStringAt(client.ReadResponse(Soon()).body, "/payload"), "é𝄞\"}");
}

TEST_F(InwardStreamTest, WhatCannotBeReadEndsTheCallWithItsPlace) {
  const std::string bad = R"({"number":1}{"number":"x"})";
  const Response collect =
      Exchange(gateway_->address(), PostJson("/v1/streams:collect", bad), Soon()).value_or(Response());
  EXPECT_EQ(collect.status, 400);
  EXPECT_THAT(JsonStringAt(collect.body, "/message"), HasSubstr("message 2 of the body, from byte 12: number"));

  // Behind answers it is the last line.
  RawClient client = Connect();
  ASSERT_TRUE(client.Send(absl::StrCat(Chunked("/v1/streams:chat"), Chunk(R"({"number":1})"))).ok());
  ReadLines(client, 1);
  ASSERT_TRUE(client.Send(Chunk("nonsense ")).ok());
  const std::vector<std::string> lines = ReadLines(client, 2);
  EXPECT_EQ(JsonAt(lines.back(), "/error/code"), "3");
  EXPECT_THAT(JsonStringAt(lines.back(), "/error/message"), HasSubstr("message 2 of the body, from byte 12"));
}

TEST_F(InwardStreamTest, TheUpstreamMayEndFirst) {
  RawClient client = Connect();
  ASSERT_TRUE(client.Send(absl::StrCat(Chunked("/v1/streams:chat"), Chunk(R"({"payload":"fail"})"))).ok());
  ASSERT_TRUE(client.ReadUntil([](const Response& r) { return r.complete; }, Soon())) << client.received();
  EXPECT_THAT(client.response().body, HasSubstr("\"code\":10"));
}

TEST_F(InwardStreamTest, OneMessageIsBoundedAndAStreamIsNot) {
  RawClient client = Connect();
  ASSERT_TRUE(client.Send(Chunked("/v1/streams:collect")).ok());
  const std::string value = absl::StrCat("{\"number\":1,\"payload\":\"", std::string(1000, ' '), "\"}");
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(client.Send(Chunk(value), Soon()).ok());
  ASSERT_TRUE(client.Send(kLastChunk).ok());
  EXPECT_EQ(JsonStringAt(client.ReadResponse(Soon()).body, "/number"), "200") << "more than --max-request-bytes in all";

  const std::string large = absl::StrCat("{\"payload\":\"", std::string(70'000, 'x'), "\"}");
  const Response response =
      Exchange(gateway_->address(), PostJson("/v1/streams:collect", large), Soon()).value_or(Response());
  EXPECT_EQ(response.status, 413);
  EXPECT_THAT(response.body, HasSubstr("longer than 65536 bytes"));
}

TEST_F(InwardStreamTest, ClientsThatLeaveCancelTheCall) {
  const double before = upstream_->Metric("everything_cancelled");
  const double live = upstream_->Metric("everything_live");
  RawClient client = Connect();
  ASSERT_TRUE(client.Send(absl::StrCat(Chunked("/v1/faults:stall"), Chunk(R"({"number":1})"))).ok());
  ASSERT_TRUE(WaitUntil([&] { return upstream_->Metric("everything_live") == live + 1; }, Soon()));
  client.Close();
  EXPECT_TRUE(WaitUntil([&] { return upstream_->Metric("everything_cancelled") == before + 1; }, Soon()));
}

TEST_F(InwardStreamTest, AnUpstreamThatDoesNotReadStopsTheClientAndCostsNoMemory) {
  RawClient client = Connect();
  ASSERT_TRUE(client.Send(Chunked("/v1/faults:stall")).ok());
  const int64_t before = gateway_->process().ResidentBytes();
  // The kernel's buffers on the way take some megabytes; a gateway that queued would take all of this.
  constexpr size_t kOffered = 64 << 20;
  const std::string chunk = Chunk(absl::StrCat("{\"payload\":\"", std::string(60'000, 'x'), "\"}"));
  size_t sent = 0;
  while (sent < kOffered && client.Send(chunk, absl::Now() + absl::Seconds(1)).ok()) sent += chunk.size();
  EXPECT_LT(sent, kOffered) << "nobody stopped the client";
  EXPECT_LT(gateway_->process().ResidentBytes() - before, 4 << 20);
}

// --- Bytes in place of JSON ------------------------------------------------------------------------------------------

TEST_F(InwardStreamTest, AnHttpBodyIsBytesBothWays) {
  const std::string bytes("\0\xff{not json\n", 12);
  const Response response =
      Exchange(gateway_->address(), Request("POST", "/v1/files:upload", bytes, "Content-Type: image/x-made-up"), Soon())
          .value_or(Response());
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.Header("Content-Type"), "image/x-made-up");
  EXPECT_EQ(response.body, bytes);
  EXPECT_EQ(response.Header("Content-Length"), "12");
}

TEST_F(InwardStreamTest, AStreamOfHttpBodiesIsBytesWithoutAnEndingLine) {
  const Response response =
      Exchange(gateway_->address(), PostJson("/v1/files:downloadStream", R"({"contentType":"text/csv","count":3})"),
               Soon())
          .value_or(Response());
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.Header("Content-Type"), "text/csv");
  EXPECT_TRUE(response.complete);
  EXPECT_THAT(response.body, ::testing::Not(HasSubstr("end")));
}

TEST_F(InwardStreamTest, PiecesOfAnUploadGoOnAsTheyCome) {
  RawClient client = Connect();
  ASSERT_TRUE(client.Send(Chunked("/v1/files:uploadStream", "text/plain")).ok());
  const std::string piece(30'000, 'p');
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(client.Send(Chunk(piece), Soon()).ok());
  ASSERT_TRUE(client.Send(kLastChunk).ok());
  const Response response = client.ReadResponse(Soon());
  EXPECT_EQ(response.Header("Content-Type"), "text/plain");
  EXPECT_EQ(response.body.size(), 10 * piece.size());
}

}  // namespace
}  // namespace penstock::testing
