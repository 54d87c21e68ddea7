#include "gateway/config/cpu_count.h"

#include <sched.h>

#include <algorithm>
#include <cstdint>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace penstock::config {
namespace {

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

}  // namespace

int CpuCount() { return CpuCount(AffinityCpus(), ReadWholeFile); }

int CpuCount(int affinity_cpus, const FileReader& read_file) {
  const int64_t quota = SmallestCgroupLimit("cpu", read_file, {QuotaV2, QuotaV1});
  return static_cast<int>(std::max<int64_t>(std::min<int64_t>(affinity_cpus, quota), 1));
}

int DefaultThreads(int cpus) { return std::clamp(cpus, 1, kMaxDefaultThreads); }

}  // namespace penstock::config
