// Output buffers shared by the sessions of one loop: a session holds one only while it has something to write.
//
// Used on the loop's thread only. Owns the buffers that nobody holds, up to kKeptBytes.
//
//   BufferPool::Buffer buffer = pool.Take();   // empty, with room for a record or two
//   buffer->append(…);
//   pool.Give(std::move(buffer));
#ifndef PENSTOCK_GATEWAY_HTTP_BUFFER_POOL_H_
#define PENSTOCK_GATEWAY_HTTP_BUFFER_POOL_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace penstock::http {

class BufferPool {
 public:
  using Buffer = std::unique_ptr<std::string>;

  // A head or a record or two fit, so that a fresh buffer does not grow in steps.
  static constexpr size_t kFreshBytes = 240;
  // Capacity kept for the next turn. Enough for a thousand streams that tick at once, small against what they hold.
  static constexpr size_t kKeptBytes = 256 * 1024;
  // A buffer that one large record grew goes back to the heap.
  static constexpr size_t kLargestKeptBytes = 128 * 1024;

  Buffer Take();
  void Give(Buffer buffer);

  // Bytes of capacity at rest.
  size_t kept_bytes() const { return kept_bytes_; }

 private:
  std::vector<Buffer> buffers_;  // last in, first out: the warm one is taken
  size_t kept_bytes_ = 0;
};

}  // namespace penstock::http

#endif  // PENSTOCK_GATEWAY_HTTP_BUFFER_POOL_H_
