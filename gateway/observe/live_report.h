// The requests in progress, as the admin port's /streams shows them. Pure; any thread.
#ifndef PENSTOCK_GATEWAY_OBSERVE_LIVE_REPORT_H_
#define PENSTOCK_GATEWAY_OBSERVE_LIVE_REPORT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace penstock::observe {

// One request.
struct LiveEntry {
  std::string method;     // of HTTP
  std::string route;      // the template that it matched; empty: none
  std::string protocol;   // "HTTP/2"
  std::string peer;       // "10.0.0.1:4242"
  absl::Duration age;     // since its head
  uint64_t records = 0;   // messages from the upstream
  uint64_t bytes = 0;     // of the answer's body
  size_t held_bytes = 0;  // of the upstream's window: taken in, and not yet taken by the client
};

// Some of the requests, and how many there are.
struct LiveReport {
  // As many are listed, the oldest: enough to see what hangs, and a second's work for nobody.
  static constexpr size_t kMostEntries = 1000;

  std::vector<LiveEntry> entries;
  size_t total = 0;

  // Takes what another loop has.
  void Add(LiveReport other);
};

// {"total":2,"streams":[{"method":"POST",…}]}, the oldest first, kMostEntries at most, and a newline.
std::string PrintLiveReport(LiveReport report);

}  // namespace penstock::observe

#endif  // PENSTOCK_GATEWAY_OBSERVE_LIVE_REPORT_H_
