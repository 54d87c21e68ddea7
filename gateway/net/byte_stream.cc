#include "gateway/net/byte_stream.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <climits>

#include "gateway/net/socket_bio.h"
#include "gateway/net/socket_options.h"

namespace penstock::net {
namespace {

int Bounded(size_t size) { return static_cast<int>(std::min<size_t>(size, INT_MAX)); }

// The peer's certificate must be for `name`; a name, unlike an address, is also sent, so that the peer can choose (SNI,
// RFC 6066 section 3, takes no addresses).
bool Expect(SSL* tls, const std::string& name) {
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), name.c_str()) == 1) return true;
  SSL_set_hostflags(tls, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set_tlsext_host_name(tls, name.c_str()) == 1 && SSL_set1_host(tls, name.c_str()) == 1;
}

}  // namespace

void ByteStream::FreeTls::operator()(ssl_st* tls) const { SSL_free(tls); }

ByteStream::ByteStream(Loop& loop, UniqueFd socket) : ByteStream(loop) {
  boost::system::error_code error;
  descriptor_.assign(socket.get(), error);
  if (!error) socket.release();
}

ByteStream::~ByteStream() = default;

bool ByteStream::FirstByteIs(char byte) {
  char first = 0;
  return ::recv(fd(), &first, 1, MSG_PEEK | MSG_DONTWAIT) == 1 && first == byte;
}

bool ByteStream::NewTls(ssl_ctx_st* context) {
  ERR_clear_error();
  tls_.reset(SSL_new(context));
  BIO* bio = tls_ == nullptr ? nullptr : NewSocketBio(fd());
  if (bio == nullptr) {
    tls_.reset();
    return false;
  }
  SSL_set_bio(tls_.get(), bio, bio);
  return true;
}

bool ByteStream::StartTlsServer(ssl_ctx_st* context) {
  if (!NewTls(context)) return false;
  SSL_set_accept_state(tls_.get());
  return true;
}

bool ByteStream::StartTlsClient(ssl_ctx_st* context, const std::string& name) {
  if (!NewTls(context) || !Expect(tls_.get(), name)) {
    tls_.reset();
    return false;
  }
  SSL_set_connect_state(tls_.get());
  return true;
}

// The one place that knows how OpenSSL answers. `needs` is set to what the socket must be for `operation` to go on.
template <typename Operation>
ssize_t ByteStream::DoTls(Needs& needs, Operation operation) {
  if (failed_) return kFailed;
  ERR_clear_error();
  errno = 0;
  const int result = operation(tls_.get());
  if (result > 0) return result;
  const int socket_error = errno;
  switch (SSL_get_error(tls_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      needs = Needs::kReadable;
      return kAgain;
    case SSL_ERROR_WANT_WRITE:
      needs = Needs::kWritable;
      return kAgain;
    case SSL_ERROR_ZERO_RETURN:
      return kEnd;
    default:
      return Fail(socket_error, static_cast<uint32_t>(ERR_peek_last_error()));
  }
}

ssize_t ByteStream::Fail(int socket_error, uint32_t tls_error) {
  if (std::exchange(failed_, true)) return kFailed;
  socket_error_ = socket_error;
  tls_error_ = tls_error;
  return kFailed;
}

ByteStream::Failure ByteStream::failure() const {
  return {socket_error_, tls_error_, tls_ == nullptr ? X509_V_OK : SSL_get_verify_result(tls_.get())};
}

ByteStream::HandshakeResult ByteStream::Handshake() {
  const ssize_t result = DoTls(read_needs_, SSL_do_handshake);
  if (result == kAgain) return HandshakeResult::kAgain;
  read_needs_ = Needs::kReadable;
  if (result > 0) return HandshakeResult::kDone;
  Fail(0, 0);  // it closed, unless it has failed before
  return HandshakeResult::kFailed;
}

ByteStream::Alpn ByteStream::alpn() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(tls_.get(), &name, &size);
  const absl::string_view chosen(reinterpret_cast<const char*>(name), size);
  if (chosen == "h2") return Alpn::kHttp2;
  return chosen == "http/1.1" ? Alpn::kHttp11 : Alpn::kNone;
}

ssize_t ByteStream::ReadTls(char* data, size_t size) {
  read_needs_ = Needs::kReadable;
  const ssize_t n = DoTls(read_needs_, [&](SSL* tls) { return SSL_read(tls, data, Bounded(size)); });
  ended_ = n == kEnd;
  return n;
}

ssize_t ByteStream::ReadAll(char* data, size_t size) {
  if (tls_ == nullptr) return Read(data, size);
  size_t total = 0;
  ssize_t n = 0;
  do {
    n = ReadTls(data + total, size - total);
    if (n > 0) total += static_cast<size_t>(n);
  } while (n > 0 && total < size);
  return total > 0 ? static_cast<ssize_t>(total) : n;  // an end or a failure is found again by the next read
}

// One record, and one send, for each 16 KiB.
ssize_t ByteStream::WriteTls(absl::string_view bytes) {
  size_t taken = 0;
  write_needs_ = Needs::kWritable;
  while (taken < bytes.size()) {
    const absl::string_view rest = bytes.substr(taken);
    const ssize_t n = DoTls(write_needs_, [&](SSL* tls) { return SSL_write(tls, rest.data(), Bounded(rest.size())); });
    if (n == kAgain) break;
    if (n <= 0) return Fail(errno, 0);  // kEnd: the peer has ended its side, too
    taken += static_cast<size_t>(n);
  }
  return taken == 0 ? kAgain : static_cast<ssize_t>(taken);
}

// Whether Read has an answer that the kernel need not announce: bytes that are decrypted already, the end, a failure.
bool ByteStream::ReadsAtOnce() const { return ended_ || failed_ || SSL_pending(tls_.get()) > 0; }

bool ByteStream::Readable() {
  char byte;
  return (tls_ != nullptr && ReadsAtOnce()) || ::recv(fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

void ByteStream::ShutdownWrite() {
  if (tls_ != nullptr) {
    ERR_clear_error();
    SSL_shutdown(tls_.get());  // close_notify, if there is room for it
    tls_.reset();
    read_needs_ = Needs::kReadable;
    write_needs_ = Needs::kWritable;
  }
  ::shutdown(fd(), SHUT_WR);
}

void ByteStream::Close(bool reset) {
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
