#include "gateway/net/tls_context.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509err.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "gateway/net/unique_fd.h"

namespace penstock::net {
namespace {

// What RFC 9113 section 9.2.2 leaves of TLS 1.2: ephemeral keys and authenticated ciphers. TLS 1.3 has nothing else.
constexpr char kTls12Ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

// Never asks for a passphrase at the terminal; remembers that one was wanted.
int NoPassphrase(char*, int, int, void* wanted) {
  *static_cast<bool*>(wanted) = true;
  return -1;
}

}  // namespace

absl::StatusOr<Context> NewContext(const SSL_METHOD* method) {
  Context context(SSL_CTX_new(method), SSL_CTX_free);
  if (context == nullptr || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_cipher_list(context.get(), kTls12Ciphers) != 1) {
    return absl::InternalError("OpenSSL has none of what TLS 1.2 with forward secrecy needs");
  }
  // What is inside has its own framing, so an end without close_notify is just an end.
  SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  // Buffers are freed while a connection is idle: 34 KB each.
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);  // tickets resume; nothing is kept here
  return context;
}

absl::Status Unusable(absl::string_view flag, absl::string_view file, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(flag, "=", file, ": ", why));
}

absl::Status CheckReadable(absl::string_view flag, const std::string& file) {
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd) return absl::OkStatus();
  return Unusable(flag, file, absl::StrCat("cannot be read: ", std::strerror(errno), ". Name a readable PEM file."));
}

absl::Status UseCertificate(SSL_CTX* context, absl::string_view flag, const std::string& file) {
  if (absl::Status status = CheckReadable(flag, file); !status.ok()) return status;
  if (SSL_CTX_use_certificate_chain_file(context, file.c_str()) == 1) return absl::OkStatus();
  return Unusable(flag, file, "holds no certificate that can be used. Write PEM: \"-----BEGIN CERTIFICATE-----\".");
}

absl::Status UseKey(SSL_CTX* context, absl::string_view flag, const std::string& file, const std::string& cert_file) {
  if (absl::Status status = CheckReadable(flag, file); !status.ok()) return status;
  bool passphrase_wanted = false;
  SSL_CTX_set_default_passwd_cb(context, NoPassphrase);
  SSL_CTX_set_default_passwd_cb_userdata(context, &passphrase_wanted);
  const bool used = SSL_CTX_use_PrivateKey_file(context, file.c_str(), SSL_FILETYPE_PEM) == 1;
  SSL_CTX_set_default_passwd_cb(context, nullptr);
  SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);
  if (used && SSL_CTX_check_private_key(context) == 1) return absl::OkStatus();
  if (passphrase_wanted) {
    return Unusable(flag, file, "needs a passphrase. Write the key without one: `openssl pkey -in OLD`.");
  }
  if (used || ERR_GET_LIB(ERR_peek_last_error()) == ERR_LIB_X509) {
    return Unusable(flag, file,
                    absl::StrCat("does not match the certificate in ", cert_file,
                                 ". Name the key that the certificate was made for."));
  }
  return Unusable(flag, file, "holds no private key. Write PEM: \"-----BEGIN PRIVATE KEY-----\".");
}

std::vector<FileVersion> VersionsOf(const std::vector<std::string>& files) {
  std::vector<FileVersion> versions;
  for (const std::string& file : files) {
    struct stat info{};
    ::stat(file.c_str(), &info);
    const int64_t changed = int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec;
    versions.emplace_back(info.st_dev, info.st_ino, info.st_size, changed);
  }
  return versions;
}

}  // namespace penstock::net
