#include "service/socket_cork.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"

namespace penstock::service {
namespace {

// An address of either family, IPv4 as IPv6 maps it: a dual-stack listener's sockets show it so.
struct Endpoint {
  in6_addr address = {};
  uint16_t port = 0;  // network order
};

void MapIpv4(const in_addr& from, in6_addr* to) {
  *to = {};
  to->s6_addr[10] = to->s6_addr[11] = 0xff;
  std::memcpy(&to->s6_addr[12], &from, sizeof from);
}

bool ParsePeer(const std::string& peer, Endpoint* endpoint) {
  const bool ipv4 = absl::StartsWith(peer, "ipv4:");
  if (!ipv4 && !absl::StartsWith(peer, "ipv6:")) return false;
  std::string host = absl::StrReplaceAll(peer.substr(5), {{"%5B", ""}, {"%5D", ""}, {"[", ""}, {"]", ""}});
  const size_t colon = host.rfind(':');
  int port = 0;
  if (colon == std::string::npos || !absl::SimpleAtoi(host.substr(colon + 1), &port)) return false;
  host.resize(colon);
  endpoint->port = htons(static_cast<uint16_t>(port));
  if (!ipv4) return inet_pton(AF_INET6, host.c_str(), &endpoint->address) == 1;
  in_addr address;
  if (inet_pton(AF_INET, host.c_str(), &address) != 1) return false;
  MapIpv4(address, &endpoint->address);
  return true;
}

bool RemoteEnd(int fd, Endpoint* endpoint) {
  sockaddr_storage storage;
  socklen_t length = sizeof storage;
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return false;
  if (storage.ss_family == AF_INET6) {
    const auto* ipv6 = reinterpret_cast<const sockaddr_in6*>(&storage);
    endpoint->address = ipv6->sin6_addr;
    endpoint->port = ipv6->sin6_port;
    return true;
  }
  if (storage.ss_family != AF_INET) return false;
  const auto* ipv4 = reinterpret_cast<const sockaddr_in*>(&storage);
  MapIpv4(ipv4->sin_addr, &endpoint->address);
  endpoint->port = ipv4->sin_port;
  return true;
}

}  // namespace

int FindSocket(const std::string& peer) {
  Endpoint wanted;
  if (!ParsePeer(peer, &wanted)) return -1;
  DIR* const open_files = opendir("/proc/self/fd");
  if (open_files == nullptr) return -1;
  int found = -1;
  while (const dirent* entry = readdir(open_files)) {
    int fd = -1;
    Endpoint remote;
    if (!absl::SimpleAtoi(absl::string_view(entry->d_name), &fd) || !RemoteEnd(fd, &remote)) continue;
    if (remote.port == wanted.port && std::memcmp(&remote.address, &wanted.address, sizeof wanted.address) == 0) {
      found = fd;
      break;
    }
  }
  closedir(open_files);
  return found;
}

void SetCork(int fd, bool on) {
  const int value = on ? 1 : 0;
  setsockopt(fd, IPPROTO_TCP, TCP_CORK, &value, sizeof value);
}

}  // namespace penstock::service
