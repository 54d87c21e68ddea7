#include "gateway/config/memory_limit.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace penstock::config {
namespace {

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
    const auto read = [&](const std::string& path) -> absl::optional<std::string> {
      const auto file = row.files.find(path);
      if (file == row.files.end()) return absl::nullopt;
      return file->second;
    };
    EXPECT_EQ(MemoryLimit(read), row.bytes) << row.reason;
  }
}

}  // namespace
}  // namespace penstock::config
