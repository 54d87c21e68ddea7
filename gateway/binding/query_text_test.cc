#include "gateway/binding/query_text.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock::binding {
namespace {

TEST(QueryTextTest, TakesPartsApart) {
  absl::string_view query = "a=1&&b&=c=d&";
  std::string seen;
  while (!query.empty()) {
    const QueryPair pair = SplitQueryPair(TakeQueryPart(&query));
    seen += std::string(pair.name) + ":" + std::string(pair.value) + " ";
  }
  EXPECT_EQ(seen, "a:1 : b: :c=d ");
}

TEST(QueryTextTest, Decodes) {
  const struct {
    const char* text;
    absl::string_view decoded;
    size_t fault;
    const char* reason;
  } kRows[] = {
      {"a+b%20c%2B%C3%a9", "a b c+\xc3\xa9", absl::string_view::npos, "plus and percent, either case"},
      {"%00", absl::string_view("\0", 1), absl::string_view::npos, "NUL"},
      {"ab%", "", 2, "a lone percent"},
      {"ab%4", "", 2, "half an escape"},
      {"ab%4g", "", 2, "no hex digit"},
      {"%41%zz", "", 3, "the second of two"},
  };
  for (const auto& row : kRows) {
    std::string decoded = "kept ";
    EXPECT_EQ(AppendDecoded(row.text, &decoded), row.fault) << row.reason;
    EXPECT_EQ(decoded, "kept " + std::string(row.decoded)) << row.reason;
  }
}

}  // namespace
}  // namespace penstock::binding
