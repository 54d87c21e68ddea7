// What the machine lets this process have: CPUs, memory and open files. CPUs and memory are bounded by the limits of
// its control groups (v2 and v1), of which the smallest on the way from its own group to the root holds: a container
// with `cpu: 2` on a machine of 64 gets 2, where the affinity mask alone says 64 and 64 threads would be throttled.
//
//   int threads = DefaultThreads(CpuCount());
//   absl::optional<uint64_t> bytes = MemoryLimit(ReadWholeFile);
//   size_t files = RaiseOpenFilesLimit();
//
// Files are read through a FileReader, which tests hand in. A file that is missing or unreadable as a limit sets none.
// Call at start; any thread.
#ifndef PENSTOCK_GATEWAY_CONFIG_HOST_RESOURCES_H_
#define PENSTOCK_GATEWAY_CONFIG_HOST_RESOURCES_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace penstock::config {

// The content of a file, or nothing where it cannot be read.
using FileReader = std::function<absl::optional<std::string>(const std::string& path)>;

// From the file system.
absl::optional<std::string> ReadWholeFile(const std::string& path);

// --- CPUs ------------------------------------------------------------------------------------------------------------

// More loops than this need a reason that only a measurement can give: `--threads` says so by hand.
inline constexpr int kMaxDefaultThreads = 8;

// CPUs of this process, from the kernel. At least 1.
int CpuCount();

// The same from `affinity_cpus` and the files of /proc/self/cgroup and /sys/fs/cgroup as `read_file` shows them. A
// quota of a part of a CPU counts as a whole one. At least 1.
int CpuCount(int affinity_cpus, const FileReader& read_file);

// `cpus`, at least 1 and at most kMaxDefaultThreads.
int DefaultThreads(int cpus);

// --- Memory ----------------------------------------------------------------------------------------------------------

// Bytes above which the kernel kills, from memory.max (v2) or memory.limit_in_bytes (v1). Absent: there is no limit.
absl::optional<uint64_t> MemoryLimit(const FileReader& read_file);

// --- Open files ------------------------------------------------------------------------------------------------------

// Raises the soft limit of open files to the hard one, since each connection is a descriptor. Returns what holds now.
size_t RaiseOpenFilesLimit();

// --- Control groups --------------------------------------------------------------------------------------------------

inline constexpr int64_t kNoCgroupLimit = std::numeric_limits<int64_t>::max();

// How one group's folder says its limit, in the two versions; kNoCgroupLimit where it has none.
struct CgroupReaders {
  std::function<int64_t(const std::string& folder, const FileReader& read_file)> v2;
  std::function<int64_t(const std::string& folder, const FileReader& read_file)> v1;
};

// The smallest limit of this process's groups for one controller, from /proc/self/cgroup and below /sys/fs/cgroup.
int64_t SmallestCgroupLimit(absl::string_view controller, const FileReader& read_file, const CgroupReaders& readers);

}  // namespace penstock::config

#endif  // PENSTOCK_GATEWAY_CONFIG_HOST_RESOURCES_H_
