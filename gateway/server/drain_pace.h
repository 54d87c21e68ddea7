// How fast a draining gateway ends its streams: evenly over the window, so that their clients do not come back as one
// herd. Pure.
#ifndef PENSTOCK_GATEWAY_SERVER_DRAIN_PACE_H_
#define PENSTOCK_GATEWAY_SERVER_DRAIN_PACE_H_

#include <cmath>
#include <cstddef>

#include "absl/time/time.h"

namespace penstock {

// How many of `live` streams to end now, asked every `tick` with `left` of the window remaining. Ends the last of them
// when the window does, whatever came and went meanwhile.
inline size_t StreamsToEnd(size_t live, absl::Duration left, absl::Duration tick) {
  if (left <= tick) return live;
  return static_cast<size_t>(std::ceil(static_cast<double>(live) * absl::FDivDuration(tick, left)));
}

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_SERVER_DRAIN_PACE_H_
