// Lets the writes that many streams of one connection make at the same moment leave together.
//
// gRPC sends each stream's message with a sendmsg of its own, and each one wakes the receiver. While a socket is corked
// (TCP_CORK) the kernel only appends; uncorked, it sends what gathered, in few segments. gRPC does not say which socket
// a call came by, so it is looked up by the peer's address.
//
//   int fd = FindSocket(context.peer());   // once a connection
//   SetCork(fd, true);  write(a); write(b);  SetCork(fd, false);
//
// A descriptor that has been closed or reused meanwhile costs nothing but the saving: what is corked is always uncorked
// by the same caller in the same turn. Any thread.
#ifndef PENSTOCK_SERVICE_SOCKET_CORK_H_
#define PENSTOCK_SERVICE_SOCKET_CORK_H_

#include <string>

namespace penstock::service {

// This process's TCP socket whose remote end is `peer`, as grpc::ServerContext::peer() writes it ("ipv4:127.0.0.1:99",
// "ipv6:%5B::1%5D:99"); -1: there is none, or the peer is no TCP address. Looks at every open descriptor.
int FindSocket(const std::string& peer);

// Holds back what is written to `fd`, or lets it go. Harmless where `fd` is no TCP socket.
void SetCork(int fd, bool on);

}  // namespace penstock::service

#endif  // PENSTOCK_SERVICE_SOCKET_CORK_H_
