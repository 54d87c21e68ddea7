// Blocks of IP addresses, as `--trusted-proxy` takes them. Pure; any thread.
//
//   ParseCidr("10.0.0.0/8")->Contains(*ParseIpAddress("::ffff:10.1.2.3"))  → true
//
// An IPv4 address is kept as the IPv6 address that maps it: a listener for both families sees IPv4 clients that way.
#ifndef PENSTOCK_GATEWAY_NET_CIDR_H_
#define PENSTOCK_GATEWAY_NET_CIDR_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace penstock::net {

// In network order; IPv4 as ::ffff:a.b.c.d.
using IpAddress = std::array<uint8_t, 16>;

// A literal of either family, without port, brackets or zone; else nothing.
absl::optional<IpAddress> ParseIpAddress(absl::string_view text);

struct Cidr {
  IpAddress network{};  // bits after the prefix are zero
  int prefix_bits = 0;  // of the 128

  bool Contains(const IpAddress& address) const;

  friend bool operator==(const Cidr& a, const Cidr& b) {
    return a.network == b.network && a.prefix_bits == b.prefix_bits;
  }
};

// `address/bits`, or an address alone. InvalidArgument quotes `text` and says what would have been right; so it does
// where the address has bits after its prefix, because it is then not clear which of the two was meant.
absl::StatusOr<Cidr> ParseCidr(absl::string_view text);

// The text that parses to `cidr`: "10.0.0.0/8", "2001:db8::/32".
std::string PrintCidr(const Cidr& cidr);

}  // namespace penstock::net

#endif  // PENSTOCK_GATEWAY_NET_CIDR_H_
