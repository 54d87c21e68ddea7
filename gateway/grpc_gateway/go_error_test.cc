#include "gateway/grpc_gateway/go_error.h"

#include <gtest/gtest.h>

namespace penstock::grpc_gateway {
namespace {

TEST(GoQuoteTest, EscapesAsStrconvDoes) {
  const struct {
    absl::string_view text;
    const char* quoted;
    const char* reason;
  } kRows[] = {
      {"", R"("")", "nothing"},
      {"a b", R"("a b")", "plain"},
      {"\"\\", R"("\"\\")", "quote and backslash"},
      {"\a\b\f\n\r\t\v", R"("\a\b\f\n\r\t\v")", "the short escapes"},
      {absl::string_view("\0\x1f\x7f", 3), R"("\x00\x1f\x7f")", "other control characters"},
      {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"", "what is printable stays"},
      {"\xc2\x85\xc2\xa0\xc2\xad", R"("\u0085\u00a0\u00ad")", "what is not visible"},
      {"\xe2\x80\xa8\xe3\x80\x80\xef\xbb\xbf", R"("\u2028\u3000\ufeff")", "further up, too"},
      {"\xff\xc3", R"("\xff\xc3")", "not UTF-8"},
      {"\xed\xa0\x80", R"("\xed\xa0\x80")", "half a surrogate pair"},
  };
  for (const auto& row : kRows) EXPECT_EQ(GoQuote(row.text), row.quoted) << row.reason;
}

TEST(GoTimeQuoteTest, EscapesAsPackageTimeDoes) {
  EXPECT_EQ(GoTimeQuote("1\"\\"), R"("1\"\\")") << "quote and backslash";
  EXPECT_EQ(GoTimeQuote("\n\xc2\xb5\x7f"), "\"\\x0a\\xc2\\xb5\x7f\"") << "bytes, but not DEL";
}

}  // namespace
}  // namespace penstock::grpc_gateway
