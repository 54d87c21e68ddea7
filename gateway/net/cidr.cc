#include "gateway/net/cidr.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstddef>
#include <iterator>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace penstock::net {
namespace {

constexpr int kAllBits = 128;
constexpr int kMappedBits = 96;  // what comes before a mapped IPv4 address
constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

absl::Status Bad(absl::string_view text, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" ", problem));
}

bool IsMapped(const IpAddress& address) { return std::equal(kMapped.begin(), kMapped.end(), address.begin()); }

// `address` with zeros after its first `bits`.
IpAddress Masked(IpAddress address, int bits) {
  for (int i = 0; i < static_cast<int>(address.size()); ++i) {
    const int kept = std::clamp(bits - 8 * i, 0, 8);
    address[static_cast<size_t>(i)] &= static_cast<uint8_t>(0xff00 >> kept);
  }
  return address;
}

}  // namespace

absl::optional<IpAddress> ParseIpAddress(absl::string_view text) {
  const std::string terminated(text);
  if (terminated.size() != std::char_traits<char>::length(terminated.c_str())) return absl::nullopt;
  IpAddress address{};
  if (inet_pton(AF_INET6, terminated.c_str(), address.data()) == 1) return address;
  std::copy(kMapped.begin(), kMapped.end(), address.begin());
  if (inet_pton(AF_INET, terminated.c_str(), address.data() + kMapped.size()) == 1) return address;
  return absl::nullopt;
}

bool Cidr::Contains(const IpAddress& address) const { return Masked(address, prefix_bits) == network; }

absl::StatusOr<Cidr> ParseCidr(absl::string_view text) {
  const size_t slash = text.find('/');
  const absl::optional<IpAddress> address = ParseIpAddress(text.substr(0, slash));
  if (!address) return Bad(text, "is not a CIDR block: write address/bits, such as 10.0.0.0/8 or fd00::/8");
  const bool is_v4 = text.substr(0, slash).find(':') == absl::string_view::npos;
  const int most = is_v4 ? kAllBits - kMappedBits : kAllBits;
  int bits = most;
  if (slash != absl::string_view::npos) {
    const absl::string_view digits = text.substr(slash + 1);
    const bool all_digits = !digits.empty() && std::all_of(digits.begin(), digits.end(), [](char c) {
      return absl::ascii_isdigit(static_cast<unsigned char>(c));
    });
    if (!all_digits || !absl::SimpleAtoi(digits, &bits) || bits > most) {
      return Bad(text, absl::StrCat("needs a prefix length from 0 to ", most, " after its slash"));
    }
  }
  Cidr cidr;
  cidr.prefix_bits = is_v4 ? kMappedBits + bits : bits;
  cidr.network = Masked(*address, cidr.prefix_bits);
  if (cidr.network != *address) return Bad(text, absl::StrCat("has bits after its prefix: write ", PrintCidr(cidr)));
  return cidr;
}

std::string PrintCidr(const Cidr& cidr) {
  const bool is_v4 = cidr.prefix_bits >= kMappedBits && IsMapped(cidr.network);
  char text[INET6_ADDRSTRLEN] = "";
  const uint8_t* const bytes = cidr.network.data() + (is_v4 ? kMapped.size() : 0);
  inet_ntop(is_v4 ? AF_INET : AF_INET6, bytes, text, std::size(text));
  return absl::StrCat(text, "/", is_v4 ? cidr.prefix_bits - kMappedBits : cidr.prefix_bits);
}

}  // namespace penstock::net
