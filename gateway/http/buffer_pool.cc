#include "gateway/http/buffer_pool.h"

#include <utility>

namespace penstock::http {

BufferPool::Buffer BufferPool::Take() {
  if (buffers_.empty()) {
    auto buffer = std::make_unique<std::string>();
    buffer->reserve(kFreshBytes);
    return buffer;
  }
  Buffer buffer = std::move(buffers_.back());
  buffers_.pop_back();
  kept_bytes_ -= buffer->capacity();
  return buffer;
}

void BufferPool::Give(Buffer buffer) {
  const size_t bytes = buffer->capacity();
  if (bytes > kLargestKeptBytes || kept_bytes_ + bytes > kKeptBytes) return;
  buffer->clear();
  kept_bytes_ += bytes;
  buffers_.push_back(std::move(buffer));
}

}  // namespace penstock::http
