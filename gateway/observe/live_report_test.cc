#include "gateway/observe/live_report.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace penstock::observe {
namespace {

TEST(LiveReport, NothingIsAnEmptyList) { EXPECT_EQ(PrintLiveReport({}), "{\"total\":0,\"streams\":[]}\n"); }

TEST(LiveReport, OldestFirstAndWhateverAClientSaysIsText) {
  LiveReport report;
  report.total = 1;
  report.entries.push_back({"GET", "", "HTTP/1.1", "10.0.0.1:1", absl::Milliseconds(1500), 0, 0, 0});
  LiveReport other;
  other.total = 1;
  other.entries.push_back({"P\"\n", "/v1/{a=*}", "HTTP/2", "[::1]:2", absl::Hours(2), 7, 900, 64});
  report.Add(std::move(other));
  EXPECT_EQ(PrintLiveReport(std::move(report)),
            "{\"total\":2,\"streams\":[\n"
            "{\"method\":\"P\\\"\\n\",\"route\":\"/v1/{a=*}\",\"protocol\":\"HTTP/2\",\"peer\":\"[::1]:2\","
            "\"age_seconds\":7200.000,\"records\":7,\"bytes\":900,\"held_bytes\":64},\n"
            "{\"method\":\"GET\",\"route\":\"\",\"protocol\":\"HTTP/1.1\",\"peer\":\"10.0.0.1:1\","
            "\"age_seconds\":1.500,\"records\":0,\"bytes\":0,\"held_bytes\":0}]}\n");
}

TEST(LiveReport, TheListIsBoundedAndTheCountIsNot) {
  LiveReport report;
  report.total = 5000;
  for (int i = 0; i < 3000; ++i) {
    LiveEntry entry;
    entry.peer = absl::StrCat("peer", i);
    entry.age = absl::Seconds(i);
    report.entries.push_back(entry);
  }
  const std::string json = PrintLiveReport(std::move(report));
  EXPECT_EQ(json.rfind("{\"total\":5000,", 0), 0u);
  const std::vector<std::string> lines = absl::StrSplit(json, '\n', absl::SkipEmpty());
  ASSERT_EQ(lines.size(), 1 + LiveReport::kMostEntries);
  EXPECT_NE(lines[1].find("\"peer2999\""), std::string::npos) << lines[1];
}

}  // namespace
}  // namespace penstock::observe
