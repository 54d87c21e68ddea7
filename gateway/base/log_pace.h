// How often a line about something that keeps failing is written: at once, then after pauses that double up to a
// minute. A minute of quiet, and the next one is written at once again.
//
// Pure: the time is handed in.
//
//   if (const auto skipped = pace.Due(now)) spdlog::warn("{} ({} more like it)", what, *skipped);
#ifndef PENSTOCK_GATEWAY_BASE_LOG_PACE_H_
#define PENSTOCK_GATEWAY_BASE_LOG_PACE_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>

#include "absl/types/optional.h"

namespace penstock {

class LogPace {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::seconds kFirstPause{1};
  static constexpr std::chrono::seconds kLongestPause{60};

  // Nothing: not now. Else how many were not written since the last line.
  absl::optional<size_t> Due(TimePoint now) {
    if (now < next_) {
      ++skipped_;
      return absl::nullopt;
    }
    if (now - kLongestPause >= next_) pause_ = kFirstPause;
    next_ = now + pause_;
    pause_ = std::min(pause_ * 2, kLongestPause);
    return std::exchange(skipped_, 0);
  }

 private:
  TimePoint next_ = TimePoint::min();
  std::chrono::seconds pause_ = kFirstPause;
  size_t skipped_ = 0;
};

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_BASE_LOG_PACE_H_
