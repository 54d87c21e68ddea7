// The memory that the control groups of this process allow it: above it the kernel kills.
//
//   absl::optional<uint64_t> bytes = MemoryLimit(ReadWholeFile);
//
// Call at start; any thread.
#ifndef PENSTOCK_GATEWAY_CONFIG_MEMORY_LIMIT_H_
#define PENSTOCK_GATEWAY_CONFIG_MEMORY_LIMIT_H_

#include <cstdint>

#include "absl/types/optional.h"
#include "gateway/config/cgroup.h"

namespace penstock::config {

// Bytes, from memory.max (v2) or memory.limit_in_bytes (v1). Absent: there is no limit.
absl::optional<uint64_t> MemoryLimit(const FileReader& read_file);

}  // namespace penstock::config

#endif  // PENSTOCK_GATEWAY_CONFIG_MEMORY_LIMIT_H_
