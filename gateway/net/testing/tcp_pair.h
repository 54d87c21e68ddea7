// A connected pair of TCP sockets over loopback, both blocking.
//
//   TcpPair pair;
//   ASSERT_TRUE(pair.server);
#ifndef PENSTOCK_GATEWAY_NET_TESTING_TCP_PAIR_H_
#define PENSTOCK_GATEWAY_NET_TESTING_TCP_PAIR_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <string>

#include "gateway/net/unique_fd.h"

namespace penstock::net::testing {

// Both ends of a loopback connection over a listener of `family`; a v6 listener is reached by a v4-mapped address.
struct TcpPair {
  explicit TcpPair(int family = AF_INET) {
    const UniqueFd listener(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_storage any{};
    any.ss_family = static_cast<sa_family_t>(family);
    socklen_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    const int off = 0;
    if (family == AF_INET6) ::setsockopt(listener.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    auto* raw = reinterpret_cast<sockaddr*>(&any);
    if (!listener || ::bind(listener.get(), raw, size) != 0 || ::listen(listener.get(), 1) != 0) return;
    ::getsockname(listener.get(), raw, &size);
    sockaddr_in target{};
    target.sin_family = AF_INET;
    target.sin_port = reinterpret_cast<sockaddr_in*>(&any)->sin_port;  // at the same place in both
    target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    client = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(client.get(), reinterpret_cast<sockaddr*>(&target), sizeof(target)) != 0) return;
    server = UniqueFd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    sockaddr_in own{};
    size = sizeof(own);
    ::getsockname(client.get(), reinterpret_cast<sockaddr*>(&own), &size);
    client_name = "127.0.0.1:" + std::to_string(ntohs(own.sin_port));
  }

  UniqueFd client;
  UniqueFd server;          // empty: it failed
  std::string client_name;  // "127.0.0.1:port"
};

}  // namespace penstock::net::testing

#endif  // PENSTOCK_GATEWAY_NET_TESTING_TCP_PAIR_H_
