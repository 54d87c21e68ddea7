#include "gateway/server/memory_guard.h"

#include <fcntl.h>
#include <malloc.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

namespace penstock {

absl::optional<uint64_t> MemoryInUse() {
  // In pages: total, resident, of these shared with files (proc(5)).
  char text[128];
  const int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return absl::nullopt;
  const ssize_t count = read(fd, text, sizeof text - 1);
  close(fd);
  if (count <= 0) return absl::nullopt;
  text[count] = '\0';
  unsigned long long total = 0, resident = 0, shared = 0;
  if (std::sscanf(text, "%llu %llu %llu", &total, &resident, &shared) != 3 || shared > resident) return absl::nullopt;
  return (resident - shared) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

MemoryGuard::MemoryGuard(net::Loop& loop, uint64_t limit, Reader in_use)
    : loop_(loop), limit_(limit), in_use_(std::move(in_use)) {}

void MemoryGuard::OnTimer() {
  loop_.Arm(this, kLookEvery);
  const uint64_t used = in_use_().value_or(0);
  const bool was_over = over();
  const double bound = static_cast<double>(limit_) * (was_over ? kReturnBelow : 1);
  const bool is_over = static_cast<double>(used) > bound;
  over_.store(is_over, std::memory_order_relaxed);
  if (is_over) Trim();
  if (is_over == was_over) return;
  if (is_over) {
    spdlog::warn("{} bytes of memory are in use, more than --max-memory-bytes: new requests get 503", used);
  } else {
    spdlog::info("{} bytes of memory are in use: new requests are served again", used);
  }
}

void MemoryGuard::Trim() {
  const auto now = net::TimerWheel::Clock::now();
  if (now - trimmed_at_ < kTrimEvery) return;
  malloc_trim(0);
  trimmed_at_ = now;
}

}  // namespace penstock
