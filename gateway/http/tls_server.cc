#include "gateway/http/tls_server.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509err.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gateway/http/unique_fd.h"

namespace penstock::http {
namespace {

using Context = std::shared_ptr<SSL_CTX>;

constexpr unsigned char kProtocols[] = "\x02h2\x08http/1.1";  // in the order of preference
constexpr unsigned kProtocolsBytes = sizeof(kProtocols) - 1;

// What RFC 9113 section 9.2.2 leaves of TLS 1.2: ephemeral keys and authenticated ciphers. TLS 1.3 has nothing else.
constexpr char kTls12Ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

// Binds session tickets to this use of TLS, without which OpenSSL refuses to resume where client certificates are asked
// for.
constexpr unsigned char kSessionContext[] = "penstock";

absl::Status Unusable(absl::string_view flag, absl::string_view file, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(flag, "=", file, ": ", why));
}

absl::Status CheckReadable(absl::string_view flag, const std::string& file) {
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd) return absl::OkStatus();
  return Unusable(flag, file, absl::StrCat("cannot be read: ", std::strerror(errno), ". Name a readable PEM file."));
}

// Never asks for a passphrase at the terminal; remembers that one was wanted.
int NoPassphrase(char*, int, int, void* wanted) {
  *static_cast<bool*>(wanted) = true;
  return -1;
}

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

absl::StatusOr<Context> NewContext() {
  Context context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (context == nullptr || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_cipher_list(context.get(), kTls12Ciphers) != 1 ||
      SSL_CTX_set_session_id_context(context.get(), kSessionContext, sizeof(kSessionContext) - 1) != 1) {
    return absl::InternalError("OpenSSL has none of what TLS 1.2 with forward secrecy needs");
  }
  // Requests have their own framing, so an end without close_notify is just an end.
  SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  // Buffers are freed while a connection is idle: 34 KB each.
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);  // tickets resume; nothing is kept here
  SSL_CTX_set_num_tickets(context.get(), 1);
  SSL_CTX_set_alpn_select_cb(context.get(), ChooseProtocol, nullptr);
  return context;
}

absl::Status UseCertificate(SSL_CTX* context, const std::string& file) {
  constexpr char kFlag[] = "--tls-cert-file";
  if (absl::Status status = CheckReadable(kFlag, file); !status.ok()) return status;
  if (SSL_CTX_use_certificate_chain_file(context, file.c_str()) == 1) return absl::OkStatus();
  return Unusable(kFlag, file, "holds no certificate that can be used. Write PEM: \"-----BEGIN CERTIFICATE-----\".");
}

absl::Status UseKey(SSL_CTX* context, const TlsFiles& files) {
  constexpr char kFlag[] = "--tls-key-file";
  if (absl::Status status = CheckReadable(kFlag, files.key_file); !status.ok()) return status;
  bool passphrase_wanted = false;
  SSL_CTX_set_default_passwd_cb(context, NoPassphrase);
  SSL_CTX_set_default_passwd_cb_userdata(context, &passphrase_wanted);
  const bool used = SSL_CTX_use_PrivateKey_file(context, files.key_file.c_str(), SSL_FILETYPE_PEM) == 1;
  SSL_CTX_set_default_passwd_cb(context, nullptr);
  SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);
  if (used && SSL_CTX_check_private_key(context) == 1) return absl::OkStatus();
  if (passphrase_wanted) {
    return Unusable(kFlag, files.key_file, "needs a passphrase. Write the key without one: `openssl pkey -in OLD`.");
  }
  if (used || ERR_GET_LIB(ERR_peek_last_error()) == ERR_LIB_X509) {
    return Unusable(kFlag, files.key_file,
                    absl::StrCat("does not match the certificate in ", files.cert_file,
                                 ". Name the key that the certificate was made for."));
  }
  return Unusable(kFlag, files.key_file, "holds no private key. Write PEM: \"-----BEGIN PRIVATE KEY-----\".");
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
  absl::StatusOr<Context> context = NewContext();
  if (!context.ok()) return context;
  absl::Status status = UseCertificate(context->get(), files.cert_file);
  if (status.ok()) status = UseKey(context->get(), files);
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

std::shared_ptr<ssl_ctx_st> TlsServer::context() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return context_;
}

absl::StatusOr<bool> TlsServer::ReloadIfChanged() {
  std::vector<Version> versions = Versions();  // before reading: what changes meanwhile is found the next time
  if (versions == loaded_) return false;
  absl::StatusOr<Context> context = LoadContext(files_);
  if (!context.ok()) return context.status();
  loaded_ = std::move(versions);
  const std::lock_guard<std::mutex> lock(mutex_);
  context_ = *std::move(context);
  return true;
}

std::vector<TlsServer::Version> TlsServer::Versions() const {
  std::vector<Version> versions;
  for (const std::string* file : {&files_.cert_file, &files_.key_file, &files_.client_ca_file}) {
    struct stat info {};
    ::stat(file->c_str(), &info);  // one that is missing is told when it is read
    const int64_t changed = int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec;
    versions.emplace_back(info.st_dev, info.st_ino, info.st_size, changed);
  }
  return versions;
}

}  // namespace penstock::http
