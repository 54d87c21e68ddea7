#include "gateway/config/cpu_count.h"

#include <sched.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <limits>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace penstock::config {
namespace {

constexpr int kUnbounded = std::numeric_limits<int>::max();
constexpr absl::string_view kCgroupRoot = "/sys/fs/cgroup";

// CPUs that `quota` microseconds in each `period` amount to, the part of one counted as one.
int CpusOf(absl::string_view quota, absl::string_view period) {
  int64_t quota_us = 0;
  int64_t period_us = 0;
  if (!absl::SimpleAtoi(quota, &quota_us) || !absl::SimpleAtoi(period, &period_us)) return kUnbounded;
  if (quota_us <= 0 || period_us <= 0) return kUnbounded;  // v1 writes -1 for none
  const int64_t cpus = quota_us / period_us + (quota_us % period_us != 0 ? 1 : 0);
  return static_cast<int>(std::min<int64_t>(cpus, kUnbounded));
}

// cgroup v2: "200000 100000" or "max 100000".
int QuotaV2(const std::string& directory, const FileReader& read_file) {
  const absl::optional<std::string> content = read_file(absl::StrCat(directory, "/cpu.max"));
  if (!content) return kUnbounded;
  const std::vector<absl::string_view> words = absl::StrSplit(*content, absl::ByAnyChar(" \n"), absl::SkipEmpty());
  return words.size() == 2 ? CpusOf(words[0], words[1]) : kUnbounded;
}

int QuotaV1(const std::string& directory, const FileReader& read_file) {
  const absl::optional<std::string> quota = read_file(absl::StrCat(directory, "/cpu.cfs_quota_us"));
  const absl::optional<std::string> period = read_file(absl::StrCat(directory, "/cpu.cfs_period_us"));
  return quota && period ? CpusOf(*quota, *period) : kUnbounded;
}

// The smallest quota of `mount`/`path` and the groups above it. In a container the path may be the host's, of which
// only the mount's own top is visible: files that are missing are passed over.
template <typename Quota>
int SmallestOnTheWay(const std::string& mount, absl::string_view path, const FileReader& read_file, Quota quota) {
  int cpus = quota(mount, read_file);
  while (!path.empty() && path != "/") {
    cpus = std::min(cpus, quota(absl::StrCat(mount, path), read_file));
    path = path.substr(0, path.rfind('/'));
  }
  return cpus;
}

// A line of /proc/self/cgroup: "0::/path" is v2, "4:cpu,cpuacct:/path" v1 with its controllers.
int QuotaOfLine(absl::string_view line, const FileReader& read_file) {
  const std::vector<absl::string_view> parts = absl::StrSplit(line, absl::MaxSplits(':', 2));
  if (parts.size() != 3 || parts[2].empty() || parts[2].front() != '/') return kUnbounded;
  const std::string root(kCgroupRoot);
  if (parts[0] == "0") {
    return std::min(SmallestOnTheWay(root, parts[2], read_file, QuotaV2),
                    SmallestOnTheWay(absl::StrCat(root, "/unified"), parts[2], read_file, QuotaV2));
  }
  const std::vector<absl::string_view> controllers = absl::StrSplit(parts[1], ',');
  if (std::find(controllers.begin(), controllers.end(), "cpu") == controllers.end()) return kUnbounded;
  return std::min(SmallestOnTheWay(absl::StrCat(root, "/", parts[1]), parts[2], read_file, QuotaV1),
                  SmallestOnTheWay(absl::StrCat(root, "/cpu"), parts[2], read_file, QuotaV1));
}

int AffinityCpus() {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  // Fails where the machine has more CPUs than cpu_set_t has bits.
  if (sched_getaffinity(0, sizeof(mask), &mask) == 0) return CPU_COUNT(&mask);
  return static_cast<int>(std::thread::hardware_concurrency());
}

absl::optional<std::string> ReadWholeFile(const std::string& path) {
  std::ifstream file(path);
  if (!file) return absl::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

}  // namespace

int CpuCount() { return CpuCount(AffinityCpus(), ReadWholeFile); }

int CpuCount(int affinity_cpus, const FileReader& read_file) {
  int cpus = affinity_cpus;
  const absl::optional<std::string> groups = read_file("/proc/self/cgroup");
  if (groups) {
    for (const absl::string_view line : absl::StrSplit(*groups, '\n', absl::SkipEmpty())) {
      cpus = std::min(cpus, QuotaOfLine(line, read_file));
    }
  }
  return std::max(cpus, 1);
}

int DefaultThreads(int cpus) { return std::clamp(cpus, 1, kMaxDefaultThreads); }

}  // namespace penstock::config
