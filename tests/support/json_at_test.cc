#include "tests/support/json_at.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::testing {
namespace {

using ::testing::StartsWith;

TEST(JsonAt, FindsValues) {
  constexpr char kText[] = R"( {"error": {"code": 14, "details": [{"@type": "a"}, {}]}} )";
  EXPECT_EQ(JsonAt(kText, "/error/code"), "14");
  EXPECT_EQ(JsonAt(kText, "/error/details/0/@type"), "\"a\"");
  EXPECT_EQ(JsonStringAt(kText, "/error/details/0/@type"), "a");
  EXPECT_EQ(JsonAt(kText, "/error/details/1"), "{}");
  EXPECT_EQ(JsonAt(kText, "/error/details/2"), "");
  EXPECT_EQ(JsonAt(kText, "/end"), "");
  EXPECT_EQ(JsonStringAt(R"({"a":"\u00e9\n"})", "/a"), "\xc3\xa9\n");
}

TEST(JsonAt, RefusesWhatIsNotJson) {
  for (const char* text : {"", "{", "{'a':1}", "{\"a\":1,}", "{} {}", "{\"a\":\"\xff\"}", "{\"a\":\"\n\"}"}) {
    EXPECT_THAT(JsonAt(text, ""), StartsWith("not JSON")) << text;
  }
}

}  // namespace
}  // namespace penstock::testing
