#include "gateway/http/http2_fields.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace penstock::http {
namespace {

std::string Text(Http2Fields& fields) {
  std::string text;
  const nghttp2_nv* field = fields.data();
  for (size_t i = 0; i < fields.size(); ++i) {
    absl::StrAppend(&text, std::string(reinterpret_cast<const char*>(field[i].name), field[i].namelen), ": ",
                    std::string(reinterpret_cast<const char*>(field[i].value), field[i].valuelen), "\n");
  }
  return text;
}

TEST(Http2Fields, NamesAreLowerCaseAndTheOrderStays) {
  Http2Fields fields;
  fields.AddOwn(":status", "200");
  fields.Add({{"Content-Type", "application/json"}, {"X-Empty", ""}, {"Set-Cookie", "A=B"}, {"Set-Cookie", "C=D"}});
  EXPECT_EQ(Text(fields),
            ":status: 200\ncontent-type: application/json\nx-empty: \nset-cookie: A=B\nset-cookie: C=D\n");
}

TEST(Http2Fields, WhatIsLeftOut) {
  const struct {
    Header header;
    const char* why;
  } kRows[] = {
      {{"Connection", "close"}, "HTTP/1.1's own"},
      {{"Transfer-Encoding", "chunked"}, "the same"},
      {{"Keep-Alive", "timeout=5"}, "the same"},
      {{"Upgrade", "h2c"}, "the same"},
      {{"Content-Length", "3"}, "the session says how long the body is"},
      {{"Date", "today"}, "the session says when"},
      {{"x", "a\r\nb: c"}, "a line end that came from an upstream"},
      {{"x", std::string("\0", 1)}, "NUL makes a message malformed"},
      {{"x y", "a"}, "no token"},
      {{":status", "500"}, "a second status"},
      {{"", "a"}, "no name"},
  };
  for (const auto& row : kRows) {
    Http2Fields fields;
    fields.Add({row.header});
    EXPECT_EQ(Text(fields), "") << row.why;
  }
}

TEST(Http2Fields, BlanksAroundAValueAreNotPartOfIt) {
  Http2Fields fields;
  fields.Add({{"x", " \ta b "}});
  EXPECT_EQ(Text(fields), "x: a b\n");
}

}  // namespace
}  // namespace penstock::http
