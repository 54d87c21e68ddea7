// Go's words for what is wrong with a text, so that clients of a Go gateway find in error bodies what they are used to.
// Internal to the grpc-gateway dialect. Pure.
#ifndef PENSTOCK_GATEWAY_GRPC_GATEWAY_GO_ERROR_H_
#define PENSTOCK_GATEWAY_GRPC_GATEWAY_GO_ERROR_H_

#include <string>

#include "absl/strings/string_view.h"

namespace penstock::grpc_gateway {

// What Go's error says; empty: nothing is wrong, and nothing was allocated.
using GoError = std::string;

// In double quotes with Go's escapes, as its %q and strconv.Quote have it. Which characters are printable, Go has
// tables for; here what is assigned to no character counts as printable.
std::string GoQuote(absl::string_view text);

// As package time quotes: everything beyond ASCII as \x escapes of its bytes.
std::string GoTimeQuote(absl::string_view text);

}  // namespace penstock::grpc_gateway

#endif  // PENSTOCK_GATEWAY_GRPC_GATEWAY_GO_ERROR_H_
