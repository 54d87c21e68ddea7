#include "gateway/http/address_quota.h"

#include <endian.h>
#include <netinet/in.h>

#include <cstring>

namespace penstock::http {
namespace {

// In front of an IPv4 address: the network 0:ffff::/32 is nobody's.
constexpr uint64_t kIpv4 = uint64_t{0xffff} << 32;

uint64_t OfIpv4(const void* address) {
  uint32_t bytes = 0;
  std::memcpy(&bytes, address, sizeof bytes);
  return kIpv4 | ntohl(bytes);
}

absl::optional<uint64_t> KeyOf(const sockaddr_storage& peer) {
  if (peer.ss_family == AF_INET) return OfIpv4(&reinterpret_cast<const sockaddr_in&>(peer).sin_addr);
  if (peer.ss_family != AF_INET6) return absl::nullopt;
  const in6_addr& address = reinterpret_cast<const sockaddr_in6&>(peer).sin6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&address)) return OfIpv4(address.s6_addr + 12);
  uint64_t network = 0;
  std::memcpy(&network, &address, sizeof network);
  return be64toh(network);
}

}  // namespace

absl::optional<AddressQuota::Place> AddressQuota::Take(const sockaddr_storage& peer) {
  const absl::optional<uint64_t> key = KeyOf(peer);
  if (!key) return Place();
  const MutexLock lock(mutex_);
  size_t& open = open_[*key];
  if (open >= most_) return absl::nullopt;
  ++open;
  return Place(shared_from_this(), *key);
}

size_t AddressQuota::addresses() const {
  const MutexLock lock(mutex_);
  return open_.size();
}

void AddressQuota::GiveBack(uint64_t key) {
  const MutexLock lock(mutex_);
  const auto open = open_.find(key);
  if (--open->second == 0) open_.erase(open);
}

}  // namespace penstock::http
