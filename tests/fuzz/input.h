// Turns a fuzzer's bytes into decisions. Bytes are consumed from the front, so that inputs can be written by hand and
// libFuzzer's mutations stay local; reads beyond the end return zero or an empty string.
//
//   Input input(data, size);
//   const bool slow = input.Flag();
//   while (!input.empty()) switch (input.Below(3)) …
#ifndef PENSTOCK_TESTS_FUZZ_INPUT_H_
#define PENSTOCK_TESTS_FUZZ_INPUT_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace penstock::fuzz {

class Input {
 public:
  Input(const uint8_t* data, size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}
  explicit Input(absl::string_view bytes) : rest_(bytes) {}

  bool empty() const { return rest_.empty(); }

  uint8_t Byte() {
    if (rest_.empty()) return 0;
    const auto byte = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return byte;
  }
  // REQUIRES: 0 < end <= 256.
  size_t Below(size_t end) { return Byte() % end; }
  bool Flag() { return (Byte() & 1) != 0; }

  absl::string_view Take(size_t count) {
    const absl::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  // Up to `end`, which is dropped.
  absl::string_view TakeUntil(char end) {
    const absl::string_view taken = rest_.substr(0, rest_.find(end));
    rest_.remove_prefix(std::min(taken.size() + 1, rest_.size()));
    return taken;
  }
  absl::string_view Rest() { return Take(rest_.size()); }

 private:
  absl::string_view rest_;
};

// `text` in pieces, none empty: whole, byte by byte, or as `seed` says.
inline std::vector<absl::string_view> Cut(absl::string_view text, uint8_t seed) {
  std::vector<absl::string_view> pieces;
  uint32_t state = seed;
  while (!text.empty()) {
    size_t size = text.size();
    if (seed == 1) size = 1;
    if (seed > 1) {
      state = state * 1103515245 + 12345;
      size = 1 + (state >> 16) % seed;
    }
    pieces.push_back(text.substr(0, size));
    text.remove_prefix(pieces.back().size());
  }
  return pieces;
}

}  // namespace penstock::fuzz

#endif  // PENSTOCK_TESTS_FUZZ_INPUT_H_
