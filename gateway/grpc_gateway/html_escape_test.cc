#include "gateway/grpc_gateway/html_escape.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock::grpc_gateway {
namespace {

TEST(HtmlEscapeTest, EscapesWhatHtmlReads) {
  const struct {
    const char* from;
    const char* to;
    const char* reason;
  } kRows[] = {
      {"", "", "nothing"},
      {R"({"a":1})", R"({"a":1})", "nothing to escape"},
      {R"("<")", R"("\u003c")", "less than"},
      {R"(">")", R"("\u003e")", "greater than"},
      {R"("&")", R"("\u0026")", "ampersand"},
      {R"({"<b>&":"é<>&&x"})", R"({"\u003cb\u003e\u0026":"é\u003c\u003e\u0026\u0026x"})", "keys and runs"},
      {R"("\\<\"")", R"("\\\u003c\"")", "behind a backslash that is escaped itself"},
      {"&", "\\u0026", "first and last byte"},
  };
  for (const auto& row : kRows) {
    std::string json = row.from;
    EscapeHtml(0, &json);
    EXPECT_EQ(json, row.to) << row.reason;
  }
}

TEST(HtmlEscapeTest, LeavesAloneWhatStandsBefore) {
  std::string json = "<&>\"<\"";
  EscapeHtml(3, &json);
  EXPECT_EQ(json, "<&>\"\\u003c\"");
  EscapeHtml(json.size(), &json);
  EXPECT_EQ(json, "<&>\"\\u003c\"");
}

}  // namespace
}  // namespace penstock::grpc_gateway
