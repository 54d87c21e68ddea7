#include "gateway/net/socket_options.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace penstock::net {
namespace {

constexpr int kKeepAliveProbes = 3;

void SetOption(int fd, int level, int name, int value) { ::setsockopt(fd, level, name, &value, sizeof(value)); }

bool IsTcp(int fd) {
  int domain = 0;
  socklen_t size = sizeof(domain);
  return ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain != AF_UNIX;
}

}  // namespace

void ConfigureUpstreamSocket(int fd) {
  if (!IsTcp(fd)) return;
  const int timeout = static_cast<int>(kPeerTimeout.count());
  SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  SetOption(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, timeout * 1000);
  SetOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, timeout / 2);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPINTVL, timeout / 2 / kKeepAliveProbes);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPCNT, kKeepAliveProbes);
}

void ConfigureClientSocket(int fd) {
  ConfigureUpstreamSocket(fd);
  if (IsTcp(fd)) SetOption(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, kNotSentLowWater);
}

void ResetOnClose(int fd) {
  const linger now{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

}  // namespace penstock::net
