// A client connection of a benchmark, with or without TLS.
//
//   Link link = Link::Connect("127.0.0.1:8080", /*tls=*/true, "h2").value();
//   link.Send(bytes);
//   ssize_t count = link.Receive(buffer, size);   // as recv() with MSG_DONTWAIT
//
// Not thread-safe.
#ifndef PENSTOCK_TESTS_BENCH_LINK_H_
#define PENSTOCK_TESTS_BENCH_LINK_H_

#include <openssl/ssl.h>
#include <sys/types.h>

#include <cstddef>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tests/support/raw_client.h"

namespace penstock::bench {

class Link {
 public:
  // Over TLS `alpn` is what must be agreed on; the certificate is not checked, since nothing secret is sent.
  static absl::StatusOr<Link> Connect(absl::string_view address, bool tls, absl::string_view alpn);

  // All of `bytes`, waiting for the peer up to ten seconds.
  absl::Status Send(absl::string_view bytes);

  // What has come, up to `size` bytes; 0: the peer has closed; -1: errno says why, EAGAIN that nothing is there.
  ssize_t Receive(char* buffer, size_t size);

  void Close();
  int fd() const { return client_.fd(); }

 private:
  struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  explicit Link(testing::RawClient client) : client_(std::move(client)) {}
  absl::Status Handshake(absl::string_view alpn);

  testing::RawClient client_;
  std::unique_ptr<SSL, FreeSsl> ssl_;  // null: no TLS
};

}  // namespace penstock::bench

#endif  // PENSTOCK_TESTS_BENCH_LINK_H_
