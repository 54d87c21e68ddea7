#include "gateway/http/buffer_pool.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace penstock::http {
namespace {

TEST(BufferPool, TheLastBufferComesBackEmpty) {
  BufferPool pool;
  BufferPool::Buffer buffer = pool.Take();
  EXPECT_GE(buffer->capacity(), BufferPool::kFreshBytes);
  buffer->assign(1000, 'x');
  const std::string* same = buffer.get();
  pool.Give(std::move(buffer));
  EXPECT_GE(pool.kept_bytes(), 1000u);
  buffer = pool.Take();
  EXPECT_EQ(buffer.get(), same);
  EXPECT_TRUE(buffer->empty());
  EXPECT_EQ(pool.kept_bytes(), 0u);
}

TEST(BufferPool, ALargeBufferIsNotKept) {
  BufferPool pool;
  BufferPool::Buffer buffer = pool.Take();
  buffer->reserve(BufferPool::kLargestKeptBytes + 1);
  pool.Give(std::move(buffer));
  EXPECT_EQ(pool.kept_bytes(), 0u);
}

TEST(BufferPool, KeepsNoMoreThanItsBound) {
  BufferPool pool;
  std::vector<BufferPool::Buffer> taken;
  for (int i = 0; i < 100; ++i) {
    taken.push_back(pool.Take());
    taken.back()->reserve(16 * 1024);
  }
  for (BufferPool::Buffer& buffer : taken) pool.Give(std::move(buffer));
  EXPECT_LE(pool.kept_bytes(), BufferPool::kKeptBytes);
  EXPECT_GT(pool.kept_bytes(), BufferPool::kKeptBytes - 2 * 16 * 1024);
}

}  // namespace
}  // namespace penstock::http
