// The limits that the control groups of this process set, v2 and v1, for one controller: the smallest on the way from
// its own group to the root holds.
//
//   SmallestCgroupLimit("memory", read_file, {ReadMemoryMax, ReadMemoryLimit})
//
// Reads files only through `read_file`; any thread.
#ifndef PENSTOCK_GATEWAY_CONFIG_CGROUP_H_
#define PENSTOCK_GATEWAY_CONFIG_CGROUP_H_

#include <cstdint>
#include <functional>
#include <limits>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace penstock::config {

inline constexpr int64_t kNoCgroupLimit = std::numeric_limits<int64_t>::max();

// The content of a file, or nothing where it cannot be read.
using FileReader = std::function<absl::optional<std::string>(const std::string& path)>;

// From the file system.
absl::optional<std::string> ReadWholeFile(const std::string& path);

// How one group's folder says its limit, in the two versions; kNoCgroupLimit where it has none.
struct CgroupReaders {
  std::function<int64_t(const std::string& folder, const FileReader& read_file)> v2;
  std::function<int64_t(const std::string& folder, const FileReader& read_file)> v1;
};

// From /proc/self/cgroup and below /sys/fs/cgroup. A file that is missing sets no limit.
int64_t SmallestCgroupLimit(absl::string_view controller, const FileReader& read_file, const CgroupReaders& readers);

}  // namespace penstock::config

#endif  // PENSTOCK_GATEWAY_CONFIG_CGROUP_H_
