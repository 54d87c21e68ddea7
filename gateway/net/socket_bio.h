// How OpenSSL reads and writes a socket here: without blocking, and without SIGPIPE, which its own socket BIO raises.
// Internal to ByteStream.
#ifndef PENSTOCK_GATEWAY_NET_SOCKET_BIO_H_
#define PENSTOCK_GATEWAY_NET_SOCKET_BIO_H_

#include <openssl/bio.h>

namespace penstock::net {

// Over a connected stream socket, which stays the caller's to close. Null: out of memory.
BIO* NewSocketBio(int fd);

}  // namespace penstock::net

#endif  // PENSTOCK_GATEWAY_NET_SOCKET_BIO_H_
