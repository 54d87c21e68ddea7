#include "gateway/http/http1_parser.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace penstock::http {
namespace {

using Event = Http1Parser::Event;

// Small, so that a case can pass a limit by one byte and still be cut everywhere.
ParserLimits SmallLimits() {
  ParserLimits limits;
  limits.max_target_bytes = 40;
  limits.max_header_bytes = 200;
  limits.max_headers = 6;
  limits.max_extension_bytes = 8;
  limits.max_trailer_bytes = 40;
  return limits;
}

// Everything that a sequence of inputs makes the parser say, as text that does not depend on how body pieces fell.
class Transcript {
 public:
  explicit Transcript(const ParserLimits& limits) : parser_(limits) {}

  void Feed(absl::string_view input) {
    while (!failed_) {
      const Http1Parser::Step step = parser_.Next(input);
      if (step.event == Event::kBody) {
        EXPECT_FALSE(step.body.empty());
        // A view into the input, not a copy.
        EXPECT_GE(step.body.data(), input.data());
        EXPECT_LE(step.body.data() + step.body.size(), input.data() + input.size());
      }
      input.remove_prefix(step.consumed);
      switch (step.event) {
        case Event::kNeedMore:
          EXPECT_TRUE(input.empty()) << "wants more, and leaves " << input.size() << " bytes";
          return;
        case Event::kHead:
          Head(parser_.TakeHead());
          break;
        case Event::kBody:
          absl::StrAppend(&body_, step.body);
          break;
        case Event::kEnd:
          EndBody();
          absl::StrAppend(&text_, "end\n");
          parser_.Reset();
          if (input.empty()) return;
          break;
        case Event::kError:
          EndBody();
          EXPECT_FALSE(parser_.error().message.empty());
          absl::StrAppend(&text_, "error ", parser_.error().status, "\n");
          failed_ = true;
      }
    }
  }

  std::string Text() {
    EndBody();
    return text_;
  }

 private:
  void Head(const RequestHead& head) {
    absl::StrAppend(&text_, head.method, " ", head.target, head.version == Version::kHttp10 ? " 1.0" : " 1.1", " @",
                    head.authority);
    if (head.content_length) absl::StrAppend(&text_, " length=", *head.content_length);
    if (head.has_body) absl::StrAppend(&text_, " body");
    absl::StrAppend(&text_, "\n");
    for (const Header& header : head.headers) absl::StrAppend(&text_, header.name, "=[", header.value, "]\n");
  }

  void EndBody() {
    if (!body_.empty()) absl::StrAppend(&text_, "<", body_, ">\n");
    body_.clear();
  }

  Http1Parser parser_;
  std::string text_;
  std::string body_;
  bool failed_ = false;
};

// A copy of its own for each piece, so that a sanitizer sees a parser that keeps a view of an earlier one.
void FeedCopy(Transcript& transcript, absl::string_view piece) {
  const std::vector<char> copy(piece.begin(), piece.end());
  transcript.Feed(absl::string_view(copy.data(), copy.size()));
}

void ExpectHoweverCut(const std::string& input, const std::string& expected, const std::string& reason) {
  SCOPED_TRACE(reason);
  const ParserLimits limits = SmallLimits();
  for (size_t cut = 0; cut <= input.size(); ++cut) {
    Transcript transcript(limits);
    FeedCopy(transcript, absl::string_view(input).substr(0, cut));
    FeedCopy(transcript, absl::string_view(input).substr(cut));
    ASSERT_EQ(transcript.Text(), expected) << "cut at " << cut;
  }
  Transcript transcript(limits);
  for (char c : input) FeedCopy(transcript, absl::string_view(&c, 1));
  EXPECT_EQ(transcript.Text(), expected) << "byte by byte";
}

struct Case {
  const char* reason;
  std::string input;
  std::string expected;
};

std::string Get(absl::string_view fields) { return absl::StrCat("GET / HTTP/1.1\r\n", fields, "\r\n"); }
std::string Post(absl::string_view fields, absl::string_view body) {
  return absl::StrCat("POST /p HTTP/1.1\r\nHost: h\r\n", fields, "\r\n", body);
}
std::string Chunked(absl::string_view body) { return Post("Transfer-Encoding: chunked\r\n", body); }
const char kChunkedHead[] = "POST /p 1.1 @h body\nhost=[h]\ntransfer-encoding=[chunked]\n";

TEST(Http1Parser, AcceptsHowever) {
  const std::string zero_host = "host=[h]\n";
  const Case cases[] = {
      {"the smallest request", Get("Host: h\r\n"), "GET / 1.1 @h\nhost=[h]\nend\n"},
      {"names lose their case, values only their outer blanks", Get("HoSt:h\r\nX-A: \t a B \t\r\nx-b:\r\n"),
       "GET / 1.1 @h\nhost=[h]\nx-a=[a B]\nx-b=[]\nend\n"},
      {"any token is a method", "PURGE.x /a?b=c%20d|^[] HTTP/1.1\r\nHost: h\r\n\r\n",
       "PURGE.x /a?b=c%20d|^[] 1.1 @h\nhost=[h]\nend\n"},
      {"UTF-8 in a target, as curl sends what is typed", "GET /\xc3\xa9 HTTP/1.1\r\nHost: h\r\n\r\n",
       "GET /\xc3\xa9 1.1 @h\nhost=[h]\nend\n"},
      {"one empty line before the request", "\r\n" + Get("Host: h\r\n"), "GET / 1.1 @h\nhost=[h]\nend\n"},
      {"HTTP/1.0 needs no Host", "GET / HTTP/1.0\r\n\r\n", "GET / 1.0 @\nend\n"},
      {"a later minor version is spoken to as 1.1", "GET / HTTP/1.2\r\nHost: h\r\n\r\n",
       "GET / 1.1 @h\nhost=[h]\nend\n"},
      {"Content-Length", Post("Content-Length: 5\r\n", "hello"),
       "POST /p 1.1 @h length=5 body\nhost=[h]\ncontent-length=[5]\n<hello>\nend\n"},
      {"Content-Length 0 is no body", Post("Content-Length: 0\r\n", ""),
       "POST /p 1.1 @h length=0\nhost=[h]\ncontent-length=[0]\nend\n"},
      {"chunks, upper and lower case sizes, leading zeros",
       Chunked("00a\r\n0123456789\r\nB\r\n0123456789A\r\n0\r\n\r\n"),
       std::string(kChunkedHead) + "<01234567890123456789A>\nend\n"},
      {"an empty chunked body", Chunked("0\r\n\r\n"), std::string(kChunkedHead) + "end\n"},
      {"line ends inside chunk data are data", Chunked("4\r\n\r\n\r\n\r\n0\r\n\r\n"),
       std::string(kChunkedHead) + "<\r\n\r\n>\nend\n"},
      {"chunk extensions are skipped", Chunked("1;a=\"b\"\r\nx\r\n0;\r\n\r\n"),
       std::string(kChunkedHead) + "<x>\nend\n"},
      {"blanks before a chunk extension (BWS)", Chunked("1 \t;a\r\nx\r\n0\r\n\r\n"),
       std::string(kChunkedHead) + "<x>\nend\n"},
      {"trailers are checked and dropped", Chunked("1\r\nx\r\n0\r\nX-Sum: 1\r\nY: \r\n\r\n"),
       std::string(kChunkedHead) + "<x>\nend\n"},
      {"the coding's name has no case", Post("Transfer-Encoding: CHUNKED\r\n", "0\r\n\r\n"),
       "POST /p 1.1 @h body\nhost=[h]\ntransfer-encoding=[CHUNKED]\nend\n"},
      {"requests in a row", Get("Host: a\r\n") + Post("Content-Length: 1\r\n", "x") + Get("Host: b\r\n"),
       "GET / 1.1 @a\nhost=[a]\nend\nPOST /p 1.1 @h length=1 body\nhost=[h]\ncontent-length=[1]\n<x>\nend\n"
       "GET / 1.1 @b\nhost=[b]\nend\n"},
      {"a URI's host replaces Host", "GET http://u:81/x?y HTTP/1.1\r\nHost: h\r\n\r\n",
       "GET /x?y 1.1 @u:81\nhost=[u:81]\nend\n"},
      {"a URI without path", "GET HTTPS://u HTTP/1.1\r\nHost: h\r\n\r\n", "GET / 1.1 @u\nhost=[u]\nend\n"},
      {"a URI with a query only", "GET http://u?q HTTP/1.1\r\nHost: h\r\n\r\n", "GET /?q 1.1 @u\nhost=[u]\nend\n"},
      {"OPTIONS for the server by URI (RFC 9112 3.2.4)", "OPTIONS http://u HTTP/1.1\r\nHost: h\r\n\r\n",
       "OPTIONS * 1.1 @u\nhost=[u]\nend\n"},
      {"OPTIONS for the server", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "OPTIONS * 1.1 @h\nhost=[h]\nend\n"},
      {"an IPv6 host", Get("Host: [::1]:80\r\n"), "GET / 1.1 @[::1]:80\nhost=[[::1]:80]\nend\n"},
      {"100-continue in any case", Get("Host: h\r\nExpect: 100-Continue\r\n"),
       "GET / 1.1 @h\nhost=[h]\nexpect=[100-Continue]\nend\n"},
      {"an HTTP/1.0 client's Expect is ignored", "GET / HTTP/1.0\r\nExpect: x\r\n\r\n",
       "GET / 1.0 @\nexpect=[x]\nend\n"},
      {"a field value may hold bytes above 127", Get("Host: h\r\nX: \xff\r\n"),
       "GET / 1.1 @h\nhost=[h]\nx=[\xff]\nend\n"},
      {"a target of exactly the limit", "GET /" + std::string(39, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n",
       "GET /" + std::string(39, 'a') + " 1.1 @h\nhost=[h]\nend\n"},
      {"a head of exactly the limit", Get("Host: h\r\nX: " + std::string(200 - 16 - 9 - 5 - 2, 'v') + "\r\n"),
       "GET / 1.1 @h\nhost=[h]\nx=[" + std::string(168, 'v') + "]\nend\n"},
      {"as many fields as the limit", Get("Host: h\r\na:\r\nb:\r\nc:\r\nd:\r\ne:\r\n"),
       "GET / 1.1 @h\nhost=[h]\na=[]\nb=[]\nc=[]\nd=[]\ne=[]\nend\n"},
      {"extensions of exactly the limit", Chunked("1;1234567\r\nx\r\n0\r\n\r\n"),
       std::string(kChunkedHead) + "<x>\nend\n"},
      {"trailers of exactly the limit", Chunked("0\r\nX: " + std::string(33, 'v') + "\r\n\r\n"),
       std::string(kChunkedHead) + "end\n"},
      {"an incomplete head says nothing", "GET / HTTP/1.1\r\nHost: h\r\n\r", ""},
      {"an incomplete body has no end", Post("Content-Length: 5\r\n", "hell"),
       "POST /p 1.1 @h length=5 body\nhost=[h]\ncontent-length=[5]\n<hell>\n"},
      {"an incomplete chunked body has no end", Chunked("1\r\nx\r\n0\r\n\r"), std::string(kChunkedHead) + "<x>\n"},
  };
  for (const Case& c : cases) ExpectHoweverCut(c.input, c.expected, c.reason);
}

struct RefusedInput {
  const char* reason;
  std::string input;
  int status;
};

TEST(Http1Parser, RefusesHeads) {
  const std::string long_fields = Get("Host: h\r\nX: " + std::string(169, 'v') + "\r\n");
  const RefusedInput cases[] = {
      {"smuggling: two framings", Post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
      {"smuggling: two framings, the other order", Post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", ""),
       400},
      {"two lengths", Post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello"), 400},
      {"two equal lengths", Post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), 400},
      {"a list of equal lengths", Post("Content-Length: 5, 5\r\n", "hello"), 400},
      {"a signed length", Post("Content-Length: +5\r\n", "hello"), 400},
      {"a negative length", Post("Content-Length: -5\r\n", "hello"), 400},
      {"an empty length", Post("Content-Length:\r\n", ""), 400},
      {"a hexadecimal length", Post("Content-Length: 0x5\r\n", "hello"), 400},
      {"a length with a blank", Post("Content-Length: 5 5\r\n", "hello"), 400},
      {"a length that overflows 64 bits", Post("Content-Length: 18446744073709551621\r\n", "hello"), 400},
      {"a coding that only looks like chunked", Post("Transfer-Encoding: chunkedx\r\n", "0\r\n\r\n"), 400},
      {"a quoted coding", Post("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"), 400},
      {"a coding with a vertical tab",
       Post("Transfer-Encoding: \x0b"
            "chunked\r\n",
            "0\r\n\r\n"),
       400},
      {"a coding that ends elsewhere cannot be framed (RFC 9112 6.3)", Post("Transfer-Encoding: gzip\r\n", ""), 400},
      {"chunked is not last", Post("Transfer-Encoding: chunked, gzip\r\n", ""), 400},
      {"identity is gone", Post("Transfer-Encoding: identity\r\n", ""), 400},
      {"an empty coding", Post("Transfer-Encoding:\r\n", ""), 400},
      {"chunked twice", Post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"), 400},
      {"chunked in two fields", Post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", ""), 400},
      {"framed, but a coding not served (RFC 9112 6.1)", Post("Transfer-Encoding: gzip, chunked\r\n", ""), 501},
      {"chunked in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"a folded field", Get("Host: h\r\nX: a\r\n b\r\n"), 400},
      {"a folded field by tab", Get("Host: h\r\nX: a\r\n\tb\r\n"), 400},
      {"a blank before the first field", Get(" Host: h\r\n"), 400},
      {"a bare LF after the request line", "GET / HTTP/1.1\nHost: h\r\n\r\n", 400},
      {"a bare LF after a field", Get("Host: h\nX: a\r\n"), 400},
      {"a bare LF ends the head", "GET / HTTP/1.1\r\nHost: h\r\n\n", 400},
      {"a bare LF before the request", "\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"a bare CR in a value", Get("Host: h\r\nX: a\rb\r\n"), 400},
      {"a CR before the CRLF", Get("Host: h\r\nX: a\r\r\n"), 400},
      {"a bare CR in the request line", "GET /\rx HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"a blank before the colon", Get("Host : h\r\n"), 400},
      {"a field without a name", Get("Host: h\r\n: a\r\n"), 400},
      {"a field without a colon", Get("Host: h\r\nabc\r\n"), 400},
      {"a name that is no token", Get("Host: h\r\nX(y): a\r\n"), 400},
      {"a name beyond ASCII", Get("Host: h\r\n\xc3\xa9: a\r\n"), 400},
      {"NUL in a value", Get(std::string("Host: h\r\nX: a\0b\r\n", 17)), 400},
      {"a control character in a value", Get("Host: h\r\nX: a\x01\r\n"), 400},
      {"DEL in a value", Get("Host: h\r\nX: a\x7f\r\n"), 400},
      {"no Host", Get("X: a\r\n"), 400},
      {"two Hosts", Get("Host: h\r\nHost: h\r\n"), 400},
      {"two Hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      {"a Host that is a URI", Get("Host: http://h/\r\n"), 400},
      {"a Host with user", Get("Host: u@h\r\n"), 400},
      {"a URI does not make up for Host", "GET http://u/ HTTP/1.1\r\n\r\n", 400},
      {"a URI with user", "GET http://a@u/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"a URI without host", "GET http:///x HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"a URI of another scheme", "GET ftp://u/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"a target that is neither path nor URI", "GET x HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"CONNECT", "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", 405},
      {"an asterisk with GET", "GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"a fragment", "GET /#a HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"NUL in a target", std::string("GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n", 28), 400},
      {"a tab in a target", "GET /\t HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"a space in a target", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"two spaces", "GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"a space behind the version", "GET / HTTP/1.1 \r\nHost: h\r\n\r\n", 400},
      {"a space before the method", " GET / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"a tab between", "GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"a method that is no token", "G(T / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"a method longer than any", std::string(33, 'M') + " / HTTP/1.1\r\nHost: h\r\n\r\n", 501},
      {"only a method", "GET\r\nHost: h\r\n\r\n", 400},
      {"HTTP/0.9 without a version", "GET /\r\n", 400},
      {"HTTP/0.9", "GET / HTTP/0.9\r\nHost: h\r\n\r\n", 505},
      {"HTTP/2's preface", "PRI / HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"a version in lower case", "GET / http/1.1\r\nHost: h\r\n\r\n", 400},
      {"a version of three digits", "GET / HTTP/1.10\r\nHost: h\r\n\r\n", 400},
      {"two empty lines before the request", "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"an expectation not known", Get("Host: h\r\nExpect: 200-ok\r\n"), 417},
      {"TLS spoken to a cleartext port", std::string("\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\n", 11), 400},
      {"a target one byte too long", "GET /" + std::string(40, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n", 414},
      {"a target that never ends", "GET /" + std::string(100, 'a'), 414},
      {"a method that never ends", std::string(100, 'M'), 501},
      {"a first line that is no request and never ends", std::string(100, '\x80'), 400},
      {"a head one byte too large", long_fields, 431},
      {"a field that never ends", "GET / HTTP/1.1\r\nX: " + std::string(200, 'a'), 431},
      {"a field too many", Get("Host: h\r\na:\r\nb:\r\nc:\r\nd:\r\ne:\r\nf:\r\n"), 431},
  };
  for (const RefusedInput& c : cases) ExpectHoweverCut(c.input, absl::StrCat("error ", c.status, "\n"), c.reason);
}

TEST(Http1Parser, RefusesBodies) {
  const RefusedInput cases[] = {
      {"no size", "\r\n", 400},
      {"an empty size with extension", ";a\r\nx\r\n", 400},
      {"0x before a size", "0x1\r\nx\r\n", 400},
      {"a sign", "+1\r\nx\r\n", 400},
      {"a negative size", "-1\r\nx\r\n", 400},
      {"a blank before the size", " 1\r\nx\r\n", 400},
      {"a blank after the size", "1 \r\nx\r\n", 400},
      {"a size that overflows", "ffffffffffffffff\r\n", 400},
      {"a size of too many zeros", "00000000000000001\r\n", 400},
      {"a size line that ends with LF", "1\nx\r\n0\r\n\r\n", 400},
      {"a CR alone in a size line", "1\rx\r\n", 400},
      {"an extension with LF", "1;a\nx\r\n", 400},
      {"an extension with NUL", std::string("1;\0\r\nx\r\n", 8), 400},
      {"extensions too long", "1;12345678\r\nx\r\n", 400},
      {"a trailer that is folded", "0\r\n X: a\r\n\r\n", 400},
      {"a trailer without colon", "0\r\nabc\r\n\r\n", 400},
      {"a trailer with a bare LF", "0\r\nX: a\n\r\n", 400},
      {"the end with a bare LF", "0\r\n\n", 400},
      {"trailers too large", "0\r\nX: " + std::string(34, 'v') + "\r\n\r\n", 431},
      {"too many trailers", "0\r\na:\r\nb:\r\nc:\r\nd:\r\ne:\r\nf:\r\ng:\r\n\r\n", 431},
  };
  for (const RefusedInput& c : cases) {
    ExpectHoweverCut(Chunked(c.input), absl::StrCat(kChunkedHead, "error ", c.status, "\n"), c.reason);
  }
  ExpectHoweverCut(Chunked("1\r\nxy\r\n"), absl::StrCat(kChunkedHead, "<x>\nerror 400\n"),
                   "a chunk longer than its size");
  ExpectHoweverCut(Chunked("1\r\nx\rz"), absl::StrCat(kChunkedHead, "<x>\nerror 400\n"), "a chunk not ended by CRLF");
  ExpectHoweverCut(Chunked("1;123\r\nx\r\n1;12345\r\n"), absl::StrCat(kChunkedHead, "<x>\nerror 400\n"),
                   "extensions are limited together, not one by one");
}

TEST(Http1Parser, StopsBehindTheRequest) {
  const ParserLimits limits;
  Http1Parser parser(limits);
  absl::string_view input = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcGET /next";
  Http1Parser::Step step = parser.Next(input);
  ASSERT_EQ(step.event, Event::kHead);
  EXPECT_EQ(parser.body_left(), absl::optional<uint64_t>(3));
  input.remove_prefix(step.consumed);
  step = parser.Next(input);
  ASSERT_EQ(step.event, Event::kBody);
  EXPECT_EQ(step.body, "abc");
  input.remove_prefix(step.consumed);
  for (int i = 0; i < 2; ++i) {
    step = parser.Next(input);
    EXPECT_EQ(step.event, Event::kEnd);
    EXPECT_EQ(step.consumed, 0u);
  }
  EXPECT_EQ(input, "GET /next");
}

TEST(Http1Parser, KnowsWhetherARequestHasBegun) {
  const ParserLimits limits;
  Http1Parser parser(limits);
  EXPECT_FALSE(parser.in_head());
  parser.Next("\r\n");
  EXPECT_FALSE(parser.in_head());
  parser.Next("G");
  EXPECT_TRUE(parser.in_head());
  parser.Next("ET / HTTP/1.1\r\nHost: h\r\n");
  EXPECT_TRUE(parser.in_head());
  parser.Next("\r\n");
  EXPECT_FALSE(parser.in_head());
}

TEST(Http1Parser, AskedAgainItRefusesAgain) {
  const ParserLimits limits;
  Http1Parser parser(limits);
  EXPECT_EQ(parser.Next("(\r\n").event, Event::kError);
  EXPECT_EQ(parser.Next("GET / HTTP/1.1\r\n").event, Event::kError);
  EXPECT_EQ(parser.error().status, 400);
}

}  // namespace
}  // namespace penstock::http
