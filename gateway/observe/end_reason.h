// Why a request was over.
#ifndef PENSTOCK_GATEWAY_OBSERVE_END_REASON_H_
#define PENSTOCK_GATEWAY_OBSERVE_END_REASON_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace penstock::observe {

// Every request has exactly one.
enum class EndReason {
  kOk,             // the call ended well and the client has it all
  kLocal,          // answered here, no call was made: a bad request, an unknown path, the page's files too
  kUpstreamError,  // the upstream said so
  kUpstreamLost,   // inferred here: no connection, a lost one, a broken frame, a deadline
  kBadMessage,     // a message that has no JSON, or too much of it
  kClientGone,     // closed, reset or timed out
  kSlowClient,     // aborted for reading too slowly
  kDrain,          // shutting down
  kMaxDuration,    // --max-stream-duration
};
inline constexpr size_t kEndReasons = 9;

absl::string_view EndReasonName(EndReason reason);

}  // namespace penstock::observe

#endif  // PENSTOCK_GATEWAY_OBSERVE_END_REASON_H_
