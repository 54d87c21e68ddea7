// TLS over one connected socket to an upstream, as the client: the handshake step by step, then bytes. Reads and writes
// the socket without blocking; waiting is the caller's.
//
// Used on one thread; the socket outlives it.
#ifndef PENSTOCK_GATEWAY_UPSTREAM_TLS_LINK_H_
#define PENSTOCK_GATEWAY_UPSTREAM_TLS_LINK_H_

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "gateway/net/tls_context.h"

struct ssl_st;

namespace penstock::upstream {

class TlsLink {
 public:
  // What Read and Write return besides a count of bytes.
  static constexpr ssize_t kEnd = 0;      // Read: the peer will send no more
  static constexpr ssize_t kAgain = -1;   // nothing now: wait
  static constexpr ssize_t kFailed = -2;  // see why()

  enum class Step { kDone, kWantRead, kWantWrite, kFailed };

  // `name`: what the peer's certificate must be for, a host name or an IP address. Null: out of memory.
  static std::unique_ptr<TlsLink> Start(int fd, net::Context context, const std::string& name);

  // One step; kWantRead and kWantWrite say what to wait for. Fails also where the peer does not agree on HTTP/2.
  Step Handshake();

  ssize_t Read(char* data, size_t size);
  // Bytes taken, as many as go without waiting; kAgain when none.
  ssize_t Write(absl::string_view bytes);

  // What went wrong, for people, with the flag that mends it where there is one.
  const std::string& why() const { return why_; }

 private:
  struct FreeSsl {
    void operator()(ssl_st* ssl) const;
  };

  TlsLink(net::Context context, std::string name, ssl_st* ssl);
  std::string Explain() const;
  ssize_t Result(int result);

  const net::Context context_;
  const std::string name_;
  const std::unique_ptr<ssl_st, FreeSsl> ssl_;
  std::string why_;
};

}  // namespace penstock::upstream

#endif  // PENSTOCK_GATEWAY_UPSTREAM_TLS_LINK_H_
