// gRPC's framing: the result does not depend on how the input is split, every byte is accounted for once, and at most
// one message is buffered.
//
// Input: the largest message, a seed for the splits, then the bytes.
#include <string>
#include <vector>

#include "gateway/upstream/grpc_frames.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/input.h"

namespace penstock::fuzz {
namespace {

using upstream::GrpcDeframer;
using upstream::kFramePrefixBytes;
using Result = GrpcDeframer::Result;

struct Heard {
  Result result = Result::kOk;
  std::vector<std::string> messages;
  size_t window = 0;
  bool inside = false;
};

class Sink final : public GrpcDeframer::Sink {
 public:
  Sink(Heard& heard, size_t stop_after) : heard_(heard), stop_after_(stop_after) {}
  bool OnFrame(absl::string_view message, size_t window) override {
    FUZZ_EXPECT(!stopped_, "a message after the sink said no");
    heard_.messages.emplace_back(message);
    heard_.window += window;
    stopped_ = heard_.messages.size() == stop_after_;
    return !stopped_;
  }
  bool OnPartialFrame(size_t window) override {
    FUZZ_EXPECT(!stopped_);
    FUZZ_EXPECT(window > 0, "nothing came, and was reported");
    heard_.window += window;
    return true;
  }

 private:
  Heard& heard_;
  const size_t stop_after_;
  bool stopped_ = false;
};

Heard Feed(const std::vector<absl::string_view>& pieces, size_t max, size_t stop_after) {
  Heard heard;
  Sink sink(heard, stop_after);
  GrpcDeframer deframer;
  size_t fed = 0;
  for (const absl::string_view piece : pieces) {
    heard.result = deframer.Feed(piece, max, sink);
    fed += piece.size();
    if (heard.result != Result::kOk) {
      FUZZ_EXPECT(heard.window <= fed);
      return heard;
    }
    FUZZ_EXPECT(heard.window == fed, "of ", fed, " bytes ", heard.window, " are accounted for");
  }
  heard.inside = deframer.inside_message();
  return heard;
}

// The specification read plainly.
Heard Expected(absl::string_view bytes, size_t max, size_t stop_after) {
  Heard heard;
  while (bytes.size() >= kFramePrefixBytes) {
    size_t length = 0;
    for (size_t i = 1; i < kFramePrefixBytes; ++i) length = length << 8 | static_cast<uint8_t>(bytes[i]);
    if (bytes[0] != 0) heard.result = Result::kCompressed;
    if (bytes[0] == 0 && length > max) heard.result = Result::kTooLarge;
    if (heard.result != Result::kOk) return heard;
    if (bytes.size() < kFramePrefixBytes + length) break;
    heard.messages.emplace_back(bytes.substr(kFramePrefixBytes, length));
    bytes.remove_prefix(kFramePrefixBytes + length);
    if (heard.messages.size() == stop_after) {
      heard.result = Result::kStopped;
      return heard;
    }
  }
  heard.inside = !bytes.empty();
  return heard;
}

void Run(Input& input) {
  const size_t max = input.Byte();
  const uint8_t cuts = input.Byte();
  const size_t stop_after = input.Byte();
  const absl::string_view bytes = input.Rest();
  const Heard expected = Expected(bytes, max, stop_after);
  for (const uint8_t seed : {uint8_t{0}, uint8_t{1}, cuts}) {
    const Heard heard = Feed(Cut(bytes, seed), max, stop_after);
    FUZZ_EXPECT(heard.result == expected.result && heard.inside == expected.inside, "cut by ", int{seed});
    FUZZ_EXPECT(heard.messages == expected.messages, "cut by ", int{seed});
  }
  // There and back.
  std::string again;
  for (const std::string& message : expected.messages) upstream::AppendFrame(message, &again);
  FUZZ_EXPECT(Expected(again, max, 0).messages == expected.messages);
}

}  // namespace
}  // namespace penstock::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  penstock::fuzz::Input input(data, size);
  penstock::fuzz::Run(input);
  return 0;
}
