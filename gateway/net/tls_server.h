// The gateway's side of TLS towards clients: certificate chain, key and, where clients must show certificates, the CAs
// that vouch for them. Reads them from files, again when these change.
//
// Any thread may ask for the context; a connection keeps the one it began with, so a new certificate drops no stream.
//
//   auto tls = TlsServer::Load({.cert_file = "tls.crt", .key_file = "tls.key"});
//   byte_stream.StartTlsServer((*tls)->context().get());
#ifndef PENSTOCK_GATEWAY_NET_TLS_SERVER_H_
#define PENSTOCK_GATEWAY_NET_TLS_SERVER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/base/mutex.h"
#include "gateway/net/tls_context.h"

namespace penstock::net {

struct TlsFiles {
  std::string cert_file;       // PEM: the certificate, then what leads to its CA
  std::string key_file;        // PEM, without a passphrase
  std::string client_ca_file;  // PEM; empty: no client is asked for a certificate
};

class TlsServer {
 public:
  // Fails with INVALID_ARGUMENT naming the file, its flag and the remedy.
  static absl::StatusOr<std::unique_ptr<TlsServer>> Load(TlsFiles files);

  // For the next handshake. TLS 1.2 and 1.3 with forward secrecy, "h2" and "http/1.1" by ALPN; no compression, no
  // renegotiation. Any thread.
  Context context() const;

  // Who shows no certificate of the client CA may not ask for anything, in the clear neither.
  bool requires_client_certificate() const { return !files_.client_ca_file.empty(); }

  // Loads the files again if one of them was replaced since the last success; whether it did. After a failure the last
  // good context stays, and the next call tries again: files that are replaced one by one do not match for a moment.
  // One thread at a time.
  absl::StatusOr<bool> ReloadIfChanged();

 private:
  explicit TlsServer(TlsFiles files) : files_(std::move(files)) {}

  const TlsFiles files_;
  std::vector<FileVersion> loaded_;  // used by who reloads
  mutable Mutex mutex_;
  Context context_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace penstock::net

#endif  // PENSTOCK_GATEWAY_NET_TLS_SERVER_H_
