#include "gateway/upstream/metadata.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock::upstream {
namespace {

TEST(MetadataTest, ToWireSendsOnlyWhatMayBeSent) {
  struct Row {
    const char* why;
    Metadata in;
    Metadata out;
  };
  const Row rows[] = {
      {"plain", {{"x-user", "ann"}}, {{"x-user", "ann"}}},
      {"order and repeats stay", {{"b", "1"}, {"a", "2"}, {"b", "3"}}, {{"b", "1"}, {"a", "2"}, {"b", "3"}}},
      {"bytes in base64, unpadded", {{"t-bin", std::string("\0\1", 2)}}, {{"t-bin", "AAE"}}},
      {"no bytes at all", {{"t-bin", ""}}, {{"t-bin", ""}}},
      {"pseudo-header fields say who is asked", {{":path", "/other"}}, {}},
      {"grpc-* is the protocol", {{"grpc-timeout", "1H"}, {"grpc-encoding", "gzip"}}, {}},
      {"but grpcgateway-* is not", {{"grpcgateway-user-agent", "curl"}}, {{"grpcgateway-user-agent", "curl"}}},
      {"one hop only",
       {{"connection", "close"}, {"te", "gzip"}, {"transfer-encoding", "chunked"}, {"upgrade", "h"}},
       {}},
      {"ours", {{"host", "x"}, {"content-type", "x"}, {"content-length", "9"}, {"user-agent", "x"}}, {}},
      {"upper case is malformed in HTTP/2", {{"X-User", "ann"}}, {}},
      {"a name with space, or none", {{"a b", "1"}, {"", "2"}}, {}},
      {"control characters would split fields", {{"a", "1\r\nb: 2"}, {"c", std::string("\0", 1)}}, {}},
      {"beyond ASCII needs -bin", {{"a", "\xC3\xA9"}}, {}},
      {"one that is left out takes no other along", {{"a", "\n"}, {"b", "2"}}, {{"b", "2"}}},
      {"space around a value is not part of it", {{"a", "  1 "}}, {{"a", "1"}}},
  };
  for (const Row& row : rows) EXPECT_EQ(ToWire(row.in), row.out) << row.why;
}

TEST(MetadataTest, AppendFromWireDecodesAndFilters) {
  struct Row {
    const char* why;
    const char* name;
    const char* value;
    Metadata out;
  };
  const Row rows[] = {
      {"plain", "x-request", "7", {{"x-request", "7"}}},
      {"a comma is part of a plain value", "x-list", "a, b", {{"x-list", "a, b"}}},
      {"unpadded", "t-bin", "AAE", {{"t-bin", std::string("\0\1", 2)}}},
      {"padded", "t-bin", "AAE=", {{"t-bin", std::string("\0\1", 2)}}},
      {"joined by commas, padded or not",
       "t-bin",
       "AAE=,YWI, YQ",
       {{"t-bin", std::string("\0\1", 2)}, {"t-bin", "ab"}, {"t-bin", "a"}}},
      {"no base64", "t-bin", "A*E=", {}},
      {"an impossible length", "t-bin", "A", {}},
      {"the good one of two", "t-bin", "?,YQ==", {{"t-bin", "a"}}},
      {"the protocol's own", "grpc-encoding", "gzip", {}},
      {"content-type", "content-type", "application/grpc", {}},
      {"beyond ASCII", "a", "\xC3\xA9", {}},
  };
  for (const Row& row : rows) {
    Metadata metadata;
    AppendFromWire(row.name, row.value, &metadata);
    EXPECT_EQ(metadata, row.out) << row.why;
  }
}

TEST(MetadataTest, BinaryValuesComeBackAsTheyWere) {
  for (int size = 0; size < 8; ++size) {
    std::string bytes;
    for (int i = 0; i < size; ++i) bytes.push_back(static_cast<char>(255 - 37 * i));
    const Metadata in = {{"x-bin", bytes}};
    Metadata out;
    for (const auto& [name, value] : ToWire(in)) AppendFromWire(name, value, &out);
    EXPECT_EQ(out, in) << size;
  }
}

TEST(MetadataTest, TimeoutHasEightDigitsAndRoundsUp) {
  struct Row {
    absl::Duration left;
    const char* text;
  };
  const Row rows[] = {
      {absl::Nanoseconds(1), "1n"},
      {absl::ZeroDuration(), "1n"},
      {absl::Seconds(-3), "1n"},
      {absl::Nanoseconds(99'999'999), "99999999n"},
      {absl::Nanoseconds(100'000'000), "100000u"},
      {absl::Nanoseconds(100'000'001), "100001u"},
      {absl::Seconds(30), "30000000u"},
      {absl::Seconds(100), "100000m"},
      {absl::Hours(24), "86400000m"},
      {absl::Hours(24 * 365), "31536000S"},
      {absl::Hours(24 * 365 * 100), "52560000M"},
      {absl::Hours(24 * 365 * 250), "2190000H"},
  };
  for (const Row& row : rows) EXPECT_EQ(EncodeTimeout(row.left), row.text) << row.left;
}

TEST(MetadataTest, PercentDecodeKeepsWhatIsNoEscape) {
  struct Row {
    const char* in;
    std::string out;
  };
  const Row rows[] = {
      {"", ""},     {"plain", "plain"}, {"a%20b", "a b"}, {"%e2%82%AC", "\xE2\x82\xAC"}, {"100%", "100%"},
      {"%2", "%2"}, {"%zz1", "%zz1"},   {"%%41", "%A"},   {"%00", std::string(1, '\0')},
  };
  for (const Row& row : rows) EXPECT_EQ(PercentDecode(row.in), row.out) << row.in;
}

}  // namespace
}  // namespace penstock::upstream
