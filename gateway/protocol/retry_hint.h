// The status of what ends though nothing is wrong: the client may start again at once. Pure.
//
//   RetryHint("the gateway is shutting down; start the stream again")   → UNAVAILABLE with a google.rpc.RetryInfo
#ifndef PENSTOCK_GATEWAY_PROTOCOL_RETRY_HINT_H_
#define PENSTOCK_GATEWAY_PROTOCOL_RETRY_HINT_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"

namespace penstock {

absl::Status RetryHint(absl::string_view message);

// What a status with a google.rpc.RetryInfo says, from here or from the upstream; absent: it has none.
absl::optional<absl::Duration> RetryDelayOf(const absl::Status& status);

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_PROTOCOL_RETRY_HINT_H_
