#include "gateway/upstream/tls_link.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/net/socket_bio.h"

namespace penstock::upstream {
namespace {

int Bounded(size_t size) { return static_cast<int>(std::min<size_t>(size, INT_MAX)); }

// The peer's certificate must be for `name`; a name, unlike an address, is also sent, so that the peer can choose (SNI,
// RFC 6066 section 3, takes no addresses).
bool Expect(SSL* ssl, const std::string& name) {
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name.c_str()) == 1) return true;
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set_tlsext_host_name(ssl, name.c_str()) == 1 && SSL_set1_host(ssl, name.c_str()) == 1;
}

bool WantsCertificate(int reason) {
  return reason == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED || reason == SSL_R_SSLV3_ALERT_BAD_CERTIFICATE ||
         reason == SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN || reason == SSL_R_TLSV1_ALERT_UNKNOWN_CA;
}

}  // namespace

void TlsLink::FreeSsl::operator()(ssl_st* ssl) const { SSL_free(ssl); }

TlsLink::TlsLink(net::Context context, std::string name, ssl_st* ssl)
    : context_(std::move(context)), name_(std::move(name)), ssl_(ssl) {}

std::unique_ptr<TlsLink> TlsLink::Start(int fd, net::Context context, const std::string& name) {
  ERR_clear_error();
  SSL* ssl = SSL_new(context.get());
  BIO* bio = ssl == nullptr ? nullptr : net::NewSocketBio(fd);
  if (bio == nullptr || !Expect(ssl, name)) {
    BIO_free(bio);
    SSL_free(ssl);
    return nullptr;
  }
  SSL_set_bio(ssl, bio, bio);
  SSL_set_connect_state(ssl);
  return std::unique_ptr<TlsLink>(new TlsLink(std::move(context), name, ssl));
}

TlsLink::Step TlsLink::Handshake() {
  ERR_clear_error();
  errno = 0;
  const int result = SSL_do_handshake(ssl_.get());
  if (result != 1) {
    switch (SSL_get_error(ssl_.get(), result)) {
      case SSL_ERROR_WANT_READ:
        return Step::kWantRead;
      case SSL_ERROR_WANT_WRITE:
        return Step::kWantWrite;
      default:
        why_ = Explain();
        return Step::kFailed;
    }
  }
  const unsigned char* agreed = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &agreed, &size);
  if (absl::string_view(reinterpret_cast<const char*>(agreed), size) == "h2") return Step::kDone;
  why_ = "it speaks TLS, but does not agree on HTTP/2 (ALPN \"h2\"): is it a gRPC server?";
  return Step::kFailed;
}

ssize_t TlsLink::Read(char* data, size_t size) {
  ERR_clear_error();
  errno = 0;
  return Result(SSL_read(ssl_.get(), data, Bounded(size)));
}

ssize_t TlsLink::Write(absl::string_view bytes) {
  ERR_clear_error();
  errno = 0;
  return Result(SSL_write(ssl_.get(), bytes.data(), Bounded(bytes.size())));
}

ssize_t TlsLink::Result(int result) {
  if (result > 0) return result;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_ZERO_RETURN:
      return kEnd;
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return kAgain;
    default:
      // Closed without a word, or reset: an end as well.
      if (ERR_peek_last_error() == 0 && (errno == 0 || errno == ECONNRESET)) return kEnd;
      why_ = Explain();
      return kFailed;
  }
}

std::string TlsLink::Explain() const {
  const long verified = SSL_get_verify_result(ssl_.get());
  if (verified == X509_V_ERR_HOSTNAME_MISMATCH || verified == X509_V_ERR_IP_ADDRESS_MISMATCH) {
    return absl::StrCat("its certificate is not for ", name_,
                        ": name the one that it is for with --upstream-server-name");
  }
  if (verified != X509_V_OK) {
    return absl::StrCat("its certificate is not trusted (", X509_verify_cert_error_string(verified),
                        "): name its CA with --upstream-ca-file");
  }
  const int saved = errno;
  const unsigned long error = ERR_peek_last_error();
  const int reason = ERR_GET_REASON(error);
  if (error == 0) return saved == 0 ? "it closed the connection" : std::strerror(saved);
  if (WantsCertificate(reason)) {
    return "it does not take the gateway's certificate, or wants one: give --upstream-cert-file and "
           "--upstream-key-file of a CA that it trusts";
  }
  if (reason == SSL_R_WRONG_VERSION_NUMBER) return "it does not speak TLS: leave --upstream-tls out";
  const char* text = ERR_reason_error_string(error);
  return absl::StrCat("TLS failed: ", text == nullptr ? "for a reason that OpenSSL does not name" : text);
}

}  // namespace penstock::upstream
