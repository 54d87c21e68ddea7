// gRPC's message framing (gRPC over HTTP/2, "Length-Prefixed-Message"): one flag byte, four bytes of length, the
// message.
//
// Sans I/O: feed what arrived, however it is cut; whole messages come out. A message that lies whole in the input is
// handed on where it lies; only a cut one is copied, into a buffer that lives until it is complete.
//
//   GrpcDeframer deframer;
//   if (deframer.Feed(chunk, max_message_bytes, sink) == GrpcDeframer::Result::kTooLarge) ...
#ifndef PENSTOCK_GATEWAY_UPSTREAM_GRPC_FRAMES_H_
#define PENSTOCK_GATEWAY_UPSTREAM_GRPC_FRAMES_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace penstock::upstream {

// Bytes before each message.
inline constexpr size_t kFramePrefixBytes = 5;

// Appends `message` with its prefix, uncompressed. REQUIRES: below 4 GiB.
void AppendFrame(absl::string_view message, std::string* out);

// One direction of one stream. About 48 bytes while no message is cut.
class GrpcDeframer {
 public:
  // Hears of messages. Every byte fed is reported exactly once as window, prefixes included. Both calls return
  // whether to go on; after false the deframer is not touched again, so it may have been destroyed.
  class Sink {
   public:
    virtual ~Sink() = default;
    // A whole message, valid during the call. `window`: bytes of it (and its prefix) that this Feed brought.
    virtual bool OnFrame(absl::string_view message, size_t window) = 0;
    // This Feed ended inside a message, or a prefix, of which it brought `window` bytes.
    virtual bool OnPartialFrame(size_t window) = 0;
  };

  enum class Result {
    kOk,
    kStopped,     // the sink said so
    kCompressed,  // a compressed message, though no encoding was offered (→ INTERNAL)
    kTooLarge,    // a message longer than allowed (→ RESOURCE_EXHAUSTED); announced_length() says how long
  };

  // After anything but kOk, feed no more. What follows a bad prefix is not reported.
  Result Feed(absl::string_view data, size_t max_message_bytes, Sink& sink);

  // Inside a message or a prefix: an end here means that the message was cut.
  bool inside_message() const { return prefix_size_ != 0; }

  // Of the message that was refused, or is being received.
  uint32_t announced_length() const { return length_; }

 private:
  Result ReadPrefix(size_t max_message_bytes);

  std::string partial_;  // the bytes so far of a message that was cut
  uint32_t length_ = 0;
  uint8_t prefix_size_ = 0;
  unsigned char prefix_[kFramePrefixBytes] = {};
};

}  // namespace penstock::upstream

#endif  // PENSTOCK_GATEWAY_UPSTREAM_GRPC_FRAMES_H_
