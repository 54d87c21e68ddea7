#include "gateway/config/memory_limit.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace penstock::config {
namespace {

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

}  // namespace penstock::config
