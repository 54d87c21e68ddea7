#include "gateway/config/cgroup.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"

namespace penstock::config {
namespace {

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
    const auto read = [&](const std::string& path) -> absl::optional<std::string> {
      const auto file = row.files.find(path);
      if (file == row.files.end()) return absl::nullopt;
      return file->second;
    };
    EXPECT_EQ(SmallestCgroupLimit("two", read, kReaders), row.limit) << row.reason;
  }
}

TEST(Cgroup, FilesAreReadWhole) {
  const std::string path = ::testing::TempDir() + "/cgroup_test";
  std::ofstream(path) << "1\n2\n";
  EXPECT_EQ(ReadWholeFile(path), "1\n2\n");
  EXPECT_EQ(ReadWholeFile(path + ".none"), absl::nullopt);
}

}  // namespace
}  // namespace penstock::config
