// Pages of other origins: which may read responses, and which requests never reach the service.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/support/json_at.h"
#include "tests/support/raw_client.h"
#include "tests/support/servers.h"

namespace penstock::testing {
namespace {

using ::testing::HasSubstr;

constexpr char kPage[] = "https://app.example.com";

class CorsTest : public ::testing::Test {
 protected:
  void Start(std::vector<std::string> flags) {
    service_ = StartService();
    flags.push_back("--upstream=" + service_->address());
    gateway_ = StartGateway(std::move(flags));
    before_ = Calls();
  }

  double Calls() const { return gateway_->Metric("grpc_client_started_total"); }
  double NewCalls() const { return Calls() - before_; }

  Response Ask(const std::string& request) {
    const absl::StatusOr<Response> response = Exchange(gateway_->address(), request, Soon());
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? *response : Response();
  }

  static std::string Preflight(absl::string_view origin) {
    return Request("OPTIONS", "/v1/ticks:subscribe", "",
                   absl::StrCat("Origin: ", origin,
                                "\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: "
                                "content-type"));
  }

  std::unique_ptr<Server> service_, gateway_;
  double before_ = 0;
};

TEST_F(CorsTest, AConfiguredOriginMayAskAndRead) {
  Start({absl::StrCat("--cors-origin=", kPage), "--cors-origin=http://localhost:3000", "--cors-credentials"});
  const Response asked = Ask(Preflight(kPage));
  EXPECT_EQ(asked.status, 204);
  EXPECT_EQ(asked.Header("Access-Control-Allow-Origin"), kPage);
  EXPECT_EQ(asked.Header("Access-Control-Allow-Methods"), "POST");
  EXPECT_EQ(asked.Header("Access-Control-Allow-Headers"), "content-type");
  EXPECT_EQ(asked.Header("Access-Control-Allow-Credentials"), "true");
  EXPECT_EQ(NewCalls(), 0);
  const Response stream = Ask(PostJson("/v1/ticks:subscribe", R"({"count":1})", absl::StrCat("Origin: ", kPage)));
  EXPECT_EQ(stream.status, 200);
  EXPECT_EQ(stream.Header("Access-Control-Allow-Origin"), kPage);
  EXPECT_EQ(NewCalls(), 1);
  EXPECT_EQ(stream.Lines().size(), 2u);
}

TEST_F(CorsTest, NobodyElseIsToldAnything) {
  Start({absl::StrCat("--cors-origin=", kPage)});
  for (const char* origin : {"null", "https://evil.example", "https://app.example.com.evil.example",
                             "http://app.example.com", "https://app.example.com:444", "*"}) {
    SCOPED_TRACE(origin);
    for (const std::string& request :
         {Preflight(origin), PostJson("/v1/ticks:subscribe", R"({"count":1})", absl::StrCat("Origin: ", origin))}) {
      const Response response = Ask(request);
      EXPECT_FALSE(response.HasHeader("Access-Control-Allow-Origin"));
      EXPECT_FALSE(response.HasHeader("Access-Control-Allow-Credentials"));
      EXPECT_EQ(response.Header("Vary"), "Origin") << "or a cache gives one page what another was told";
    }
  }
}

TEST_F(CorsTest, WithoutAConfiguredOriginNothingIsSaidAtAll) {
  Start({});
  EXPECT_FALSE(Ask(Preflight(kPage)).HasHeader("Access-Control-Allow-Origin"));
  EXPECT_EQ(NewCalls(), 0);
}

TEST_F(CorsTest, WhatAPageMaySendUnaskedReachesNoMethod) {
  Start({});
  const struct {
    const char* why;
    std::string head;
    std::string body;
    int status;
  } kRows[] = {
      {"a form", "Content-Type: application/x-www-form-urlencoded", "message=x", 403},
      {"text", "Content-Type: text/plain;charset=UTF-8", R"({"count":1})", 403},
      {"a Blob without a type", "", R"({"count":1})", 403},
      {"nothing", "", "", 403},
  };
  for (const auto& row : kRows) {
    for (const char* from : {"Origin: https://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site"}) {
      const Response response = Ask(Request("POST", "/v1/ticks:subscribe", row.body,
                                            absl::StrCat(from, row.head.empty() ? "" : "\r\n", row.head)));
      EXPECT_EQ(response.status, row.status) << row.why << ", " << from;
      EXPECT_EQ(JsonAt(response.body, "/code"), "7") << response.body;
    }
  }
  EXPECT_EQ(NewCalls(), 0);
}

TEST_F(CorsTest, AFloodOfPreflightsCostsNoCall) {
  Start({absl::StrCat("--cors-origin=", kPage)});
  RawClient client = RawClient::Connect(gateway_->address()).value();
  for (int i = 0; i < 2000; ++i) {
    ASSERT_TRUE(client.Send(Preflight(i % 2 == 0 ? kPage : "null"), Soon()).ok());
    ASSERT_EQ(client.ReadResponse(Soon()).status, 204) << client.received();
  }
  EXPECT_EQ(NewCalls(), 0);
}

TEST_F(CorsTest, AnOriginThatIsNoneIsRefusedAtStart) {
  auto gateway = Process::Spawn({FindBinary("gateway/penstock-gateway", "PENSTOCK_GATEWAY"), "--cors-origin=*"});
  ASSERT_TRUE(gateway.ok());
  EXPECT_EQ((*gateway)->Wait(Soon()), 2);
  EXPECT_THAT((*gateway)->Output(), HasSubstr("--cors-origin: \"*\" is no origin"));
}

}  // namespace
}  // namespace penstock::testing
