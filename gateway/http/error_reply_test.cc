#include "gateway/http/error_reply.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace penstock::http {
namespace {

// Writes down what it is asked for.
class FakeResponse final : public ResponseStream {
 public:
  void SendHead(int status, const Headers& headers, absl::optional<uint64_t> content_length) override {
    absl::StrAppend(&log, status, "\n");
    for (const Header& header : headers) absl::StrAppend(&log, header.name, ": ", header.value, "\n");
    absl::StrAppend(&log, "length ", content_length.value_or(0), "\n");
  }
  std::string& Body() override { return body; }
  void CommitBody() override { absl::StrAppend(&log, body, "\n"); }
  using ResponseStream::Finish;
  void Finish(const Headers& /*trailers*/) override { absl::StrAppend(&log, "finish\n"); }
  void Abort() override { absl::StrAppend(&log, "abort\n"); }
  size_t Unsent() const override { return 0; }
  void ReleaseRequestBody(size_t) override {}

  std::string log;
  std::string body;
};

TEST(ErrorReply, IsACompleteResponse) {
  FakeResponse response;
  SendError(response, 503, 14, "the \"upstream\" is down\n", {{"Retry-After", "1"}});
  EXPECT_EQ(response.log,
            "503\nContent-Type: application/json\nX-Content-Type-Options: nosniff\nRetry-After: 1\nlength 63\n"
            "{\"code\":14,\"message\":\"the \\\"upstream\\\" is down\\n\",\"details\":[]}\nfinish\n");
  EXPECT_EQ(response.body.size(), 63u);
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
