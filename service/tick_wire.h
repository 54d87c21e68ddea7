// A penstock.tick.v1.Tick as bytes, written without a Tick object: of a stream's ticks only time and sequence differ,
// so the message field is encoded once a stream and copied (or, when long, referred to).
//
// gRPC serialises through grpc::SerializationTraits, so a WireTick is written like any message:
//
//   TickText text(request.message());
//   grpc::ServerAsyncWriter<WireTick> writer(&context);
//   writer.Write(WireTick{&text, absl::GetCurrentTimeNanos(), sequence}, tag);
//
// A TickText is immutable; what was written from it may outlive it.
#ifndef PENSTOCK_SERVICE_TICK_WIRE_H_
#define PENSTOCK_SERVICE_TICK_WIRE_H_

#include <grpcpp/impl/serialization_traits.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>
#include <grpcpp/support/status.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace penstock::service {

// The `message` field of a stream's ticks, encoded.
class TickText {
 public:
  // Up to here a tick is one piece of memory; a longer field is referred to rather than copied for each tick.
  static constexpr size_t kMaxCopiedBytes = 1024;

  TickText() = default;
  explicit TickText(const std::string& message);

  // Makes `buffer` a tick that says this text. `unix_nanos` is not before 1970.
  void Encode(int64_t unix_nanos, uint64_t sequence, grpc::ByteBuffer* buffer) const;

 private:
  std::string field_;   // tag, length and text where they are short; empty for an empty message
  grpc::Slice shared_;  // the same where they are long
};

// One tick to be written.
struct WireTick {
  const TickText* text;
  int64_t unix_nanos;
  uint64_t sequence;
};

}  // namespace penstock::service

template <>
class grpc::SerializationTraits<penstock::service::WireTick, void> {
 public:
  static grpc::Status Serialize(const penstock::service::WireTick& tick, grpc::ByteBuffer* buffer, bool* own_buffer) {
    tick.text->Encode(tick.unix_nanos, tick.sequence, buffer);
    *own_buffer = true;
    return grpc::Status();
  }
};

#endif  // PENSTOCK_SERVICE_TICK_WIRE_H_
