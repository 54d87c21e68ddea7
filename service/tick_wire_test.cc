#include "service/tick_wire.h"

#include <cstdint>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "penstock/tick/v1/tick.pb.h"

namespace penstock::service {
namespace {

std::string Bytes(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> pieces;
  EXPECT_TRUE(buffer.Dump(&pieces).ok());
  std::string bytes;
  for (const grpc::Slice& piece : pieces) bytes.append(reinterpret_cast<const char*>(piece.begin()), piece.size());
  return bytes;
}

// libprotobuf writes the same bytes: fields in order, defaults left out.
TEST(TickWireTest, WritesWhatProtobufWrites) {
  const size_t border = TickText::kMaxCopiedBytes;
  const size_t sizes[] = {0,          1,          60,     127,        128,    129,   border - 4,
                          border - 3, border - 2, border, border + 1, 16'384, 65'536};
  const int64_t times[] = {0, 1, 999'999'999, 1'000'000'000, 1'700'000'000'123'456'789, INT64_MAX};
  const uint64_t sequences[] = {1, 127, 128, 1'000'000, ~uint64_t{0}};
  for (const size_t size : sizes) {
    const std::string message(size, 'm');
    const TickText text(message);
    for (const int64_t time : times) {
      for (const uint64_t sequence : sequences) {
        grpc::ByteBuffer buffer;
        bool own = false;
        const WireTick tick{&text, time, sequence};
        ASSERT_TRUE(grpc::SerializationTraits<WireTick>::Serialize(tick, &buffer, &own).ok());
        EXPECT_TRUE(own);
        penstock::tick::v1::Tick expected;
        expected.mutable_time()->set_seconds(time / 1'000'000'000);
        expected.mutable_time()->set_nanos(static_cast<int32_t>(time % 1'000'000'000));
        expected.set_message(message);
        expected.set_sequence(sequence);
        ASSERT_EQ(Bytes(buffer), expected.SerializeAsString()) << size << " bytes at " << time << ", " << sequence;
      }
    }
  }
}

TEST(TickWireTest, WhatWasWrittenOutlivesTheText) {
  for (const size_t size : {size_t{10}, TickText::kMaxCopiedBytes * 4}) {
    grpc::ByteBuffer buffer;
    TickText(std::string(size, 'z')).Encode(5, 1, &buffer);
    penstock::tick::v1::Tick tick;
    ASSERT_TRUE(tick.ParseFromString(Bytes(buffer)));
    EXPECT_EQ(tick.message(), std::string(size, 'z'));
  }
}

}  // namespace
}  // namespace penstock::service
