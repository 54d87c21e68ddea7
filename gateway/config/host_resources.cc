#include "gateway/config/host_resources.h"

#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
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

// CPUs that `quota` microseconds in each `period` amount to, the part of one counted as one.
int64_t CpusOf(absl::string_view quota, absl::string_view period) {
  int64_t quota_us = 0;
  int64_t period_us = 0;
  if (!absl::SimpleAtoi(quota, &quota_us) || !absl::SimpleAtoi(period, &period_us)) return kNoCgroupLimit;
  if (quota_us <= 0 || period_us <= 0) return kNoCgroupLimit;  // v1 writes -1 for none
  return quota_us / period_us + (quota_us % period_us != 0 ? 1 : 0);
}

// cgroup v2: "200000 100000" or "max 100000".
int64_t QuotaV2(const std::string& folder, const FileReader& read_file) {
  const absl::optional<std::string> content = read_file(absl::StrCat(folder, "/cpu.max"));
  if (!content) return kNoCgroupLimit;
  const std::vector<absl::string_view> words = absl::StrSplit(*content, absl::ByAnyChar(" \n"), absl::SkipEmpty());
  return words.size() == 2 ? CpusOf(words[0], words[1]) : kNoCgroupLimit;
}

int64_t QuotaV1(const std::string& folder, const FileReader& read_file) {
  const absl::optional<std::string> quota = read_file(absl::StrCat(folder, "/cpu.cfs_quota_us"));
  const absl::optional<std::string> period = read_file(absl::StrCat(folder, "/cpu.cfs_period_us"));
  return quota && period ? CpusOf(*quota, *period) : kNoCgroupLimit;
}

int AffinityCpus() {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  // Fails where the machine has more CPUs than cpu_set_t has bits.
  if (sched_getaffinity(0, sizeof(mask), &mask) == 0) return CPU_COUNT(&mask);
  return static_cast<int>(std::thread::hardware_concurrency());
}

// v1 writes no limit as the largest multiple of a page; no machine has a quarter of that.
constexpr int64_t kAsGoodAsNone = int64_t{1} << 60;

int64_t ReadBytes(const std::string& path, const FileReader& read_file) {
  const absl::optional<std::string> content = read_file(path);
  int64_t bytes = 0;
  // v2 writes "max" for none.
  if (!content || !absl::SimpleAtoi(absl::StripAsciiWhitespace(*content), &bytes)) return kNoCgroupLimit;
  return bytes <= 0 || bytes >= kAsGoodAsNone ? kNoCgroupLimit : bytes;
}

}  // namespace

absl::optional<std::string> ReadWholeFile(const std::string& path) {
  std::ifstream file(path);
  if (!file) return absl::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

int CpuCount() { return CpuCount(AffinityCpus(), ReadWholeFile); }

int CpuCount(int affinity_cpus, const FileReader& read_file) {
  const int64_t quota = SmallestCgroupLimit("cpu", read_file, {QuotaV2, QuotaV1});
  return static_cast<int>(std::max<int64_t>(std::min<int64_t>(affinity_cpus, quota), 1));
}

int DefaultThreads(int cpus) { return std::clamp(cpus, 1, kMaxDefaultThreads); }

absl::optional<uint64_t> MemoryLimit(const FileReader& read_file) {
  const int64_t bytes = SmallestCgroupLimit(
      "memory", read_file,
      {[](const std::string& folder, const FileReader& read) { return ReadBytes(folder + "/memory.max", read); },
       [](const std::string& folder, const FileReader& read) {
         return ReadBytes(folder + "/memory.limit_in_bytes", read);
       }});
  if (bytes == kNoCgroupLimit) return absl::nullopt;
  return static_cast<uint64_t>(bytes);
}

size_t RaiseOpenFilesLimit() {
  constexpr size_t kCommonLimit = 1024;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return kCommonLimit;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<size_t>(limit.rlim_cur);
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
