#include "gateway/codec/json_values.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace penstock::codec {
namespace {

using Result = JsonValues::Result;

// The values of a body that arrives cut as told, each in "<>", then how it ended: "" for well.
std::string Split(const std::vector<absl::string_view>& pieces, size_t max = 100) {
  JsonValues values(max);
  std::string all;
  absl::string_view value;
  const auto take = [&](Result result) {
    if (result == Result::kValue) absl::StrAppend(&all, "<", value, ">");
    if (result == Result::kTooLong) absl::StrAppend(&all, "too long at ", values.offset());
    if (result == Result::kMalformed) absl::StrAppend(&all, "malformed at ", values.offset());
    return result == Result::kValue;
  };
  for (absl::string_view piece : pieces) {
    Result result;
    do result = values.Next(&piece, &value);
    while (take(result));
    if (result != Result::kNeedMore) return all;
    EXPECT_EQ(piece, "") << "a piece must be used up before more is asked for";
  }
  take(values.End(&value));
  return all;
}

struct Row {
  const char* why;
  const char* body;
  const char* expected;
};

constexpr Row kRows[] = {
    {"nothing", "", ""},
    {"only white space", " \r\n\t", ""},
    {"one object", R"({"a":1})", R"(<{"a":1}>)"},
    {"newline-separated", "{}\n{}\n", "<{}><{}>"},
    {"concatenated", "{}[]{}", "<{}><[]><{}>"},
    {"nested", R"({"a":{"b":[{},[]]}}{})", R"(<{"a":{"b":[{},[]]}}><{}>)"},
    {"brackets in a string do not count", R"({"}":"]{"}{})", R"(<{"}":"]{"}><{}>)"},
    {"an escaped quote does not end a string", R"({"\"}":"\\"}{})", R"(<{"\"}":"\\"}><{}>)"},
    {"a string is a value", R"("a\"b" "c")", R"(<"a\"b"><"c">)"},
    {"numbers and literals end at white space", "1 -2.5e3\ntrue null", "<1><-2.5e3><true><null>"},
    {"a number ends where a bracket begins", "1{}2[]", "<1><{}><2><[]>"},
    {"a literal ends where a string begins", R"(true"x")", R"(<true><"x">)"},
    {"nonsense is one value, for the reader to refuse", "{nope}} ", "<{nope}>malformed at 6"},
    {"white space inside stays", "{ \n } ", "<{ \n }>"},
    {"a comma between values", "{},{}", "<{}>malformed at 2"},
    {"a closing bracket where a value begins", "]", "malformed at 0"},
    {"cut inside an object", R"({"a":)", "malformed at 5"},
    {"cut inside a string", R"({} "ab)", "<{}>malformed at 6"},
};

TEST(JsonValues, SplitsWhateverTheCuts) {
  for (const Row& row : kRows) {
    const absl::string_view body = row.body;
    EXPECT_EQ(Split({body}), row.expected) << row.why;
    for (size_t cut = 0; cut <= body.size(); ++cut) {
      EXPECT_EQ(Split({body.substr(0, cut), body.substr(cut)}), row.expected) << row.why << ", cut at " << cut;
    }
    std::vector<absl::string_view> bytes;
    for (size_t i = 0; i < body.size(); ++i) bytes.push_back(body.substr(i, 1));
    EXPECT_EQ(Split(bytes), row.expected) << row.why << ", byte by byte";
  }
}

TEST(JsonValues, AValueIsBoundedAndABodyIsNot) {
  const std::string ten = "[123456789]";
  std::string body;
  for (int i = 0; i < 100; ++i) body += ten;
  EXPECT_EQ(Split({body}, ten.size()).size(), 100 * (ten.size() + 2));
  EXPECT_EQ(Split({"{} ", "[12345", "67890]"}, 11), "<{}>too long at 3") << "what came in pieces counts as one";
  EXPECT_EQ(Split({std::string(200, '1')}, 11), "too long at 0");
  EXPECT_EQ(Split({" \n", std::string(200, ' '), "1"}, 11), "<1>") << "white space is no part of a value";
}

TEST(JsonValues, AWholeValueIsNotCopied) {
  JsonValues values(100);
  const std::string body = "{}{}";
  absl::string_view input = body;
  absl::string_view value;
  ASSERT_EQ(values.Next(&input, &value), Result::kValue);
  EXPECT_EQ(value.data(), body.data());
  ASSERT_EQ(values.Next(&input, &value), Result::kValue);
  EXPECT_EQ(value.data(), body.data() + 2);
  EXPECT_EQ(values.offset(), 2u);
}

}  // namespace
}  // namespace penstock::codec
