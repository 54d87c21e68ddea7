#include "gateway/http/http2_request.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace penstock::http {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

constexpr ParserLimits kLimits;

Fields Get(Fields more = {}) {
  Fields fields = {{":method", "GET"}, {":scheme", "http"}, {":path", "/a?b=c"}, {":authority", "h:1"}};
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

Fields With(absl::string_view name, const std::string& value) {
  Fields fields = Get();
  for (auto& field : fields) {
    if (field.first == name) field.second = value;
  }
  return fields;
}

Fields Without(absl::string_view name) {
  Fields fields;
  for (auto& field : Get()) {
    if (field.first != name) fields.push_back(field);
  }
  return fields;
}

int StatusOf(const Fields& fields) {
  Http2Request request(kLimits);
  for (const auto& [name, value] : fields) request.Add(name, value);
  return request.Complete(true) ? 200 : request.error().status;
}

TEST(Http2Request, AHeadIsTheSameAsHttp11s) {
  Http2Request request(kLimits);
  for (const auto& [name, value] :
       Get({{"content-type", "application/json"}, {"cookie", "a=1"}, {"x", ""}, {"cookie", "b=2"}, {"host", "H:1"}})) {
    request.Add(name, value);
  }
  ASSERT_TRUE(request.Complete(/*end_stream=*/false)) << request.error().message;
  const RequestHead head = request.TakeHead();
  EXPECT_EQ(head.method, "GET");
  EXPECT_EQ(head.target, "/a?b=c");
  EXPECT_EQ(head.authority, "h:1");
  EXPECT_EQ(head.version, Version::kHttp2);
  EXPECT_TRUE(head.has_body);
  EXPECT_FALSE(head.content_length);
  ASSERT_EQ(head.headers.size(), 3u) << "no pseudo-header field, no Host, one cookie";
  EXPECT_EQ(*FindHeader(head.headers, "cookie"), "a=1; b=2");
  EXPECT_EQ(*FindHeader(head.headers, "content-type"), "application/json");
  EXPECT_EQ(*FindHeader(head.headers, "x"), "");
}

TEST(Http2Request, TheHostFieldStandsInForAuthority) {
  Http2Request request(kLimits);
  Fields fields = Without(":authority");
  fields.push_back({"host", "example.org"});
  for (const auto& [name, value] : fields) request.Add(name, value);
  ASSERT_TRUE(request.Complete(true));
  EXPECT_EQ(request.TakeHead().authority, "example.org");
}

TEST(Http2Request, WhatIsRefused) {
  const struct {
    Fields fields;
    int status;
    const char* why;
  } kRows[] = {
      {Get(), 200, "the row that the others differ from"},
      {With(":scheme", "https"), 200, "a proxy may have ended TLS"},
      {With(":scheme", "ftp"), 400, "no other scheme is served"},
      {With(":path", std::string(kLimits.max_target_bytes, '/')), 200, "as long as allowed"},
      {With(":path", std::string(kLimits.max_target_bytes + 1, '/')), 414, "one byte longer"},
      {With(":path", ""), 400, "an empty target"},
      {With(":path", "a"), 400, "no path"},
      {With(":path", "http://h/"), 400, "an absolute target is not HTTP/2's way"},
      {With(":path", "/a b"), 400, "a blank would end the target in HTTP/1.1"},
      {With(":path", "/a#b"), 400, "a fragment is never sent"},
      {With(":path", std::string("/a\0b", 4)), 400, "NUL"},
      {With(":path", "*"), 400, "the asterisk is for OPTIONS"},
      {Without(":path"), 400, "no target"},
      {Without(":method"), 400, "no method"},
      {With(":method", "G T"), 400, "no token"},
      {With(":method", "CONNECT"), 405, "this is no proxy"},
      {Without(":authority"), 400, "no host at all"},
      {With(":authority", "user@h"), 400, "user information is no host"},
      {Get({{"host", "other"}}), 400, "two hosts that differ"},
      {Get({{"host", "h:1"}, {"host", "h:1"}}), 400, "two Host fields"},
      {Get({{"connection", "close"}}), 400, "HTTP/1.1's own field"},
      {Get({{"transfer-encoding", "chunked"}}), 400, "would be smuggled into HTTP/1.1"},
      {Get({{"upgrade", "websocket"}}), 400, "the same"},
      {Get({{"te", "gzip"}}), 400, "only trailers"},
      {Get({{"te", "trailers"}}), 200, "trailers"},
      {Get({{"expect", "100-Continue"}}), 200, "the one expectation"},
      {Get({{"expect", "a miracle"}}), 417, "another"},
      {Get({{"content-length", "12"}}), 200, "a length"},
      {Get({{"content-length", "+12"}}), 400, "a sign"},
      {Get({{"content-length", "1"}, {"content-length", "1"}}), 400, "twice"},
      {Get({{"x", "a\r\ny: b"}}), 400, "a line end would be a field of its own in HTTP/1.1"},
      {Get({{"x y", "a"}}), 400, "no token"},
      {Get({{"x", std::string(kLimits.max_header_bytes, 'a')}}), 431, "beyond the bytes"},
      {Get(Fields(kLimits.max_headers, {"x", ""})), 200, "as many fields as allowed"},
      {Get(Fields(kLimits.max_headers + 1, {"x", ""})), 431, "one more"},
      {Get({{":status", "200"}}), 400, "a response's pseudo-header field"},
  };
  for (const auto& row : kRows) EXPECT_EQ(StatusOf(row.fields), row.status) << row.why;
}

TEST(Http2Request, TheAsteriskGoesWithOptions) {
  Fields fields = With(":path", "*");
  fields.front().second = "OPTIONS";
  EXPECT_EQ(StatusOf(fields), 200);
}

TEST(Http2Request, NothingIsKeptBeyondTheLimits) {
  Http2Request request(kLimits);
  for (const auto& [name, value] : Get()) request.Add(name, value);
  const std::string value(4000, 'v');
  for (int i = 0; i < 10'000; ++i) request.Add("cookie", value);
  EXPECT_FALSE(request.Complete(true));
  EXPECT_EQ(request.error().status, 431);
  size_t kept = 0;
  for (const Header& header : request.TakeHead().headers) kept += header.value.size();
  EXPECT_LE(kept, kLimits.max_header_bytes);
}

}  // namespace
}  // namespace penstock::http
