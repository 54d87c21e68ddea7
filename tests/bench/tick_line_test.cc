#include "tests/bench/tick_line.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace penstock::bench {
namespace {

constexpr char kTick[] =
    R"({"type":"tick","id":"1207","data":{"time":"2026-11-22T15:31:04.362719363Z","message":"hello","sequence":"1207"}})";

TEST(TickLine, TellsTheKindsApart) {
  EXPECT_EQ(KindOf(kTick), LineKind::kTick);
  EXPECT_EQ(KindOf(absl::StrCat("   ", kTick)), LineKind::kTick) << "heartbeats come before a line";
  EXPECT_EQ(KindOf(R"({"end":{"code":0}})"), LineKind::kEnd);
  EXPECT_EQ(KindOf(R"({"error":{"code":14}})"), LineKind::kError);
  EXPECT_EQ(KindOf(""), LineKind::kOther);
  EXPECT_EQ(KindOf("   "), LineKind::kOther);
}

TEST(TickLine, ReadsTheSequence) {
  EXPECT_EQ(SequenceOf(kTick), 1207u);
  EXPECT_EQ(SequenceOf(R"({"data":{"message":"\"sequence\":\"5\"}}","sequence":"6"}})"), 6u) << "the last one counts";
  EXPECT_EQ(SequenceOf(R"({"data":{"sequence":""}})"), absl::nullopt) << "no digit";
  EXPECT_EQ(SequenceOf(R"({"data":{"number":"5"}})"), absl::nullopt) << "another key";
  EXPECT_EQ(SequenceOf(R"({"data":{"sequence":"5"})"), absl::nullopt) << "cut";
}

TEST(TickLine, ReadsTheTimeAsAbslDoes) {
  for (const char* text : {"1970-01-01T00:00:00Z", "2000-02-29T23:59:59.5Z", "2026-11-22T15:31:04.362719363Z",
                           "2100-03-01T00:00:00.000001Z", "2026-01-01T00:00:00.120Z"}) {
    absl::Time time;
    std::string error;
    ASSERT_TRUE(absl::ParseTime(absl::RFC3339_full, text, &time, &error)) << error;
    EXPECT_EQ(TimeOf(absl::StrCat(R"({"data":{"time":")", text, R"("}})")), absl::ToUnixNanos(time)) << text;
  }
}

TEST(TickLine, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "2026", "2026-11-22", "2026-11-22T15:31:04", "2026-11-22T15:31:04+01:00", "x026-11-22"}) {
    EXPECT_EQ(TimeOf(absl::StrCat(R"({"time":")", text)), absl::nullopt) << text;
  }
}

}  // namespace
}  // namespace penstock::bench
