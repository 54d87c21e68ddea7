// The session's side for tests of request handlers: remembers what was sent, and fails the test where the order that
// ResponseStream asks for is not kept.
#ifndef PENSTOCK_GATEWAY_HTTP_TESTING_FAKE_RESPONSE_H_
#define PENSTOCK_GATEWAY_HTTP_TESTING_FAKE_RESPONSE_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "gateway/http/response_stream.h"

namespace penstock {

// `slow`: nothing that is committed is taken.
class FakeResponse final : public http::ResponseStream {
 public:
  void SendHead(int code, const http::Headers& fields, absl::optional<uint64_t> length) override {
    EXPECT_EQ(status, 0) << "a second head";
    status = code;
    headers = fields;
    content_length = length;
  }
  std::string& Body() override {
    EXPECT_NE(status, 0) << "a body before the head";
    EXPECT_FALSE(finished || aborted);
    return body;
  }
  void CommitBody() override { unsent = slow ? body.size() : 0; }
  using ResponseStream::Finish;
  void Finish(const http::Headers& fields) override {
    EXPECT_FALSE(finished || aborted);
    trailers = fields;
    finished = true;
  }
  void Abort() override {
    EXPECT_FALSE(finished || aborted);
    aborted = true;
  }
  size_t Unsent() const override { return unsent; }
  void ReleaseRequestBody(size_t bytes) override { released += bytes; }

  std::string Header(absl::string_view name) const {
    const std::string* value = http::FindHeader(headers, name);
    return value == nullptr ? "" : *value;
  }

  int status = 0;
  http::Headers headers, trailers;
  absl::optional<uint64_t> content_length;
  std::string body;
  size_t unsent = 0, released = 0;
  bool slow = false, finished = false, aborted = false;
};

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_HTTP_TESTING_FAKE_RESPONSE_H_
