// Who is at the other end of a connected socket: the address as the kernel has it, kept small, and printed for logs.
// (What is configured is a net::Address.)
#ifndef PENSTOCK_GATEWAY_NET_PEER_H_
#define PENSTOCK_GATEWAY_NET_PEER_H_

#include <array>
#include <cstdint>
#include <string>

namespace penstock::net {

// 19 bytes, since every idle connection holds one.
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

#endif  // PENSTOCK_GATEWAY_NET_PEER_H_
