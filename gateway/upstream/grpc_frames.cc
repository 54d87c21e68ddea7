#include "gateway/upstream/grpc_frames.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

namespace penstock::upstream {
namespace {

uint32_t ReadLength(const unsigned char* prefix) {
  return uint32_t{prefix[1]} << 24 | uint32_t{prefix[2]} << 16 | uint32_t{prefix[3]} << 8 | uint32_t{prefix[4]};
}

}  // namespace

void AppendFrame(absl::string_view message, std::string* out) {
  const auto length = static_cast<uint32_t>(message.size());
  const char prefix[kFramePrefixBytes] = {0, static_cast<char>(length >> 24), static_cast<char>(length >> 16),
                                          static_cast<char>(length >> 8), static_cast<char>(length)};
  out->reserve(out->size() + sizeof prefix + message.size());
  out->append(prefix, sizeof prefix);
  out->append(message.data(), message.size());
}

GrpcDeframer::Result GrpcDeframer::ReadPrefix(size_t max_message_bytes) {
  length_ = ReadLength(prefix_);
  if (prefix_[0] != 0) return Result::kCompressed;
  return length_ > max_message_bytes ? Result::kTooLarge : Result::kOk;
}

GrpcDeframer::Result GrpcDeframer::Feed(absl::string_view data, size_t max_message_bytes, Sink& sink) {
  while (!data.empty()) {
    size_t window = 0;
    if (prefix_size_ < kFramePrefixBytes) {
      window = std::min(kFramePrefixBytes - prefix_size_, data.size());
      std::memcpy(prefix_ + prefix_size_, data.data(), window);
      prefix_size_ += static_cast<uint8_t>(window);
      data.remove_prefix(window);
      if (prefix_size_ == kFramePrefixBytes) {
        const Result result = ReadPrefix(max_message_bytes);
        if (result != Result::kOk) return result;
      }
    }
    const bool known = prefix_size_ == kFramePrefixBytes;
    const size_t missing = known ? length_ - partial_.size() : 0;
    if (!known || data.size() < missing) {
      partial_.append(data.data(), data.size());
      return sink.OnPartialFrame(window + data.size()) ? Result::kOk : Result::kStopped;
    }
    window += missing;
    prefix_size_ = 0;
    // What follows a call to the sink may not touch *this before it has said to go on.
    if (partial_.empty()) {
      if (!sink.OnFrame(data.substr(0, missing), window)) return Result::kStopped;
    } else {
      std::string whole;
      whole.swap(partial_);
      whole.append(data.data(), missing);
      if (!sink.OnFrame(whole, window)) return Result::kStopped;
    }
    data.remove_prefix(missing);
  }
  return Result::kOk;
}

}  // namespace penstock::upstream
