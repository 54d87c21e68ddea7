#include "gateway/upstream/address.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/net/address.h"

namespace penstock::upstream {

absl::StatusOr<Address> ParseAddress(absl::string_view text) {
  const absl::StatusOr<std::vector<net::UpstreamAddress>> parsed = net::ParseUpstreamAddresses(text);
  if (!parsed.ok() || parsed->size() != 1) {
    return absl::InvalidArgumentError(absl::StrCat("upstream address \"", text,
                                                   "\": ", parsed.ok() ? "one at a time" : parsed.status().message(),
                                                   "; write host:port, [v6]:port, dns:///host:port or unix:path"));
  }
  const net::UpstreamAddress& one = parsed->front();
  Address address;
  address.text = net::PrintAddress(one);
  address.host = one.host;
  address.port = one.port;
  address.unix_path = one.path;
  address.authority = address.is_unix() ? "localhost" : address.text;
  return address;
}

}  // namespace penstock::upstream
