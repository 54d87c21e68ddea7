#include "gateway/net/tls_client.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <cstring>

#include "absl/strings/str_cat.h"

namespace penstock::net {
namespace {

constexpr unsigned char kProtocols[] = "\x02h2";

absl::Status UseCa(SSL_CTX* context, const std::string& file) {
  constexpr char kFlag[] = "--upstream-ca-file";
  if (file.empty()) {
    SSL_CTX_set_default_verify_paths(context);
    return absl::OkStatus();
  }
  if (absl::Status status = CheckReadable(kFlag, file); !status.ok()) return status;
  if (SSL_CTX_load_verify_file(context, file.c_str()) == 1) return absl::OkStatus();
  return Unusable(kFlag, file, "holds no CA certificate. Write PEM: \"-----BEGIN CERTIFICATE-----\".");
}

bool WantsCertificate(int reason) {
  return reason == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED || reason == SSL_R_SSLV3_ALERT_BAD_CERTIFICATE ||
         reason == SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN || reason == SSL_R_TLSV1_ALERT_UNKNOWN_CA;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TlsClient>> TlsClient::Load(TlsClientOptions options) {
  std::unique_ptr<TlsClient> client(new TlsClient(std::move(options)));
  const MutexLock lock(client->mutex_);
  client->loaded_ = client->Versions();
  absl::StatusOr<Context> context = client->LoadContext();
  if (!context.ok()) return context.status();
  client->context_ = *std::move(context);
  return client;
}

Context TlsClient::context() const {
  const MutexLock lock(mutex_);
  std::vector<FileVersion> versions = Versions();
  if (versions == loaded_) return context_;
  absl::StatusOr<Context> context = LoadContext();
  // Files that are replaced one by one do not match for a moment: the next connection looks again.
  if (!context.ok()) return context_;
  loaded_ = std::move(versions);
  context_ = *std::move(context);
  return context_;
}

absl::StatusOr<Context> TlsClient::LoadContext() const {
  ERR_clear_error();
  absl::StatusOr<Context> context = NewContext(TLS_client_method());
  if (!context.ok()) return context;
  SSL_CTX_set_verify(context->get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_alpn_protos(context->get(), kProtocols, sizeof(kProtocols) - 1);
  absl::Status status = UseCa(context->get(), options_.ca_file);
  if (status.ok() && !options_.cert_file.empty()) {
    status = UseCertificate(context->get(), "--upstream-cert-file", options_.cert_file);
    if (status.ok()) {
      status = UseKey(context->get(), "--upstream-key-file", options_.key_file, options_.cert_file);
    }
  }
  ERR_clear_error();
  if (!status.ok()) return status;
  return context;
}

std::string TlsClient::Explain(const ByteStream::Failure& failure, const std::string& host) const {
  const long verified = static_cast<long>(failure.verify_result);
  if (verified == X509_V_ERR_HOSTNAME_MISMATCH || verified == X509_V_ERR_IP_ADDRESS_MISMATCH) {
    return absl::StrCat("its certificate is not for ", NameFor(host),
                        ": name the one that it is for with --upstream-server-name");
  }
  if (verified != X509_V_OK) {
    return absl::StrCat("its certificate is not trusted (", X509_verify_cert_error_string(verified),
                        "): name its CA with --upstream-ca-file");
  }
  if (failure.tls_error == 0) {
    return failure.socket_error == 0 ? "it closed the connection" : std::strerror(failure.socket_error);
  }
  const int reason = ERR_GET_REASON(failure.tls_error);
  if (WantsCertificate(reason)) {
    return "it does not take the gateway's certificate, or wants one: give --upstream-cert-file and "
           "--upstream-key-file of a CA that it trusts";
  }
  if (reason == SSL_R_WRONG_VERSION_NUMBER) return "it does not speak TLS: leave --upstream-tls out";
  const char* text = ERR_reason_error_string(failure.tls_error);
  return absl::StrCat("TLS failed: ", text == nullptr ? "for a reason that OpenSSL does not name" : text);
}

std::vector<FileVersion> TlsClient::Versions() const {
  return VersionsOf({options_.ca_file, options_.cert_file, options_.key_file});
}

}  // namespace penstock::net
