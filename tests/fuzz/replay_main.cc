// Runs a fuzz target on every file of the given folders: an ordinary test of a corpus, with any compiler and under any
// sanitizer. A failing input ends the process; the last line of output names it.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

void Replay(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  // A copy of its exact size, so that a sanitizer sees a read behind its end.
  const std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  uint8_t* const copy = new uint8_t[bytes.size()];
  std::copy(bytes.begin(), bytes.end(), copy);
  std::printf("%s\n", path.c_str());
  std::fflush(stdout);
  LLVMFuzzerTestOneInput(copy, bytes.size());
  delete[] copy;
}

}  // namespace

int main(int argc, char** argv) {
  const uint8_t nothing = 0;
  LLVMFuzzerTestOneInput(&nothing, 0);
  size_t count = 0;
  for (int i = 1; i < argc; ++i) {
    std::error_code missing;  // Bazel makes no folder of an archive without inputs
    for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i], missing)) {
      if (!std::filesystem::is_regular_file(entry.path())) continue;
      Replay(entry.path());
      ++count;
    }
  }
  std::printf("%zu inputs\n", count);
  return count == 0 ? 1 : 0;  // a corpus that is not found proves nothing
}
