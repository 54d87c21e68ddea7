#include "gateway/http/preface.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace penstock::http {
namespace {

using Verdict = PrefaceSniffer::Verdict;

// What a session would be fed after the verdict, and the verdict.
struct Outcome {
  Verdict verdict = Verdict::kNeedMore;
  std::string replayed;
};

Outcome FeedCut(absl::string_view bytes, size_t first, size_t second) {
  PrefaceSniffer sniffer;
  Outcome outcome;
  for (const absl::string_view piece :
       {bytes.substr(0, first), bytes.substr(first, second - first), bytes.substr(second)}) {
    if (outcome.verdict == Verdict::kNeedMore) {
      outcome.verdict = sniffer.Feed(piece);
      if (outcome.verdict != Verdict::kNeedMore) outcome.replayed = std::string(sniffer.taken());
    }
    if (outcome.verdict != Verdict::kNeedMore) absl::StrAppend(&outcome.replayed, piece);
  }
  if (outcome.verdict == Verdict::kNeedMore) outcome.replayed = std::string(sniffer.taken());
  return outcome;
}

TEST(PrefaceSniffer, EveryCutGivesTheSameVerdictAndLosesNoByte) {
  const std::string preface(kHttp2Preface);
  const struct {
    std::string bytes;
    Verdict verdict;
    const char* why;
  } kRows[] = {
      {preface, Verdict::kHttp2, "the whole preface and nothing else"},
      {preface + std::string("\0\0\0\4\0\0\0\0\0", 9), Verdict::kHttp2, "frames follow in the same segment"},
      {preface.substr(0, preface.size() - 1), Verdict::kNeedMore, "all but the last byte is not yet a preface"},
      {"", Verdict::kNeedMore, "nothing came yet"},
      {preface.substr(0, preface.size() - 1) + "x", Verdict::kHttp1, "it differs in its last byte"},
      {"PRI * HTTP/1.1\r\n\r\n", Verdict::kHttp1, "a request that begins like the preface"},
      {"POST / HTTP/1.1\r\n", Verdict::kHttp1, "a method with the same first letter"},
      {"GET / HTTP/1.1\r\n", Verdict::kHttp1, "another first letter decides at once"},
      {"pri * HTTP/2.0\r\n\r\nSM\r\n\r\n", Verdict::kHttp1, "case counts"},
      {"\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Verdict::kHttp1, "an empty line may precede HTTP/1.1 only"},
      {std::string("\x16\x03\x01\x02\x00\x01", 6), Verdict::kTls, "a ClientHello"},
      {"\x16", Verdict::kTls, "one byte is enough"},
      {"P\x16", Verdict::kHttp1, "only the first byte of all can begin TLS"},
      {std::string("\x80\x2e\x01", 3), Verdict::kHttp1, "an SSLv2 hello is not spoken to"},
  };
  for (const auto& row : kRows) {
    for (size_t first = 0; first <= row.bytes.size(); ++first) {
      for (size_t second = first; second <= row.bytes.size(); ++second) {
        const Outcome outcome = FeedCut(row.bytes, first, second);
        ASSERT_EQ(outcome.verdict, row.verdict) << row.why << ", cut at " << first << " and " << second;
        ASSERT_EQ(outcome.replayed, row.bytes) << row.why << ", cut at " << first << " and " << second;
      }
    }
  }
}

}  // namespace
}  // namespace penstock::http
