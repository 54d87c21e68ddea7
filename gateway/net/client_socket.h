// What a connected client socket is set to, and who is at its other end.
#ifndef PENSTOCK_GATEWAY_NET_CLIENT_SOCKET_H_
#define PENSTOCK_GATEWAY_NET_CLIENT_SOCKET_H_

#include <array>
#include <chrono>
#include <cstdint>
#include <string>

namespace penstock::net {

// Bytes of ours that may wait unsent in the kernel. Without it the kernel would grow the buffer of a slow client to
// 4 MiB; with less a fast one would starve between turns.
inline constexpr int kNotSentLowWater = 16 * 1024;
// A peer that vanished without FIN is noticed after this, whether bytes are in flight (TCP_USER_TIMEOUT) or none are
// (keepalive).
inline constexpr std::chrono::seconds kPeerTimeout{30};

// TCP_NODELAY, TCP_NOTSENT_LOWAT, keepalive and TCP_USER_TIMEOUT. A unix socket stays as it is.
void ConfigureClientSocket(int fd);

// Makes the coming close() a reset (RST) that drops what is unsent.
void ResetOnClose(int fd);

// The peer's address in 19 bytes, since every idle connection holds one.
class Peer {
 public:
  Peer() = default;
  static Peer Of(int fd);

  // "192.0.2.1:4711", "[2001:db8::1]:4711", "unix", or "unknown". An IPv4 address that came over a dual-stack socket
  // is written as one.
  std::string ToString() const;

 private:
  enum class Kind : uint8_t { kUnknown, kUnix, kV4, kV6 };

  std::array<uint8_t, 16> address_{};
  uint16_t port_ = 0;
  Kind kind_ = Kind::kUnknown;
};

}  // namespace penstock::net

#endif  // PENSTOCK_GATEWAY_NET_CLIENT_SOCKET_H_
