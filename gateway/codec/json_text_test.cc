#include "gateway/codec/json_text.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <string>

#include "absl/strings/escaping.h"

namespace penstock::codec {
namespace {

// What `write` writes.
template <typename Write>
std::string Written(const Write& write) {
  const auto buffer = std::make_unique<JsonBuffer>();
  std::string out;
  JsonWriter json(*buffer, size_t{1} << 30, &out);
  write(json);
  EXPECT_TRUE(json.Finish());
  return out;
}

TEST(JsonTextTest, StringsAreEscapedWhereverTheySit) {
  const struct {
    const char* from;
    const char* to;
  } kRows[] = {{"\"", "\\\""},        {"\\", "\\\\"},      {"\n", "\\n"}, {"\x01", "\\u0001"}, {"\x1f", "\\u001f"},
               {"\x7f", "\x7f"},      {"/", "/"},          {"é", "é"},    {"😀", "😀"},        {"\u2028", "\\u2028"},
               {"\u2029", "\\u2029"}, {"\u2030", "\u2030"}};
  for (const auto& row : kRows) {
    for (size_t before = 0; before < 40; ++before) {
      for (const size_t after : {0, 1, 15, 16, 17, 40}) {
        const std::string text = std::string(before, 'b') + row.from + std::string(after, 'a');
        EXPECT_EQ(Written([&](JsonWriter& json) { EXPECT_TRUE(json.String(text)); }),
                  "\"" + std::string(before, 'b') + row.to + std::string(after, 'a') + "\"");
      }
    }
  }
}

// By the definition: decode each sequence, and see that it is the shortest for a character that may be encoded.
bool IsUtf8ByDefinition(const std::string& text) {
  for (size_t i = 0; i < text.size();) {
    const unsigned char lead = static_cast<unsigned char>(text[i]);
    const size_t length = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
    if (length == 0 || i + length > text.size()) return false;
    uint32_t c = length == 1 ? lead : lead & (0x7f >> length);
    for (size_t n = 1; n < length; ++n) {
      const unsigned char tail = static_cast<unsigned char>(text[i + n]);
      if (tail >> 6 != 2) return false;
      c = c << 6 | (tail & 0x3f);
    }
    static constexpr uint32_t kLowest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (c < kLowest[length] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) return false;
    i += length;
  }
  return true;
}

TEST(JsonTextTest, Utf8IsCheckedByDefinition) {
  static constexpr unsigned char kBytes[] = {0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf,
                                             0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff};
  constexpr size_t kCount = sizeof kBytes;
  for (size_t n = 0; n < kCount * kCount * kCount * kCount; ++n) {
    std::string text;
    for (size_t rest = n, i = 0; i < 4; ++i, rest /= kCount) text.push_back(static_cast<char>(kBytes[rest % kCount]));
    ASSERT_EQ(Utf8Prefix(text) == text.size(), IsUtf8ByDefinition(text)) << absl::CHexEscape(text);
  }
}

TEST(JsonTextTest, RefusesStringsThatAreNotUtf8WhereverTheyBreak) {
  for (size_t before = 0; before < 40; ++before) {
    for (const char* broken : {"\xff", "\xc3", "\xe2\x80", "\xf0\x9f\x98", "\xed\xa0\x80"}) {
      const std::string text = std::string(before, 'b') + broken;
      EXPECT_EQ(Utf8Prefix(text), before);
      Written([&](JsonWriter& json) { EXPECT_FALSE(json.String(text)) << before; });
    }
  }
}

TEST(JsonTextTest, Base64OfEveryLength) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(Written([&](JsonWriter& json) { json.Base64(bytes); }), "\"" + absl::Base64Escape(bytes) + "\"");
    bytes.push_back(static_cast<char>(i * 7));
  }
}

TEST(JsonTextTest, NumbersReadBackAsTheSame) {
  const uint64_t seed = std::random_device{}();
  std::mt19937_64 random(seed);
  for (int i = 0; i < 200000; ++i) {
    const uint64_t bits = random();
    double real;
    std::memcpy(&real, &bits, sizeof real);
    float single;
    std::memcpy(&single, &bits, sizeof single);
    if (real == real && real - real == 0) {
      ASSERT_EQ(std::strtod(Written([&](JsonWriter& json) { json.Double(real); }).c_str(), nullptr), real) << seed;
    }
    if (single == single && single - single == 0) {
      ASSERT_EQ(std::strtof(Written([&](JsonWriter& json) { json.Float(single); }).c_str(), nullptr), single) << seed;
    }
  }
}

TEST(JsonTextTest, PaddedTextOfEveryLength) {
  for (size_t size = 1; size < 3000; size = size * 3 / 2 + 1) {
    const std::string text = "," + std::string(size, 'k');
    const PaddedText padded(text);
    EXPECT_EQ(Written([&](JsonWriter& json) { json.Padded(padded); }), text);
    EXPECT_EQ(Written([&](JsonWriter& json) { json.Padded(padded, 1); }), text.substr(1));
  }
}

TEST(JsonTextTest, NothingIsLostAtTheBuffersEnd) {
  const std::string piece = "0123456789é\n";
  std::string expected;
  const std::string written = Written([&](JsonWriter& json) {
    for (int i = 0; i < 30000; ++i) {
      json.Integer(i);
      EXPECT_TRUE(json.String(piece));
      expected += std::to_string(i) + "\"0123456789é\\n\"";
    }
  });
  EXPECT_EQ(written, expected);
}

TEST(JsonTextTest, StopsAtTheLimit) {
  const auto buffer = std::make_unique<JsonBuffer>();
  for (const size_t limit : {0, 9, 10}) {
    std::string out;
    JsonWriter json(*buffer, limit, &out);
    json.Raw("0123456789");
    EXPECT_EQ(json.Finish(), limit == 10);
    EXPECT_LE(out.size(), limit);
  }
}

}  // namespace
}  // namespace penstock::codec
