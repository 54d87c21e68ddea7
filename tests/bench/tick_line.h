// Parses one line of a tick stream, as far as a benchmark needs it, in tens of nanoseconds.
//
// Pure; any thread.
#ifndef PENSTOCK_TESTS_BENCH_TICK_LINE_H_
#define PENSTOCK_TESTS_BENCH_TICK_LINE_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace penstock::bench {

enum class LineKind { kTick, kEnd, kError, kOther };

// What a line is, by how it begins; heartbeats (spaces) before it do not count.
LineKind KindOf(absl::string_view line);

// The `sequence` of a tick; absent where the line does not end in one.
absl::optional<uint64_t> SequenceOf(absl::string_view line);

// The `time` of a tick in nanoseconds since the epoch; absent where there is none in RFC 3339, UTC.
absl::optional<int64_t> TimeOf(absl::string_view line);

}  // namespace penstock::bench

#endif  // PENSTOCK_TESTS_BENCH_TICK_LINE_H_
