#include "gateway/net/address.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace penstock::net {
namespace {

constexpr absl::string_view kUnixScheme = "unix:";
constexpr absl::string_view kDnsScheme = "dns:///";

absl::Status Bad(absl::string_view text, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" ", problem));
}

bool IsHostCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == '_';
}

// What may stand between brackets: a v6 literal, perhaps with a zone.
bool IsV6Character(char c) {
  return absl::ascii_isxdigit(static_cast<unsigned char>(c)) || c == ':' || c == '.' || c == '%' || IsHostCharacter(c);
}

absl::StatusOr<Address> ParseUnix(absl::string_view text) {
  absl::string_view path = absl::StripPrefix(text, kUnixScheme);
  // The URI form that gRPC takes as well: unix:///absolute/path.
  if (absl::StartsWith(path, "///")) path.remove_prefix(2);
  if (path.empty()) return Bad(text, "has no path: write unix:/run/name.sock");
  if (path.size() > kMaxUnixPathBytes) {
    return Bad(text, absl::StrCat("is too long: the path of a socket has at most ", kMaxUnixPathBytes, " bytes"));
  }
  return Address::Unix(std::string(path));
}

absl::StatusOr<uint16_t> ParsePort(absl::string_view text, absl::string_view digits) {
  const bool all_digits = !digits.empty() && std::all_of(digits.begin(), digits.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
  uint32_t port = 0;
  if (!all_digits || !absl::SimpleAtoi(digits, &port) || port > 65535) {
    return Bad(text, absl::StrCat("has the port \"", digits, "\": a port is a number from 0 to 65535"));
  }
  return static_cast<uint16_t>(port);
}

// "[v6]:port" or "host:port"; an empty host is the caller's business.
absl::StatusOr<Address> ParseTcp(absl::string_view text, absl::string_view host_and_port) {
  constexpr absl::string_view kForms = "write host:port, [v6]:port or unix:path";
  Address address;
  absl::string_view digits;
  if (absl::StartsWith(host_and_port, "[")) {
    const size_t close = host_and_port.find("]:");
    if (close == absl::string_view::npos) return Bad(text, "has no \"]:\" after its \"[\": write [v6]:port");
    const absl::string_view host = host_and_port.substr(1, close - 1);
    if (host.find(':') == absl::string_view::npos || !std::all_of(host.begin(), host.end(), IsV6Character)) {
      return Bad(text, "has no IPv6 address in its brackets: write [::1]:8080");
    }
    address.host = std::string(host);
    digits = host_and_port.substr(close + 2);
  } else {
    const size_t colon = host_and_port.rfind(':');
    if (colon == absl::string_view::npos) return Bad(text, absl::StrCat("has no port: ", kForms));
    const absl::string_view host = host_and_port.substr(0, colon);
    if (host.find(':') != absl::string_view::npos) {
      return Bad(text, "has more than one colon: an IPv6 address goes in brackets, [::1]:8080");
    }
    if (!std::all_of(host.begin(), host.end(), IsHostCharacter)) {
      return Bad(text, absl::StrCat("has an invalid host: ", kForms));
    }
    address.host = std::string(host);
    digits = host_and_port.substr(colon + 1);
  }
  const absl::StatusOr<uint16_t> port = ParsePort(text, digits);
  if (!port.ok()) return port.status();
  address.port = *port;
  return address;
}

absl::StatusOr<UpstreamAddress> ParseUpstreamAddress(absl::string_view text) {
  if (absl::StartsWith(text, kUnixScheme)) return ParseUnix(text);
  if (absl::StartsWith(text, "dns:") && !absl::StartsWith(text, kDnsScheme)) {
    return Bad(text, "names a DNS server, which is not supported: write dns:///host:port");
  }
  const absl::string_view host_and_port = absl::StripPrefix(text, kDnsScheme);
  if (absl::StrContains(host_and_port, "://")) return Bad(text, "has an unknown scheme: write host:port");
  absl::StatusOr<UpstreamAddress> address = ParseTcp(text, host_and_port);
  if (!address.ok()) return address;
  if (address->host.empty()) return Bad(text, "has no host: write host:port");
  if (address->port == 0) return Bad(text, "has port 0: there is nothing to connect to");
  return address;
}

}  // namespace

absl::StatusOr<ListenAddress> ParseListenAddress(absl::string_view text) {
  if (absl::StartsWith(text, kUnixScheme)) return ParseUnix(text);
  return ParseTcp(text, text);
}

absl::StatusOr<std::vector<UpstreamAddress>> ParseUpstreamAddresses(absl::string_view text) {
  std::vector<UpstreamAddress> addresses;
  for (const absl::string_view item : absl::StrSplit(text, ',')) {
    if (item.empty()) return Bad(text, "has an empty address: write host:port, several with a comma between them");
    absl::StatusOr<UpstreamAddress> address = ParseUpstreamAddress(item);
    if (!address.ok()) return address.status();
    if (std::find(addresses.begin(), addresses.end(), *address) != addresses.end()) {
      return Bad(text, absl::StrCat("has ", item, " twice: leave one out"));
    }
    addresses.push_back(*std::move(address));
  }
  return addresses;
}

std::string Address::authority() const { return is_unix() ? "localhost" : PrintAddress(*this); }

std::string PrintAddress(const Address& address) {
  if (address.is_unix()) return absl::StrCat(kUnixScheme, address.path);
  if (absl::StrContains(address.host, ":")) return absl::StrCat("[", address.host, "]:", address.port);
  return absl::StrCat(address.host, ":", address.port);
}

std::string PrintAddresses(const std::vector<Address>& addresses, absl::string_view separator) {
  return absl::StrJoin(addresses, separator,
                       [](std::string* out, const Address& address) { absl::StrAppend(out, PrintAddress(address)); });
}

}  // namespace penstock::net
