#include "gateway/net/client_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstring>

#include "absl/strings/str_cat.h"

namespace penstock::net {
namespace {

constexpr int kKeepAliveProbes = 3;

// Failure is no reason to refuse a client: the options bound what a bad peer costs, a good one is served without.
void SetOption(int fd, int level, int name, int value) { ::setsockopt(fd, level, name, &value, sizeof(value)); }

}  // namespace

void ConfigureClientSocket(int fd) {
  int domain = 0;
  socklen_t size = sizeof(domain);
  if (::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0 || domain == AF_UNIX) return;
  const int timeout = static_cast<int>(kPeerTimeout.count());
  SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  SetOption(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, kNotSentLowWater);
  SetOption(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, timeout * 1000);
  SetOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, timeout / 2);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPINTVL, timeout / 2 / kKeepAliveProbes);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPCNT, kKeepAliveProbes);
}

void ResetOnClose(int fd) {
  const linger now{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

Peer Peer::Of(int fd) {
  Peer peer;
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return peer;
  if (storage.ss_family == AF_UNIX) {
    peer.kind_ = Kind::kUnix;
  } else if (storage.ss_family == AF_INET) {
    sockaddr_in address;
    std::memcpy(&address, &storage, sizeof(address));
    std::memcpy(peer.address_.data(), &address.sin_addr, 4);
    peer.port_ = ntohs(address.sin_port);
    peer.kind_ = Kind::kV4;
  } else if (storage.ss_family == AF_INET6) {
    sockaddr_in6 address;
    std::memcpy(&address, &storage, sizeof(address));
    peer.port_ = ntohs(address.sin6_port);
    const bool mapped = IN6_IS_ADDR_V4MAPPED(&address.sin6_addr);
    std::memcpy(peer.address_.data(), address.sin6_addr.s6_addr + (mapped ? 12 : 0), mapped ? 4 : 16);
    peer.kind_ = mapped ? Kind::kV4 : Kind::kV6;
  }
  return peer;
}

std::string Peer::ToString() const {
  if (kind_ == Kind::kUnknown) return "unknown";
  if (kind_ == Kind::kUnix) return "unix";
  char text[INET6_ADDRSTRLEN] = "";
  ::inet_ntop(kind_ == Kind::kV4 ? AF_INET : AF_INET6, address_.data(), text, sizeof(text));
  return kind_ == Kind::kV4 ? absl::StrCat(text, ":", port_) : absl::StrCat("[", text, "]:", port_);
}

}  // namespace penstock::net
