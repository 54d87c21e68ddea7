#include "gateway/server/memory_guard.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "gateway/net/loop.h"

namespace penstock {
namespace {

class MemoryGuardTest : public ::testing::Test {
 protected:
  // Until the guard has looked at what is in use now.
  void Look() {
    const int looks = looks_;
    while (looks_ == looks) loop_.io().run_one_for(std::chrono::seconds(10));
  }

  net::Loop loop_;
  uint64_t in_use_ = 0;
  int looks_ = 0;
};

TEST_F(MemoryGuardTest, IsOverAboveTheLimitAndUntilWellBelow) {
  MemoryGuard guard(loop_, 1000, [this] {
    ++looks_;
    return in_use_;
  });
  guard.Start();
  const struct {
    uint64_t in_use;
    bool over;
    const char* reason;
  } kRows[] = {
      {10, false, "little"},         {1000, false, "all that it may"},
      {1001, true, "too much"},      {990, true, "hardly less"},
      {951, true, "not well below"}, {949, false, "well below"},
      {990, false, "rising again"},  {2000, true, "again"},
  };
  for (const auto& row : kRows) {
    in_use_ = row.in_use;
    Look();
    EXPECT_EQ(guard.over(), row.over) << row.reason;
  }
}

TEST_F(MemoryGuardTest, WhatCannotBeReadStopsNobody) {
  MemoryGuard guard(loop_, 1000, [this]() -> absl::optional<uint64_t> {
    ++looks_;
    return absl::nullopt;
  });
  guard.Start();
  Look();
  EXPECT_FALSE(guard.over());
}

TEST(MemoryInUse, GrowsWithWhatIsWritten) {
  constexpr size_t kBytes = 64 << 20;
  const uint64_t before = MemoryInUse().value();
  std::vector<char> block(kBytes, 1);
  EXPECT_GE(MemoryInUse().value(), before + kBytes * 9 / 10);
  EXPECT_EQ(block[kBytes / 2], 1);
}

}  // namespace
}  // namespace penstock
