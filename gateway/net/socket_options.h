// What connected sockets are set to, client side and upstream side, and how one is closed by a reset.
//
// A failure is not reported: the options bound what a bad peer costs, and a good one is served without them.
#ifndef PENSTOCK_GATEWAY_NET_SOCKET_OPTIONS_H_
#define PENSTOCK_GATEWAY_NET_SOCKET_OPTIONS_H_

#include <chrono>

namespace penstock::net {

// Bytes of ours that may wait unsent in the kernel. Without it the kernel would grow the buffer of a slow client to
// 4 MiB; with less a fast one would starve between turns.
inline constexpr int kNotSentLowWater = 16 * 1024;
// A peer that vanished without FIN is noticed after this, whether bytes are in flight (TCP_USER_TIMEOUT) or none are
// (keepalive). TCP asks, not HTTP/2: gRPC servers end connections that PING more often than every five minutes.
inline constexpr std::chrono::seconds kPeerTimeout{30};

// TCP_NODELAY, keepalive and TCP_USER_TIMEOUT. A unix socket stays as it is.
void ConfigureUpstreamSocket(int fd);

// The same, and TCP_NOTSENT_LOWAT.
void ConfigureClientSocket(int fd);

// Makes the coming close() a reset (RST) that drops what is unsent.
void ResetOnClose(int fd);

}  // namespace penstock::net

#endif  // PENSTOCK_GATEWAY_NET_SOCKET_OPTIONS_H_
