// What crosses the gateway besides messages: headers, metadata, status details, files. Nothing passes unintentionally,
// in either direction.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gateway/codec/wire.h"
#include "tests/support/json_at.h"
#include "tests/support/raw_client.h"
#include "tests/support/servers.h"

namespace penstock::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

constexpr char kTraceparent[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

class EdgeTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { upstream_ = StartEverythingServer().release(); }
  static void TearDownTestSuite() { delete upstream_; }

  void Start(std::vector<std::string> flags = {}) {
    flags.push_back("--upstream=" + upstream_->address());
    gateway_ = StartGateway(std::move(flags));
  }

  Response Ask(absl::string_view request) {
    return Exchange(gateway_->address(), request, Soon()).value_or(Response());
  }

  // What the upstream was told, by key.
  std::multimap<std::string, std::string> Received(absl::string_view headers) {
    const Response response = Ask(PostJson("/v1/metadata", "{}", headers));
    EXPECT_EQ(response.status, 200) << response.body << response.error;
    std::multimap<std::string, std::string> received;
    for (int i = 0;; ++i) {
      const std::string key = JsonStringAt(response.body, absl::StrCat("/received/", i, "/key"));
      if (key.empty()) return received;
      received.emplace(key, JsonStringAt(response.body, absl::StrCat("/received/", i, "/value")));
    }
  }

  static std::vector<std::string> Values(const std::multimap<std::string, std::string>& received,
                                         const std::string& key) {
    std::vector<std::string> values;
    for (auto [at, end] = received.equal_range(key); at != end; ++at) values.push_back(at->second);
    return values;
  }

  static Server* upstream_;
  std::unique_ptr<Server> gateway_;
};

Server* EdgeTest::upstream_ = nullptr;

TEST_F(EdgeTest, WhatAClientMayNotSayOfItselfIsNotPassedOn) {
  Start();
  const auto received = Received(
      "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Host: evil\r\nTraceparent: 00-zero\r\nTracestate: a=1\r\n"
      "Grpc-Timeout: 5S\r\nGrpc-Encoding: gzip\r\nGrpc-Metadata-Grpc-Status: 0\r\nKeep-Alive: timeout=5\r\n"
      "TE: trailers\r\nX-Custom: 1\r\nGrpc-Metadata-Good: yes");
  EXPECT_THAT(Values(received, "x-forwarded-for"), ElementsAre("127.0.0.1"));
  EXPECT_THAT(Values(received, "x-forwarded-host"), Not(ElementsAre("evil")));
  EXPECT_THAT(Values(received, "traceparent"), IsEmpty()) << "a bad one begins a new trace";
  EXPECT_THAT(Values(received, "tracestate"), IsEmpty());
  for (const auto& [key, value] : received) {
    EXPECT_THAT(key, Not(HasSubstr("grpc-status"))) << value;
    EXPECT_THAT(key, Not(HasSubstr("grpc-encoding"))) << value;
    EXPECT_THAT(key, Not(HasSubstr("keep-alive"))) << value;
    EXPECT_THAT(key, Not(HasSubstr("x-custom"))) << value;
  }
  EXPECT_THAT(Values(received, "good"), IsEmpty());
  EXPECT_THAT(Values(received, "grpcgateway-good"), IsEmpty());
  EXPECT_EQ(Values(Received(absl::StrCat("Traceparent: ", kTraceparent)), "traceparent"),
            std::vector<std::string>{kTraceparent});
}

TEST_F(EdgeTest, ATrustedHopIsBelieved) {
  Start({"--trusted-proxy=127.0.0.0/8"});
  EXPECT_THAT(Values(Received("X-Forwarded-For: 6.6.6.6, 203.0.113.9"), "x-forwarded-for"),
              ElementsAre("203.0.113.9, 127.0.0.1"))
      << "what the first hop that is trusted saw, and no more";
}

TEST_F(EdgeTest, HeadersThatCouldSplitARequestAreRefused) {
  Start();
  for (const char* headers : {"X: a\rb", "X: a\nY: b", "X\x01: a", "X : a", ":path: /evil", "X: a\r\n folded"}) {
    EXPECT_EQ(Ask(PostJson("/v1/metadata", "{}", headers)).status, 400) << absl::CEscape(headers);
  }
  const Response nul = Ask(PostJson("/v1/metadata", "{}", absl::string_view("X: a\0b", 6)));
  EXPECT_EQ(nul.status, 400);
}

TEST_F(EdgeTest, WhatAnUpstreamSetsCannotSplitTheAnswerNorPoseAsOurs) {
  Start();
  const auto pair = [](absl::string_view key, absl::string_view value) {
    return absl::StrCat(R"({"key":")", key, R"(","value":")", absl::Base64Escape(value), R"("})");
  };
  const auto ask = [&](absl::string_view pairs) {
    return Ask(PostJson("/v1/metadata", absl::StrCat(R"({"headerFirst":true,"initial":[)", pairs, "]}")));
  };
  const Response response = ask(
      absl::StrCat(pair("plain", "yes"), ",", pair("set-cookie", "evil=1"), ",", pair("raw-bin", "a\r\nX-Evil: 1")));
  EXPECT_EQ(response.status, 200) << response.body << response.error;
  EXPECT_EQ(response.Header("Grpc-Metadata-plain"), "yes");
  EXPECT_FALSE(response.HasHeader("X-Evil"));
  EXPECT_FALSE(response.HasHeader("Set-Cookie"));
  EXPECT_EQ(response.error, "");
  // A connection's own fields make the upstream's answer malformed (RFC 9113 section 8.2.2).
  const Response malformed = ask(pair("transfer-encoding", "chunked"));
  EXPECT_EQ(malformed.status, 500);
  EXPECT_EQ(JsonAt(malformed.body, "/code"), "13") << malformed.body;
}

// Status details are protobuf of the upstream's making; a hundred Anys in each other are more than is printed, and less
// than what would use up a stack.
TEST_F(EdgeTest, NestedAnysFromTheUpstreamAreAnErrorAndNoCrash) {
  Start();
  constexpr char kAnyUrl[] = "t/google.protobuf.Any";
  std::string any;
  for (int i = 0; i < 200; ++i) {
    std::string outer;
    codec::AppendTag(1, codec::WireType::kLengthDelimited, &outer);
    codec::AppendLengthDelimited(kAnyUrl, &outer);
    codec::AppendTag(2, codec::WireType::kLengthDelimited, &outer);
    codec::AppendLengthDelimited(any, &outer);
    any = std::move(outer);
  }
  std::string status;
  codec::AppendTag(1, codec::WireType::kVarint, &status);
  codec::AppendVarint(9, &status);
  codec::AppendTag(3, codec::WireType::kLengthDelimited, &status);
  codec::AppendLengthDelimited(any, &status);
  for (const char* path : {"/v1/metadata", "/v1/streams:end"}) {
    SCOPED_TRACE(path);
    const Response response = Ask(PostJson(
        path, absl::StrCat(R"({"code":9,"message":"deep","rawDetails":")", absl::Base64Escape(status), R"("})")));
    EXPECT_EQ(response.status, 400) << "the upstream's code, whatever its details";
    EXPECT_EQ(JsonAt(response.body, "/code"), "9") << response.body;
    EXPECT_TRUE(response.complete);
  }
  EXPECT_EQ(Ask(PostJson("/v1/metadata", "{}")).status, 200);
}

TEST_F(EdgeTest, FilesOutsideTheWebRootAreNotServed) {
  char folder[] = "/tmp/penstock-edge-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  const std::filesystem::path base = folder, root = base / "root";
  std::filesystem::create_directory(root);
  std::ofstream(base / "secret.txt") << "secret";
  std::ofstream(root / "page.txt") << "page";
  std::filesystem::create_symlink("../secret.txt", root / "link.txt");
  Start({"--web-root=" + root.string()});
  EXPECT_EQ(Ask(Request("GET", "/page.txt")).body, "page");
  for (const char* target :
       {"/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/%252e%252e/secret.txt", "/link.txt",
        "/page.txt%00", "//secret.txt", "/./../secret.txt", "/..\\secret.txt", "http://a/../secret.txt"}) {
    const Response response = Ask(Request("GET", target));
    EXPECT_TRUE(response.status == 404 || response.status == 400) << target << ": " << response.status;
    EXPECT_THAT(response.body, Not(HasSubstr("secret\n"))) << target;
    EXPECT_NE(response.body, "secret") << target;
  }
  std::filesystem::remove_all(base);
}

}  // namespace
}  // namespace penstock::testing
