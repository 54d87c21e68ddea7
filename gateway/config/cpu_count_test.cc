#include "gateway/config/cpu_count.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace penstock::config {
namespace {

TEST(CpuCount, IsTheMaskCutToTheSmallestQuota) {
  struct Row {
    const char* reason;
    int affinity;
    std::map<std::string, std::string> files;
    int cpus;
  };
  const std::string v2 = "/sys/fs/cgroup";
  const std::string v1 = "/sys/fs/cgroup/cpu,cpuacct";
  for (const Row& row : std::vector<Row>{
           {"no cgroups at all", 64, {}, 64},
           {"no mask either", 0, {}, 1},
           {"v2, no quota", 4, {{"/proc/self/cgroup", "0::/\n"}, {v2 + "/cpu.max", "max 100000\n"}}, 4},
           {"v2, a container's own root",
            64,
            {{"/proc/self/cgroup", "0::/\n"}, {v2 + "/cpu.max", "200000 100000\n"}},
            2},
           {"a part of a CPU counts", 64, {{"/proc/self/cgroup", "0::/\n"}, {v2 + "/cpu.max", "150000 100000\n"}}, 2},
           {"less than one", 64, {{"/proc/self/cgroup", "0::/\n"}, {v2 + "/cpu.max", "10000 100000\n"}}, 1},
           {"the mask is smaller", 2, {{"/proc/self/cgroup", "0::/\n"}, {v2 + "/cpu.max", "800000 100000\n"}}, 2},
           {"own group below the root",
            64,
            {{"/proc/self/cgroup", "0::/a/b\n"}, {v2 + "/a/b/cpu.max", "300000 100000"}},
            3},
           {"the group above is tighter",
            64,
            {{"/proc/self/cgroup", "0::/a/b\n"},
             {v2 + "/a/b/cpu.max", "300000 100000"},
             {v2 + "/a/cpu.max", "100000 100000"}},
            1},
           {"the host's path, of which only the top is mounted",
            64,
            {{"/proc/self/cgroup", "0::/kubepods/pod1/c\n"}, {v2 + "/cpu.max", "500000 100000"}},
            5},
           {"v1",
            64,
            {{"/proc/self/cgroup", "5:memory:/x\n4:cpu,cpuacct:/x\n"},
             {v1 + "/x/cpu.cfs_quota_us", "250000\n"},
             {v1 + "/x/cpu.cfs_period_us", "100000\n"}},
            3},
           {"v1, no quota",
            64,
            {{"/proc/self/cgroup", "4:cpu,cpuacct:/\n"},
             {v1 + "/cpu.cfs_quota_us", "-1\n"},
             {v1 + "/cpu.cfs_period_us", "100000\n"}},
            64},
           {"v1, mounted by one name",
            64,
            {{"/proc/self/cgroup", "4:cpu,cpuacct:/\n"},
             {"/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "400000\n"},
             {"/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"}},
            4},
           {"cpuset is not cpu",
            64,
            {{"/proc/self/cgroup", "4:cpuset:/\n"},
             {"/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "100000"},
             {"/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000"}},
            64},
           {"hybrid: v2 beside v1",
            64,
            {{"/proc/self/cgroup", "4:cpu,cpuacct:/\n0::/u\n"}, {v2 + "/unified/u/cpu.max", "600000 100000"}},
            6},
           {"unreadable as a quota", 8, {{"/proc/self/cgroup", "0::/\n"}, {v2 + "/cpu.max", "much"}}, 8},
           {"a period of 0 divides nothing", 8, {{"/proc/self/cgroup", "0::/\n"}, {v2 + "/cpu.max", "1 0"}}, 8},
           {"a file that is no cgroup list", 8, {{"/proc/self/cgroup", "nonsense\n::\n0::relative\n"}}, 8},
       }) {
    const int cpus = CpuCount(row.affinity, [&](const std::string& path) -> absl::optional<std::string> {
      const auto file = row.files.find(path);
      if (file == row.files.end()) return absl::nullopt;
      return file->second;
    });
    EXPECT_EQ(cpus, row.cpus) << row.reason;
  }
}

TEST(CpuCount, OfThisProcessIsAtLeastOne) { EXPECT_GE(CpuCount(), 1); }

TEST(DefaultThreads, IsBoundedBothWays) {
  EXPECT_EQ(DefaultThreads(0), 1);
  EXPECT_EQ(DefaultThreads(2), 2);
  EXPECT_EQ(DefaultThreads(64), kMaxDefaultThreads);
}

}  // namespace
}  // namespace penstock::config
