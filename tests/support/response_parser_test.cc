#include "tests/support/response_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace penstock::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Case {
  const char* why;
  std::string bytes;
  bool complete;
  std::string body;
  std::string error;  // a part of it
};

const Case kCases[] = {
    {"a counted body", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", true, "hello", ""},
    {"no body by length", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", true, "", ""},
    {"chunks, last chunk and trailers",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\n", true,
     "abc0123456789", ""},
    {"chunks without the last: cut", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", false, "abc",
     ""},
    {"an interim response before the real one", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", true,
     "", ""},
    {"an empty reason", "HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\nx", true, "x", ""},
    {"a bare LF", "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n", false, "", "bare LF"},
    {"a folded field", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", false, "", "not a field line"},
    {"two framings", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", false, "", "both"},
    {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", false, "",
     "Content-Length: 1, 1"},
    {"a status that is no number", "HTTP/1.1 2x0 OK\r\n\r\n", false, "", "not a status line"},
    {"a chunk size that is no number", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc", false, "",
     "not a chunk size"},
    {"a chunk longer than its size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", false, "abc",
     "longer than its size"},
    {"a control character in a value", "HTTP/1.1 200 OK\r\nA: b\x01\r\n\r\n", false, "", "control character"},
};

void Expect(const Case& row, const ResponseParser& parser) {
  EXPECT_EQ(parser.complete(), row.complete);
  EXPECT_EQ(parser.response().body, row.body);
  if (row.error.empty()) {
    EXPECT_EQ(parser.response().error, "");
  } else {
    EXPECT_THAT(parser.response().error, HasSubstr(row.error));
  }
}

TEST(ResponseParser, TrailersAreNoHeaders) {
  ResponseParser parser;
  parser.Feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nA: 1\r\n\r\n0\r\nA: 2\r\n\r\n");
  EXPECT_TRUE(parser.complete());
  EXPECT_EQ(parser.response().Header("A"), "1");
  ASSERT_EQ(parser.response().trailers.size(), 1u);
  EXPECT_EQ(parser.response().trailers[0].second, "2");
}

TEST(ResponseParser, ReadsEveryCaseCutAtEveryPairOfPlaces) {
  for (const Case& row : kCases) {
    for (size_t first = 0; first <= row.bytes.size(); ++first) {
      for (size_t second = first; second <= row.bytes.size(); ++second) {
        SCOPED_TRACE(std::string(row.why) + " cut at " + std::to_string(first) + " and " + std::to_string(second));
        ResponseParser parser;
        parser.Feed(row.bytes.substr(0, first));
        parser.Feed(row.bytes.substr(first, second - first));
        parser.Feed(row.bytes.substr(second));
        Expect(row, parser);
        if (HasFailure()) return;
      }
    }
  }
}

TEST(ResponseParser, StopsAtTheEndOfTheResponse) {
  const std::string one = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
  ResponseParser parser;
  EXPECT_EQ(parser.Feed(one + one), one.size());
  EXPECT_TRUE(parser.complete());
}

TEST(ResponseParser, ABodyWithoutFramingEndsWithTheConnection) {
  ResponseParser parser;
  parser.Feed("HTTP/1.1 200 OK\r\n\r\nabc");
  EXPECT_FALSE(parser.complete());
  parser.FeedEnd();
  EXPECT_TRUE(parser.complete());
  EXPECT_EQ(parser.response().body, "abc");
}

TEST(ResponseParser, AnAnswerToHeadHasNoBody) {
  ResponseParser parser(/*to_head=*/true);
  parser.Feed("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
  EXPECT_TRUE(parser.complete());
}

TEST(Response, FindsHeadersInAnyCaseAndSplitsLines) {
  Response response;
  response.headers = {{"Vary", "Accept"}, {"vary", "Origin"}};
  response.body = "a\nb\nrest";
  EXPECT_EQ(response.Header("VARY"), "Accept, Origin");
  EXPECT_FALSE(response.HasHeader("Allow"));
  EXPECT_THAT(response.Lines(), ElementsAre("a", "b", "rest"));
}

}  // namespace
}  // namespace penstock::testing
