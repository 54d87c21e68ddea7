#include "gateway/exchange/cors.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace penstock {
namespace {

std::string Text(const http::Headers& headers) {
  std::string text;
  for (const http::Header& header : headers) absl::StrAppend(&text, header.name, ": ", header.value, "\n");
  return text;
}

// What an answer to a request with these fields says.
std::string Answer(const Cors& cors, const http::Headers& request) {
  http::Headers headers;
  cors.AppendHeaders(cors.Match(request), &headers);
  return Text(headers);
}

constexpr char kPage[] = "https://app.example.com";

TEST(Cors, OnlyConfiguredOriginsAreAllowedAndToTheLetter) {
  const Cors cors({kPage, "http://localhost:3000"}, false);
  struct Row {
    const char* why;
    http::Headers request;
    bool allowed;
  };
  const Row rows[] = {
      {"the first", {{"origin", kPage}}, true},
      {"the second", {{"origin", "http://localhost:3000"}}, true},
      {"no origin: not a page", {}, false},
      {"null, which any sandboxed frame has", {{"origin", "null"}}, false},
      {"another scheme", {{"origin", "http://app.example.com"}}, false},
      {"another port", {{"origin", "https://app.example.com:8443"}}, false},
      {"a name that begins alike", {{"origin", "https://app.example.com.evil.test"}}, false},
      {"a name that ends alike", {{"origin", "https://evilapp.example.com"}}, false},
      {"another case", {{"origin", "https://APP.example.com"}}, false},
      {"two of them", {{"origin", kPage}, {"origin", "https://evil.test"}}, false},
  };
  for (const Row& row : rows) {
    const std::string answer = Answer(cors, row.request);
    EXPECT_EQ(answer.find("Access-Control-Allow-Origin: ") != std::string::npos, row.allowed) << row.why;
    EXPECT_EQ(answer.rfind("Vary: Origin\n", 0), 0u) << row.why;
    EXPECT_EQ(answer.find("Origin: *"), std::string::npos) << row.why;
  }
}

TEST(Cors, OffItSaysNothing) { EXPECT_EQ(Answer(Cors(), {{"origin", kPage}}), ""); }

TEST(Cors, CredentialsNameTheOriginAndTheFields) {
  const std::string answer = Answer(Cors({kPage}, true), {{"origin", kPage}});
  EXPECT_NE(answer.find("Access-Control-Allow-Credentials: true\n"), std::string::npos);
  EXPECT_EQ(answer.find('*'), std::string::npos) << "with credentials a wildcard is no wildcard";
  EXPECT_EQ(Answer(Cors({kPage}, false), {{"origin", kPage}}).find("Credentials"), std::string::npos);
}

TEST(Cors, APreflightIsAnsweredFromThePathsMethods) {
  const Cors cors({kPage}, false);
  http::Headers asked = {{"origin", kPage},
                         {"access-control-request-method", "POST"},
                         {"access-control-request-headers", "content-type,x-mine"}};
  EXPECT_TRUE(Cors::IsPreflight("OPTIONS", asked));
  EXPECT_FALSE(Cors::IsPreflight("POST", asked));
  EXPECT_FALSE(Cors::IsPreflight("OPTIONS", {{"origin", kPage}}));
  http::Headers headers;
  cors.AppendPreflight(cors.Match(asked), asked, "GET, POST", &headers);
  EXPECT_EQ(Text(headers),
            "Access-Control-Allow-Methods: GET, POST\nAccess-Control-Allow-Headers: content-type,x-mine\n"
            "Access-Control-Max-Age: 600\n");
  asked[2].value = "x\"y";
  headers.clear();
  cors.AppendPreflight(cors.Match(asked), asked, "POST", &headers);
  EXPECT_EQ(Text(headers).find("Allow-Headers"), std::string::npos) << "what is no field name is not said back";
  headers.clear();
  cors.AppendPreflight(nullptr, asked, "POST", &headers);
  EXPECT_EQ(Text(headers), "") << "another origin learns nothing";
}

}  // namespace
}  // namespace penstock
