#include "gateway/http/response_head.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock::http {
namespace {

constexpr char kDate[] = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";

std::string Head(int status, const Headers& headers, const ResponseFraming& framing) {
  std::string out;
  AppendResponseHead(status, headers, kDate, framing, out);
  return out;
}

TEST(ResponseHead, Framings) {
  ResponseFraming known;
  known.content_length = 12;
  known.keep_alive = true;
  EXPECT_EQ(Head(200, {{"Content-Type", "text/plain"}}, known),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n" + std::string(kDate) +
                "Content-Length: 12\r\nConnection: keep-alive\r\n\r\n");
  ResponseFraming stream;
  stream.chunked = true;
  stream.close = true;
  EXPECT_EQ(Head(503, {}, stream), "HTTP/1.1 503 Service Unavailable\r\n" + std::string(kDate) +
                                       "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
}

TEST(ResponseHead, AnUnknownStatusHasNoWordsButItsSpace) {
  EXPECT_EQ(Head(299, {}, {}), "HTTP/1.1 299 \r\n" + std::string(kDate) + "\r\n");
}

TEST(ResponseHead, LeavesOutWhatWouldBreakTheHead) {
  const Headers headers = {{"A", "1\r\nSet-Cookie: x"},
                           {"B\r\n", "1"},
                           {"C d", "1"},
                           {"", "1"},
                           {"E", "\x01"},
                           {"content-LENGTH", "7"},
                           {"Transfer-Encoding", "x"},
                           {"Date", "x"},
                           {"Connection", "upgrade"},
                           {"G", "good"}};
  EXPECT_EQ(Head(200, headers, {}), "HTTP/1.1 200 OK\r\nG: good\r\n" + std::string(kDate) + "\r\n");
}

TEST(ResponseHead, ConnectionTokens) {
  EXPECT_TRUE(HasConnectionToken({{"connection", "close"}}, "close"));
  EXPECT_TRUE(HasConnectionToken({{"connection", "te , CLOSE"}}, "close"));
  EXPECT_TRUE(HasConnectionToken({{"connection", "te"}, {"connection", "close"}}, "close"));
  EXPECT_FALSE(HasConnectionToken({{"connection", "closed"}}, "close"));
  EXPECT_FALSE(HasConnectionToken({{"x", "close"}}, "close"));
  EXPECT_FALSE(HasConnectionToken({{"connection", ""}}, "close"));
}

}  // namespace
}  // namespace penstock::http
