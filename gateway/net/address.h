// Where something listens: what `--listen` and `--upstream` take, parsed once and passed on as a value. Pure: names are
// not resolved here. Any thread.
//
//   ParseListenAddress(":8080")            → Address::Tcp("", 8080): every interface, v6 and v4
//   ParseListenAddress("[::1]:0")          → Address::Tcp("::1", 0): the kernel picks the port
//   ParseUpstreamAddresses("a:1,b:2")      → two addresses, calls are balanced over them
//   PrintAddress(Address::Unix("/run/p.sock")) → "unix:/run/p.sock"
//
// Errors are InvalidArgument, quote what was given and say what would have been right.
#ifndef PENSTOCK_GATEWAY_NET_ADDRESS_H_
#define PENSTOCK_GATEWAY_NET_ADDRESS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace penstock::net {

struct Address {
  enum class Kind { kTcp, kUnix };

  Kind kind = Kind::kTcp;
  std::string host;   // tcp: name or literal, v6 without brackets; empty: every interface (listening only)
  uint16_t port = 0;  // tcp
  std::string path;   // unix: at most kMaxUnixPathBytes

  static Address Tcp(std::string host, uint16_t port) { return {Kind::kTcp, std::move(host), port, ""}; }
  static Address Unix(std::string path) { return {Kind::kUnix, "", 0, std::move(path)}; }

  bool is_unix() const { return kind == Kind::kUnix; }

  // What a request to it names in :authority: a unix socket has no name of its own and is "localhost", as in gRPC.
  std::string authority() const;

  friend bool operator==(const Address& a, const Address& b) {
    return a.kind == b.kind && a.host == b.host && a.port == b.port && a.path == b.path;
  }
  friend bool operator!=(const Address& a, const Address& b) { return !(a == b); }
};
using ListenAddress = Address;
using UpstreamAddress = Address;

// sockaddr_un::sun_path with its ending NUL is 108 bytes.
inline constexpr size_t kMaxUnixPathBytes = 107;

// `host:port`, `:port`, `[v6]:port` or `unix:path`; port 0 is allowed.
absl::StatusOr<ListenAddress> ParseListenAddress(absl::string_view text);

// A comma list of `host:port`, `[v6]:port`, `dns:///host:port` or `unix:path`: never empty, each address once, ports
// from 1.
absl::StatusOr<std::vector<UpstreamAddress>> ParseUpstreamAddresses(absl::string_view text);

// The text that parses to `address`: "127.0.0.1:8080", "[::1]:8080", ":8080", "unix:/run/p.sock".
std::string PrintAddress(const Address& address);
std::string PrintAddresses(const std::vector<Address>& addresses, absl::string_view separator);

}  // namespace penstock::net

#endif  // PENSTOCK_GATEWAY_NET_ADDRESS_H_
