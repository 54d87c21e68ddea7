#include "gateway/config/host_resources.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdint>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"

namespace penstock::config {
namespace {

// The files of a machine that there is not.
FileReader FilesOf(const std::map<std::string, std::string>& files) {
  return [&files](const std::string& path) -> absl::optional<std::string> {
    const auto file = files.find(path);
    if (file == files.end()) return absl::nullopt;
    return file->second;
  };
}

int64_t Number(const FileReader& read_file, const std::string& path) {
  int64_t number = 0;
  const absl::optional<std::string> text = read_file(path);
  return text && absl::SimpleAtoi(*text, &number) ? number : kNoCgroupLimit;
}

// Where each version of a group keeps its limit, for a controller that there is not.
const CgroupReaders kReaders = {
    [](const std::string& folder, const FileReader& read_file) { return Number(read_file, folder + "/new"); },
    [](const std::string& folder, const FileReader& read_file) { return Number(read_file, folder + "/old"); },
};

TEST(Cgroup, TheSmallestLimitOnTheWayHolds) {
  struct Row {
    const char* reason;
    std::map<std::string, std::string> files;
    int64_t limit;
  };
  const std::string groups = "/proc/self/cgroup";
  const std::string root = "/sys/fs/cgroup";
  for (const Row& row : std::vector<Row>{
           {"no groups at all", {}, kNoCgroupLimit},
           {"no limit anywhere", {{groups, "0::/a/b\n"}}, kNoCgroupLimit},
           {"its own", {{groups, "0::/a/b\n"}, {root + "/a/b/new", "5"}}, 5},
           {"the parent's is smaller",
            {{groups, "0::/a/b\n"}, {root + "/a/b/new", "5"}, {root + "/a/new", "3"}, {root + "/new", "4"}},
            3},
           {"the root's, which a container sees as its own", {{groups, "0::/host/path\n"}, {root + "/new", "4"}}, 4},
           {"a folder beside the way is nobody's", {{groups, "0::/a/b\n"}, {root + "/a/c/new", "1"}}, kNoCgroupLimit},
           {"v2 beside v1", {{groups, "0::/a\n"}, {root + "/unified/a/new", "7"}}, 7},
           {"v1, the mount by all its controllers", {{groups, "3:one,two:/a\n"}, {root + "/one,two/a/old", "6"}}, 6},
           {"v1, the mount by this controller", {{groups, "3:one,two:/a\n"}, {root + "/two/a/old", "6"}}, 6},
           {"v1, another controller's group", {{groups, "3:one:/a\n"}, {root + "/one/a/old", "6"}}, kNoCgroupLimit},
           {"v1, a controller whose name has this one's in it",
            {{groups, "3:two_more:/a\n"}, {root + "/two_more/a/old", "6"}},
            kNoCgroupLimit},
           {"both versions, the smaller",
            {{groups, "3:two:/a\n0::/b\n"}, {root + "/two/a/old", "9"}, {root + "/b/new", "8"}},
            8},
           {"a colon in a group's name", {{groups, "0::/a:b\n"}, {root + "/a:b/new", "2"}}, 2},
           {"lines that are none",
            {{groups, "\n0\n0:\n0::\n0::relative\n:::::\n"}, {root + "/relative/new", "1"}},
            kNoCgroupLimit},
       }) {
    EXPECT_EQ(SmallestCgroupLimit("two", FilesOf(row.files), kReaders), row.limit) << row.reason;
  }
}

TEST(Cgroup, FilesAreReadWhole) {
  const std::string path = ::testing::TempDir() + "/cgroup_test";
  std::ofstream(path) << "1\n2\n";
  EXPECT_EQ(ReadWholeFile(path), "1\n2\n");
  EXPECT_EQ(ReadWholeFile(path + ".none"), absl::nullopt);
}

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
    EXPECT_EQ(CpuCount(row.affinity, FilesOf(row.files)), row.cpus) << row.reason;
  }
}

TEST(CpuCount, OfThisProcessIsAtLeastOne) { EXPECT_GE(CpuCount(), 1); }

TEST(DefaultThreads, IsBoundedBothWays) {
  EXPECT_EQ(DefaultThreads(0), 1);
  EXPECT_EQ(DefaultThreads(2), 2);
  EXPECT_EQ(DefaultThreads(64), kMaxDefaultThreads);
}

TEST(MemoryLimit, IsTheSmallestOnTheWay) {
  struct Row {
    const char* reason;
    std::map<std::string, std::string> files;
    absl::optional<uint64_t> bytes;
  };
  const std::string v2 = "/sys/fs/cgroup";
  const std::string v1 = "/sys/fs/cgroup/memory";
  for (const Row& row : std::vector<Row>{
           {"no cgroups at all", {}, absl::nullopt},
           {"v2, no limit", {{"/proc/self/cgroup", "0::/\n"}, {v2 + "/memory.max", "max\n"}}, absl::nullopt},
           {"v2, a container's own root",
            {{"/proc/self/cgroup", "0::/\n"}, {v2 + "/memory.max", "268435456\n"}},
            268435456},
           {"the group above is tighter",
            {{"/proc/self/cgroup", "0::/a/b\n"},
             {v2 + "/a/b/memory.max", "268435456\n"},
             {v2 + "/a/memory.max", "134217728\n"}},
            134217728},
           {"v1",
            {{"/proc/self/cgroup", "4:cpu,cpuacct:/x\n5:memory:/x\n"}, {v1 + "/x/memory.limit_in_bytes", "1048576\n"}},
            1048576},
           {"v1, no limit",
            {{"/proc/self/cgroup", "5:memory:/\n"}, {v1 + "/memory.limit_in_bytes", "9223372036854771712\n"}},
            absl::nullopt},
           {"another controller's group says nothing",
            {{"/proc/self/cgroup", "4:cpu,cpuacct:/x\n"}, {v1 + "/x/memory.limit_in_bytes", "1048576\n"}},
            absl::nullopt},
           {"a file that is no number",
            {{"/proc/self/cgroup", "0::/\n"}, {v2 + "/memory.max", "much\n"}},
            absl::nullopt},
           {"nothing is no limit that could be meant",
            {{"/proc/self/cgroup", "0::/\n"}, {v2 + "/memory.max", "0\n"}},
            absl::nullopt},
       }) {
    EXPECT_EQ(MemoryLimit(FilesOf(row.files)), row.bytes) << row.reason;
  }
}

TEST(RaiseOpenFilesLimit, TakesAllThatTheSystemGives) {
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlim_t hard = limit.rlim_max;
  limit.rlim_cur = 64;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(RaiseOpenFilesLimit(), hard);
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(limit.rlim_cur, hard);
}

}  // namespace
}  // namespace penstock::config
