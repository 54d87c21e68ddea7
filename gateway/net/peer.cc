#include "gateway/net/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

#include "gateway/net/address.h"

namespace penstock::net {

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
  char host[INET6_ADDRSTRLEN] = "";
  ::inet_ntop(kind_ == Kind::kV4 ? AF_INET : AF_INET6, address_.data(), host, sizeof(host));
  return PrintAddress(Address::Tcp(host, port_));
}

}  // namespace penstock::net
