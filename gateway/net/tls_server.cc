#include "gateway/net/tls_server.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <utility>

#include "absl/strings/string_view.h"

namespace penstock::net {
namespace {

constexpr unsigned char kProtocols[] = "\x02h2\x08http/1.1";  // in the order of preference
constexpr unsigned kProtocolsBytes = sizeof(kProtocols) - 1;

// Binds session tickets to this use of TLS, without which OpenSSL refuses to resume where client certificates are asked
// for.
constexpr unsigned char kSessionContext[] = "penstock";

int ChooseProtocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size, const unsigned char* offered,
                   unsigned offered_size, void*) {
  unsigned char* choice = nullptr;
  if (SSL_select_next_proto(&choice, chosen_size, kProtocols, kProtocolsBytes, offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;  // RFC 7301 section 3.2
  }
  *chosen = choice;
  return SSL_TLSEXT_ERR_OK;
}

absl::StatusOr<Context> NewServerContext() {
  absl::StatusOr<Context> context = NewContext(TLS_server_method());
  if (!context.ok()) return context;
  if (SSL_CTX_set_session_id_context(context->get(), kSessionContext, sizeof(kSessionContext) - 1) != 1) {
    return absl::InternalError("OpenSSL does not take the name of its sessions");
  }
  SSL_CTX_set_num_tickets(context->get(), 1);
  SSL_CTX_set_alpn_select_cb(context->get(), ChooseProtocol, nullptr);
  return context;
}

absl::Status UseClientCa(SSL_CTX* context, const std::string& file) {
  constexpr char kFlag[] = "--tls-client-ca-file";
  if (file.empty()) return absl::OkStatus();
  if (absl::Status status = CheckReadable(kFlag, file); !status.ok()) return status;
  STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(file.c_str());
  if (names == nullptr || SSL_CTX_load_verify_file(context, file.c_str()) != 1) {
    sk_X509_NAME_pop_free(names, X509_NAME_free);
    return Unusable(kFlag, file, "holds no CA certificate. Write PEM: \"-----BEGIN CERTIFICATE-----\".");
  }
  SSL_CTX_set_client_CA_list(context, names);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return absl::OkStatus();
}

absl::StatusOr<Context> LoadContext(const TlsFiles& files) {
  ERR_clear_error();
  absl::StatusOr<Context> context = NewServerContext();
  if (!context.ok()) return context;
  absl::Status status = UseCertificate(context->get(), "--tls-cert-file", files.cert_file);
  if (status.ok()) status = UseKey(context->get(), "--tls-key-file", files.key_file, files.cert_file);
  if (status.ok()) status = UseClientCa(context->get(), files.client_ca_file);
  ERR_clear_error();
  if (!status.ok()) return status;
  return context;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TlsServer>> TlsServer::Load(TlsFiles files) {
  std::unique_ptr<TlsServer> server(new TlsServer(std::move(files)));
  const absl::StatusOr<bool> loaded = server->ReloadIfChanged();
  if (!loaded.ok()) return loaded.status();
  return server;
}

Context TlsServer::context() const {
  const MutexLock lock(mutex_);
  return context_;
}

absl::StatusOr<bool> TlsServer::ReloadIfChanged() {
  // Before reading: what changes meanwhile is found the next time.
  std::vector<FileVersion> versions = VersionsOf({files_.cert_file, files_.key_file, files_.client_ca_file});
  if (versions == loaded_) return false;
  absl::StatusOr<Context> context = LoadContext(files_);
  if (!context.ok()) return context.status();
  loaded_ = std::move(versions);
  const MutexLock lock(mutex_);
  context_ = *std::move(context);
  return true;
}

}  // namespace penstock::net
