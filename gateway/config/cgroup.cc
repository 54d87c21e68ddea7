#include "gateway/config/cgroup.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace penstock::config {
namespace {

constexpr absl::string_view kRoot = "/sys/fs/cgroup";

// The smallest limit of `mount`/`path` and the groups above it. In a container the path may be the host's, of which
// only the mount's own top is visible: files that are missing are passed over.
template <typename Read>
int64_t SmallestOnTheWay(const std::string& mount, absl::string_view path, const FileReader& read_file, Read read) {
  int64_t limit = read(mount, read_file);
  while (!path.empty() && path != "/") {
    limit = std::min(limit, read(absl::StrCat(mount, path), read_file));
    path = path.substr(0, path.rfind('/'));
  }
  return limit;
}

// A line of /proc/self/cgroup: "0::/path" is v2, "4:cpu,cpuacct:/path" v1 with its controllers.
int64_t LimitOfLine(absl::string_view line, absl::string_view controller, const FileReader& read_file,
                    const CgroupReaders& readers) {
  const std::vector<absl::string_view> parts = absl::StrSplit(line, absl::MaxSplits(':', 2));
  if (parts.size() != 3 || parts[2].empty() || parts[2].front() != '/') return kNoCgroupLimit;
  const std::string root(kRoot);
  if (parts[0] == "0") {
    return std::min(SmallestOnTheWay(root, parts[2], read_file, readers.v2),
                    SmallestOnTheWay(absl::StrCat(root, "/unified"), parts[2], read_file, readers.v2));
  }
  const std::vector<absl::string_view> controllers = absl::StrSplit(parts[1], ',');
  if (std::find(controllers.begin(), controllers.end(), controller) == controllers.end()) return kNoCgroupLimit;
  return std::min(SmallestOnTheWay(absl::StrCat(root, "/", parts[1]), parts[2], read_file, readers.v1),
                  SmallestOnTheWay(absl::StrCat(root, "/", controller), parts[2], read_file, readers.v1));
}

}  // namespace

absl::optional<std::string> ReadWholeFile(const std::string& path) {
  std::ifstream file(path);
  if (!file) return absl::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

int64_t SmallestCgroupLimit(absl::string_view controller, const FileReader& read_file, const CgroupReaders& readers) {
  int64_t limit = kNoCgroupLimit;
  const absl::optional<std::string> groups = read_file("/proc/self/cgroup");
  if (!groups) return limit;
  for (const absl::string_view line : absl::StrSplit(*groups, '\n', absl::SkipEmpty())) {
    limit = std::min(limit, LimitOfLine(line, controller, read_file, readers));
  }
  return limit;
}

}  // namespace penstock::config
