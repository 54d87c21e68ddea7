// The boundaries of JSON values in a streamed body: the result does not depend on how the input is split, nothing is
// lost, and one JSON document is one value.
//
// Input: the longest value, a seed for the splits, then the body.
#include <string>
#include <vector>

#include "gateway/codec/json_values.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/json_grammar.h"

namespace penstock::fuzz {
namespace {

using codec::JsonValues;
using Result = JsonValues::Result;

struct Found {
  std::vector<std::string> values;
  Result result = Result::kNeedMore;
  uint64_t offset = 0;  // of the fault

  bool operator==(const Found& other) const {
    return values == other.values && result == other.result && offset == other.offset;
  }
};

Found Read(absl::string_view body, uint8_t cuts, size_t max) {
  Found found;
  JsonValues values(max);
  absl::string_view value;
  const auto take = [&] {
    FUZZ_EXPECT(!value.empty() && value.size() <= max);
    FUZZ_EXPECT(value == body.substr(values.offset(), value.size()), "a value that stands elsewhere");
    found.values.emplace_back(value);
  };
  for (absl::string_view piece : Cut(body, cuts)) {
    while ((found.result = values.Next(&piece, &value)) == Result::kValue) take();
    if (found.result != Result::kNeedMore) {
      // What is too long is noticed at its end or at its piece's: only where it begins is certain.
      found.offset = values.offset();
      return found;
    }
    FUZZ_EXPECT(piece.empty(), "bytes were left");
  }
  found.result = values.End(&value);
  if (found.result == Result::kValue) take(), found.result = Result::kNeedMore;
  if (found.result == Result::kMalformed) found.offset = values.offset();
  return found;
}

void Run(Input& input) {
  const size_t max = size_t{input.Byte()} * 2;
  const uint8_t cuts = input.Byte();
  const absl::string_view body = input.Rest();
  const Found whole = Read(body, 0, max);
  FUZZ_EXPECT(Read(body, 1, max) == whole, "byte by byte");
  FUZZ_EXPECT(Read(body, cuts, max) == whole, "cut by ", int{cuts});

  if (!IsJson(body)) return;
  const size_t first = body.find_first_not_of(" \t\n\r"), last = body.find_last_not_of(" \t\n\r");
  const absl::string_view document = body.substr(first, last + 1 - first);
  if (document.size() > max) {
    FUZZ_EXPECT(whole.result == Result::kTooLong && whole.values.empty());
    return;
  }
  FUZZ_EXPECT(whole.result == Result::kNeedMore && whole.values.size() == 1 && whole.values[0] == document,
              whole.values.size(), " values");
}

}  // namespace
}  // namespace penstock::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  penstock::fuzz::Input input(data, size);
  penstock::fuzz::Run(input);
  return 0;
}
