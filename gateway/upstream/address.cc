#include "gateway/upstream/address.h"

#include <cstddef>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace penstock::upstream {
namespace {

// sockaddr_un holds 108 bytes, one of them the closing NUL.
constexpr size_t kMaxUnixPathBytes = 107;

absl::Status Refuse(absl::string_view text, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("upstream address \"", text, "\": ", why,
                                                 "; write host:port, [v6]:port, dns:///host:port or unix:path"));
}

absl::StatusOr<Address> ParseUnix(absl::string_view text, absl::string_view path) {
  if (absl::StartsWith(path, "///")) path.remove_prefix(2);  // the URI form of an absolute path
  if (path.empty()) return Refuse(text, "the path is empty");
  if (path.size() > kMaxUnixPathBytes) return Refuse(text, "the path is longer than 107 bytes");
  if (absl::StrContains(path, '\0')) return Refuse(text, "the path holds a NUL");
  Address address;
  address.text = std::string(text);
  address.unix_path = std::string(path);
  address.authority = "localhost";
  return address;
}

}  // namespace

absl::StatusOr<Address> ParseAddress(absl::string_view text) {
  absl::string_view rest = text;
  if (absl::ConsumePrefix(&rest, "unix:")) return ParseUnix(text, rest);
  absl::ConsumePrefix(&rest, "dns:///");
  const size_t colon = rest.rfind(':');
  if (colon == absl::string_view::npos) return Refuse(text, "the port is missing");
  absl::string_view host = rest.substr(0, colon);
  const absl::string_view port_text = rest.substr(colon + 1);
  uint32_t port = 0;
  if (port_text.size() > 5 || !absl::SimpleAtoi(port_text, &port) || port == 0 || port > 65535) {
    return Refuse(text, "the port is not a number from 1 to 65535");
  }
  const bool bracketed = absl::ConsumePrefix(&host, "[") && absl::ConsumeSuffix(&host, "]");
  if (host.empty()) return Refuse(text, "the host is empty");
  if (!bracketed && absl::StrContains(host, ':')) return Refuse(text, "an IPv6 address needs brackets");
  for (char c : host) {
    if (c <= ' ' || c == 0x7F || c == '/' || c == '[' || c == ']' || c == '@')
      return Refuse(text, "the host is not valid");
  }
  Address address;
  address.text = std::string(rest);
  address.host = std::string(host);
  address.port = static_cast<uint16_t>(port);
  address.authority = std::string(rest);
  return address;
}

}  // namespace penstock::upstream
