#include "tests/bench/link.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace penstock::bench {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(10);

SSL_CTX* Context() {
  static SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  return context;
}

}  // namespace

absl::StatusOr<Link> Link::Connect(absl::string_view address, bool tls, absl::string_view alpn) {
  absl::StatusOr<testing::RawClient> client = testing::RawClient::Connect(address);
  if (!client.ok()) return client.status();
  Link link(*std::move(client));
  if (tls) {
    if (absl::Status status = link.Handshake(alpn); !status.ok()) return status;
  }
  return link;
}

// Blocking; Receive is not, from then on.
absl::Status Link::Handshake(absl::string_view alpn) {
  ssl_.reset(SSL_new(Context()));
  SSL_set_fd(ssl_.get(), client_.fd());
  const std::string wire = absl::StrCat(std::string(1, static_cast<char>(alpn.size())), alpn);
  SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(wire.data()),
                      static_cast<unsigned>(wire.size()));
  const int flags = fcntl(client_.fd(), F_GETFL);
  fcntl(client_.fd(), F_SETFL, flags & ~O_NONBLOCK);
  if (SSL_connect(ssl_.get()) != 1) {
    return absl::UnavailableError(absl::StrCat("no TLS handshake: ", ERR_reason_error_string(ERR_peek_last_error())));
  }
  const unsigned char* agreed = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(ssl_.get(), &agreed, &length);
  if (absl::string_view(reinterpret_cast<const char*>(agreed), length) != alpn) {
    return absl::UnavailableError(absl::StrCat("ALPN did not agree on ", alpn));
  }
  fcntl(client_.fd(), F_SETFL, flags | O_NONBLOCK);
  return absl::OkStatus();
}

absl::Status Link::Send(absl::string_view bytes) {
  if (ssl_ == nullptr) return client_.Send(bytes, absl::Now() + kPatience);
  const absl::Time deadline = absl::Now() + kPatience;
  while (!bytes.empty()) {
    size_t written = 0;
    if (SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &written) == 1) {
      bytes.remove_prefix(written);
      continue;
    }
    const int error = SSL_get_error(ssl_.get(), 0);
    if (error != SSL_ERROR_WANT_WRITE && error != SSL_ERROR_WANT_READ) return absl::UnavailableError("reset");
    if (absl::Now() > deadline) return absl::DeadlineExceededError("the peer does not read");
    pollfd polled{client_.fd(), static_cast<short>(error == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN), 0};
    poll(&polled, 1, 100);
  }
  return absl::OkStatus();
}

ssize_t Link::Receive(char* buffer, size_t size) {
  if (ssl_ == nullptr) {
    const ssize_t count = recv(client_.fd(), buffer, size, MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) errno = EAGAIN;
    return count;
  }
  size_t count = 0;
  if (SSL_read_ex(ssl_.get(), buffer, size, &count) == 1) return static_cast<ssize_t>(count);
  switch (SSL_get_error(ssl_.get(), 0)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      errno = EAGAIN;
      return -1;
    case SSL_ERROR_ZERO_RETURN:
      return 0;
    default:
      ERR_clear_error();
      errno = ECONNRESET;
      return -1;
  }
}

void Link::Close() { client_.Close(); }

}  // namespace penstock::bench
