#include "gateway/http/error_reply.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "gateway/http/testing/fake_response.h"

namespace penstock::http {
namespace {

TEST(ErrorReply, IsACompleteResponse) {
  FakeResponse response;
  SendError(response, 503, 14, "the \"upstream\" is down\n", {{"Retry-After", "1"}});
  EXPECT_EQ(response.status, 503);
  std::string headers;
  for (const Header& header : response.headers) absl::StrAppend(&headers, header.name, ": ", header.value, "\n");
  EXPECT_EQ(headers, "Content-Type: application/json\nX-Content-Type-Options: nosniff\nRetry-After: 1\n");
  EXPECT_EQ(response.body, "{\"code\":14,\"message\":\"the \\\"upstream\\\" is down\\n\",\"details\":[]}");
  EXPECT_EQ(response.content_length, response.body.size());
  EXPECT_TRUE(response.finished);
}

TEST(ErrorReply, EveryStatusOfOursHasACode) {
  const struct {
    int status;
    int code;
  } cases[] = {{400, 3},  {401, 16}, {403, 7},  {404, 5},  {405, 12}, {406, 3}, {408, 4},
               {409, 10}, {413, 8},  {414, 3},  {415, 3},  {417, 3},  {429, 8}, {431, 3},
               {499, 1},  {500, 13}, {501, 12}, {502, 14}, {503, 14}, {504, 4}, {505, 12}};
  for (const auto& c : cases) EXPECT_EQ(GrpcCodeOf(c.status), c.code) << c.status;
}

}  // namespace
}  // namespace penstock::http
