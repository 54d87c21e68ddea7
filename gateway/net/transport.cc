#include "gateway/net/transport.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <climits>
#include <cstdint>

#include "gateway/net/socket_bio.h"
#include "gateway/net/socket_options.h"

namespace penstock::net {
namespace {

int Bounded(size_t size) { return static_cast<int>(std::min<size_t>(size, INT_MAX)); }

}  // namespace

void Transport::FreeTls::operator()(ssl_st* tls) const { SSL_free(tls); }

Transport::Transport(Loop& loop, UniqueFd socket) : descriptor_(loop.io().get_executor()) {
  ConfigureClientSocket(socket.get());
  boost::system::error_code error;
  descriptor_.assign(socket.get(), error);
  if (!error) socket.release();
}

Transport::~Transport() = default;

bool Transport::FirstByteIs(char byte) {
  char first = 0;
  return ::recv(fd(), &first, 1, MSG_PEEK | MSG_DONTWAIT) == 1 && first == byte;
}

bool Transport::StartTls(ssl_ctx_st* context) {
  ERR_clear_error();
  tls_.reset(SSL_new(context));
  BIO* bio = NewSocketBio(fd());
  if (tls_ == nullptr || bio == nullptr) {
    BIO_free(bio);
    tls_.reset();
    return false;
  }
  SSL_set_bio(tls_.get(), bio, bio);
  SSL_set_accept_state(tls_.get());
  return true;
}

Transport::Handshake Transport::ContinueHandshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(tls_.get());
  if (result == 1) return Handshake::kDone;
  switch (SSL_get_error(tls_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return Handshake::kWantRead;
    case SSL_ERROR_WANT_WRITE:
      return Handshake::kWantWrite;
    default:
      return Handshake::kFailed;
  }
}

Transport::Alpn Transport::alpn() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(tls_.get(), &name, &size);
  const absl::string_view chosen(reinterpret_cast<const char*>(name), size);
  if (chosen == "h2") return Alpn::kHttp2;
  return chosen == "http/1.1" ? Alpn::kHttp11 : Alpn::kNone;
}

ssize_t Transport::ReadTls(char* data, size_t size) {
  ERR_clear_error();
  read_wants_write_ = false;
  const int n = SSL_read(tls_.get(), data, Bounded(size));
  if (n > 0) return n;
  switch (SSL_get_error(tls_.get(), n)) {
    case SSL_ERROR_ZERO_RETURN:
      return kEnd;
    case SSL_ERROR_WANT_WRITE:
      read_wants_write_ = true;
      return kAgain;
    case SSL_ERROR_WANT_READ:
      return kAgain;
    default:
      return kFailed;
  }
}

// One record, and one send, for each 16 KiB.
ssize_t Transport::WriteTls(absl::string_view bytes) {
  size_t taken = 0;
  while (taken < bytes.size()) {
    ERR_clear_error();
    const int n = SSL_write(tls_.get(), bytes.data() + taken, Bounded(bytes.size() - taken));
    if (n > 0) {
      taken += static_cast<size_t>(n);
      continue;
    }
    const int error = SSL_get_error(tls_.get(), n);
    if (error != SSL_ERROR_WANT_WRITE && error != SSL_ERROR_WANT_READ) return kFailed;
    break;
  }
  return taken == 0 ? kAgain : static_cast<ssize_t>(taken);
}

bool Transport::HasDecrypted() const { return SSL_pending(tls_.get()) > 0; }

bool Transport::Readable() {
  char byte;
  return (tls_ != nullptr && HasDecrypted()) || ::recv(fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

void Transport::ShutdownWrite() {
  if (tls_ != nullptr) {
    ERR_clear_error();
    SSL_shutdown(tls_.get());  // close_notify, if there is room for it
    tls_.reset();
    read_wants_write_ = false;
  }
  ::shutdown(fd(), SHUT_WR);
}

void Transport::Close(bool reset) {
  if (!open()) return;
  if (reset) {
    ResetOnClose(fd());
  } else if (tls_ != nullptr) {
    ERR_clear_error();
    SSL_shutdown(tls_.get());
  }
  tls_.reset();
  boost::system::error_code ignored;
  descriptor_.close(ignored);
}

}  // namespace penstock::net
