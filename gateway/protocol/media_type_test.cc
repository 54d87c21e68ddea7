#include "gateway/protocol/media_type.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace penstock {
namespace {

constexpr absl::string_view kOffered[] = {"application/x-ndjson", "application/json"};

int Choice(std::vector<std::string> accepts) {
  http::Headers headers;
  for (std::string& accept : accepts) headers.push_back({"accept", std::move(accept)});
  const auto choice = Negotiate(headers, kOffered);
  return choice ? static_cast<int>(*choice) : -1;
}

TEST(Negotiate, TakesWhatTheClientLikesBest) {
  EXPECT_EQ(Choice({}), 0) << "no Accept takes anything";
  EXPECT_EQ(Choice({"*/*"}), 0) << "curl's default";
  EXPECT_EQ(Choice({"application/json"}), 1);
  EXPECT_EQ(Choice({"Application/JSON"}), 1) << "types are case-insensitive (RFC 9110 section 8.3.1)";
  EXPECT_EQ(Choice({"application/json;q=0.1, text/html"}), 1);
  EXPECT_EQ(Choice({"application/json;q=0.1, application/x-ndjson;q=0.2"}), 0);
  EXPECT_EQ(Choice({"text/html", "application/json"}), 1) << "two fields are one list";
  EXPECT_EQ(Choice({"*/*, application/x-ndjson;q=0"}), 1) << "the more specific range wins over its weight";
  EXPECT_EQ(Choice({"application/*;q=0.5"}), 0);
  EXPECT_EQ(Choice({"text/event-stream"}), -1);
  EXPECT_EQ(Choice({"text/*"}), -1);
  EXPECT_EQ(Choice({"application/json;q=0"}), -1) << "refused by name";
  EXPECT_EQ(Choice({"application/json;q=7"}), -1) << "a malformed range says nothing";
  EXPECT_EQ(Choice({""}), -1) << "an Accept that names nothing";
}

TEST(IsJsonBody, TakesJsonAndNothingElse) {
  EXPECT_TRUE(IsJsonBody({}));
  EXPECT_TRUE(IsJsonBody({{"content-type", "application/json"}}));
  EXPECT_TRUE(IsJsonBody({{"content-type", "application/json; charset=utf-8"}}));
  EXPECT_TRUE(IsJsonBody({{"content-type", "application/merge-patch+json"}}));
  EXPECT_FALSE(IsJsonBody({{"content-type", "application/x-www-form-urlencoded"}})) << "curl -d";
  EXPECT_FALSE(IsJsonBody({{"content-type", "text/plain"}})) << "what a cross-site form may send";
  EXPECT_FALSE(IsJsonBody({{"content-type", ""}}));
}

}  // namespace
}  // namespace penstock
