// Web origins (RFC 6454), as browsers write them in the Origin header. Pure.
#ifndef PENSTOCK_GATEWAY_CONFIG_ORIGIN_H_
#define PENSTOCK_GATEWAY_CONFIG_ORIGIN_H_

#include "absl/strings/string_view.h"

namespace penstock::config {

// "https://host[:port]", to the letter as a browser would send it: lower case, no path, no default port spelled out.
bool IsOrigin(absl::string_view text);

}  // namespace penstock::config

#endif  // PENSTOCK_GATEWAY_CONFIG_ORIGIN_H_
