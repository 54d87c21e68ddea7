#include "gateway/codec/wire.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace penstock::codec {
namespace {

std::string Varint(uint64_t value) {
  std::string wire;
  AppendVarint(value, &wire);
  return wire;
}

TEST(WireTest, VarintsComeBackAndEveryShorterCutIsRefused) {
  std::vector<uint64_t> values = {0, 1, 127, 128, 300, UINT32_MAX, std::numeric_limits<uint64_t>::max()};
  for (int bit = 0; bit < 64; ++bit) values.push_back(uint64_t{1} << bit);
  for (const uint64_t value : values) {
    const std::string wire = Varint(value);
    EXPECT_EQ(wire.size(), VarintSize(value));
    uint64_t read = 0;
    WireReader whole(wire);
    EXPECT_TRUE(whole.ReadVarint(&read));
    EXPECT_EQ(read, value);
    EXPECT_TRUE(whole.AtEnd());
    for (size_t cut = 0; cut < wire.size(); ++cut) {
      WireReader reader(absl::string_view(wire).substr(0, cut));
      EXPECT_FALSE(reader.ReadVarint(&read)) << value << " cut at " << cut;
    }
  }
}

TEST(WireTest, RefusesWhatBreaksTheFormat) {
  const struct {
    std::string wire;
    const char* reason;
  } kRows[] = {
      {std::string(11, '\x80'), "a varint of eleven bytes"},
      {std::string("\0", 1), "field number 0"},
      {"\x07\x01", "field number 0 with a wire type"},
      {"\x0e", "wire type 6"},
      {"\x0f", "wire type 7"},
      {"\x0c", "an end without a group"},
      {"\x0b", "a group without an end"},
      {"\x0b\x14", "a group with another group's end"},
      {"\x0b\x13\x0c\x14", "groups that cross"},
      {"\x0a\x05hell", "a length beyond the end"},
      {"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "a length near 2^64"},
      {"\x09\x01\x02\x03\x04\x05\x06\x07", "seven bytes of eight"},
      {"\x0d\x01\x02\x03", "three bytes of four"},
      {Varint(uint64_t{1} << 35), "a tag beyond 32 bits"},
      {std::string(200, '\x0b') + std::string(200, '\x0c'), "groups nested too deeply"},
  };
  for (const auto& row : kRows) {
    WireReader reader(row.wire);
    uint32_t tag;
    EXPECT_FALSE(reader.ReadTag(&tag) && reader.Skip(tag)) << row.reason;
  }
}

TEST(WireTest, GroupsAreReadWhole) {
  const std::string wire = "\x0b\x08\x05\x13\x14\x0c\x10\x01";
  WireReader reader(wire);
  uint32_t tag;
  absl::string_view group;
  ASSERT_TRUE(reader.ReadTag(&tag));
  ASSERT_TRUE(reader.ReadGroup(TagNumber(tag), &group));
  EXPECT_EQ(group, "\x08\x05\x13\x14");
  EXPECT_EQ(reader.position(), wire.data() + 6);
}

TEST(WireTest, LengthsAreFilledInHoweverLong) {
  for (const size_t size : {0, 1, 127, 128, 16383, 16384, 3000000}) {
    std::string wire = "before";
    const size_t start = BeginLengthDelimited(&wire);
    wire.append(size, 'x');
    EndLengthDelimited(start, &wire);
    WireReader reader(absl::string_view(wire).substr(6));
    absl::string_view bytes;
    ASSERT_TRUE(reader.ReadBytes(&bytes));
    EXPECT_EQ(bytes, std::string(size, 'x'));
    EXPECT_TRUE(reader.AtEnd());
  }
}

TEST(WireTest, ZigZagAndFixedComeBack) {
  for (const int64_t value : {std::numeric_limits<int64_t>::min(), int64_t{-1}, int64_t{0}, int64_t{1},
                              std::numeric_limits<int64_t>::max()}) {
    EXPECT_EQ(ZigZagDecode64(ZigZagEncode64(value)), value);
    const int32_t half = static_cast<int32_t>(value);
    EXPECT_EQ(ZigZagDecode32(ZigZagEncode32(half)), half);
    std::string wire;
    AppendFixed64(static_cast<uint64_t>(value), &wire);
    AppendFixed32(static_cast<uint32_t>(half), &wire);
    WireReader reader(wire);
    uint64_t eight = 0;
    uint32_t four = 0;
    EXPECT_TRUE(reader.ReadFixed64(&eight) && reader.ReadFixed32(&four) && reader.AtEnd());
    EXPECT_EQ(eight, static_cast<uint64_t>(value));
    EXPECT_EQ(four, static_cast<uint32_t>(half));
  }
  EXPECT_EQ(ZigZagEncode32(-1), 1u);
  EXPECT_EQ(ZigZagEncode64(1), 2u);
}

}  // namespace
}  // namespace penstock::codec
