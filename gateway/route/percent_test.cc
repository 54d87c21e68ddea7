#include "gateway/route/percent.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace penstock::route {
namespace {

// Every printable character but letters, digits and "%".
std::string Punctuation() {
  std::string all;
  for (char c = ' '; c <= '~'; ++c) {
    const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (!alphanumeric && c != '%') all += c;
  }
  return all;
}

std::string Escaped(char c) { return absl::StrCat("%", absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2)); }

TEST(PercentDecode, KeepsWhatTheModeSays) {
  const std::string reserved = ":/?#[]@!$&'()*+,;=";
  for (const char c : Punctuation()) {
    const std::string escaped = Escaped(c);
    const std::string plain(1, c);
    const bool is_reserved = reserved.find(c) != std::string::npos;
    const auto decode = [&](Unescape mode, bool multi) { return PercentDecode(escaped, mode, multi).value(); };
    EXPECT_EQ(decode(Unescape::kAllExceptReserved, true), is_reserved ? escaped : plain) << c;
    EXPECT_EQ(decode(Unescape::kAllExceptSlash, true), c == '/' ? escaped : plain) << c;
    EXPECT_EQ(decode(Unescape::kAll, true), plain) << c;
    EXPECT_EQ(decode(Unescape::kLegacy, true), plain) << c;
    for (const Unescape mode :
         {Unescape::kLegacy, Unescape::kAllExceptReserved, Unescape::kAllExceptSlash, Unescape::kAll}) {
      EXPECT_EQ(decode(mode, false), plain) << "a single segment is decoded in full: " << c;
    }
  }
}

TEST(PercentDecode, DecodesOnce) {
  struct Row {
    const char* text;
    bool multi;
    const char* decoded;
    const char* reason;
  };
  for (const Row& row : {
           Row{"", false, "", "nothing"},
           Row{"a+b", false, "a+b", "plus is no space in a path"},
           Row{"%2525", false, "%25", "the result is not decoded again"},
           Row{"%252F", true, "%2F", "an escaped percent sign before what looks like an escape"},
           Row{"%2f%2F", true, "%2f%2F", "what stays is copied as written"},
           Row{"a%2fb/c", true, "a%2fb/c", "slashes that separate, slashes that do not"},
           Row{"%e2%82%ac", false, "\xe2\x82\xac", "UTF-8 byte by byte"},
           Row{"\xe2%82\xac", false, "\xe2\x82\xac", "UTF-8 half escaped"},
           Row{"%2e%2e", false, "..", "dots are text"},
           Row{"%01%7f", false, "\x01\x7f", "control characters but NUL are text"},
       }) {
    const auto decoded = PercentDecode(row.text, Unescape::kAllExceptReserved, row.multi);
    ASSERT_TRUE(decoded.ok()) << row.reason << ": " << decoded.status();
    EXPECT_EQ(*decoded, row.decoded) << row.reason;
  }
}

TEST(PercentDecode, NamesTheByteThatIsWrong) {
  struct Row {
    std::string text;
    const char* error;
  };
  for (const Row& row : std::vector<Row>{
           {"%", "malformed escape at byte 0"},
           {"ab%", "malformed escape at byte 2"},
           {"ab%2", "malformed escape at byte 2"},
           {"%%20", "malformed escape at byte 0"},
           {"%2x", "malformed escape at byte 0"},
           {"%x2", "malformed escape at byte 0"},
           {"%+1", "malformed escape at byte 0"},
           {"% 1", "malformed escape at byte 0"},
           {"a%00", "NUL at byte 1"},
           {std::string("a\0b", 3), "NUL at byte 1"},
           {"%20%ff", "invalid UTF-8 at byte 3"},
           {"%2F%2F%e2%82", "invalid UTF-8 at byte 6"},
           {"a\xc0\xaf", "invalid UTF-8 at byte 1"},
       }) {
    for (const bool multi : {false, true}) {
      const auto decoded = PercentDecode(row.text, Unescape::kAllExceptReserved, multi);
      ASSERT_FALSE(decoded.ok()) << row.text;
      EXPECT_EQ(decoded.status().message(), row.error) << row.text;
    }
  }
}

TEST(FindInvalidUtf8, KnowsTheEdgesOfEveryLength) {
  struct Row {
    const char* text;
    size_t at;
    const char* reason;
  };
  const size_t none = absl::string_view::npos;
  for (const Row& row : {
           Row{"", none, "nothing"},
           Row{"\x7f", none, "the last of one byte"},
           Row{"\xc2\x80\xdf\xbf", none, "the first and last of two"},
           Row{"\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf", none, "three, around the surrogates"},
           Row{"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", none, "the first and last of four"},
           Row{"a\x80", 1, "a stray continuation"},
           Row{"\xc0\x80", 0, "overlong two"},
           Row{"\xc1\xbf", 0, "overlong two"},
           Row{"\xe0\x9f\xbf", 0, "overlong three"},
           Row{"\xf0\x8f\xbf\xbf", 0, "overlong four"},
           Row{"\xed\xa0\x80", 0, "surrogate"},
           Row{"\xf4\x90\x80\x80", 0, "beyond U+10FFFF"},
           Row{"\xf5\x80\x80\x80", 0, "no such first byte"},
           Row{"a\xc2", 1, "cut after one of two"},
           Row{"\xe2\x82", 0, "cut after two of three"},
           Row{"\xf0\x9f\x98", 0, "cut after three of four"},
           Row{"\xe2\x82\x41", 0, "the third is no continuation"},
           Row{"\xf0\x9f\x98\xff", 0, "the fourth is no continuation"},
           Row{"\xe2\x82\xac\xff", 3, "after a good one"},
       }) {
    EXPECT_EQ(FindInvalidUtf8(row.text), row.at) << row.reason;
  }
}

}  // namespace
}  // namespace penstock::route
