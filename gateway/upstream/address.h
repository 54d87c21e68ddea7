// Where an upstream listens: what `--upstream` and ChannelOptions name.
//
//   ParseAddress("localhost:50051"), ParseAddress("[::1]:50051"), ParseAddress("dns:///ticks:50051"),
//   ParseAddress("unix:/run/ticks.sock")
#ifndef PENSTOCK_GATEWAY_UPSTREAM_ADDRESS_H_
#define PENSTOCK_GATEWAY_UPSTREAM_ADDRESS_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace penstock::upstream {

struct Address {
  std::string text;  // as messages and metrics name it
  std::string host;  // a name or a literal address, without brackets; empty for a Unix socket
  uint16_t port = 0;
  std::string unix_path;  // not empty: a Unix socket
  std::string authority;  // :authority of calls to it

  bool is_unix() const { return !unix_path.empty(); }
};

// INVALID_ARGUMENT names the text and what would be right.
absl::StatusOr<Address> ParseAddress(absl::string_view text);

}  // namespace penstock::upstream

#endif  // PENSTOCK_GATEWAY_UPSTREAM_ADDRESS_H_
