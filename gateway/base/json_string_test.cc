#include "gateway/base/json_string.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

std::string Json(absl::string_view text) {
  std::string out;
  AppendJsonString(text, &out);
  return out;
}

TEST(JsonString, EscapesWhatJsonMustAndWhatATerminalWouldActOn) {
  struct Row {
    absl::string_view text;
    const char* expected;
    const char* why;
  };
  for (const Row& row : {
           Row{"", "\"\"", "empty"},
           Row{"plain", "\"plain\"", "nothing to escape"},
           Row{"a\"b\\c", "\"a\\\"b\\\\c\"", "quote and backslash"},
           Row{"a\nb", "\"a\\nb\"", "one line stays one line"},
           Row{absl::string_view("a\0b", 3), "\"a\\u0000b\"", "NUL"},
           Row{"\x1b[2J\x7f", "\"\\u001b[2J\\u007f\"", "terminal control"},
           Row{"\xc2\x85", "\"\\u0085\"", "C1 control"},
           Row{"\xe2\x80\xa8\xe2\x80\xa9", "\"\\u2028\\u2029\"", "line separators"},
           Row{"h\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\"h\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"", "UTF-8 as it is"},
           Row{"\xff", "\"\\ufffd\"", "no UTF-8"},
           Row{"\xc0\x80", "\"\\ufffd\\ufffd\"", "overlong"},
           Row{"\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"", "surrogate"},
           Row{"\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"", "above U+10FFFF"},
           Row{"a\xe2\x82", "\"a\\ufffd\\ufffd\"", "cut short"},
       }) {
    EXPECT_EQ(Json(row.text), row.expected) << row.why;
  }
}

}  // namespace
}  // namespace penstock
