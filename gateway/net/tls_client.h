// The gateway's side of TLS towards an upstream: the CAs that vouch for it, and, where it asks for one, the certificate
// that the gateway shows. Files that have changed are read again for the next connection, so that renewed ones need no
// restart.
//
//   auto tls = TlsClient::Load({.ca_file = "ca.crt"}).value();
//   byte_stream.StartTlsClient(tls->context().get(), tls->NameFor("orders.example"));
#ifndef PENSTOCK_GATEWAY_NET_TLS_CLIENT_H_
#define PENSTOCK_GATEWAY_NET_TLS_CLIENT_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "gateway/base/mutex.h"
#include "gateway/net/byte_stream.h"
#include "gateway/net/tls_context.h"

namespace penstock::net {

struct TlsClientOptions {
  std::string ca_file = {};      // PEM; empty: the system's CAs
  std::string cert_file = {};    // PEM: the certificate, then what leads to its CA; empty: none is shown
  std::string key_file = {};     // PEM, without a passphrase
  std::string server_name = {};  // that the upstream's certificate must have; empty: its address's host
};

class TlsClient {
 public:
  // INVALID_ARGUMENT names the file, its flag and the remedy.
  static absl::StatusOr<std::unique_ptr<TlsClient>> Load(TlsClientOptions options);

  // For the next connection. After files that cannot be used, the last good ones. Any thread.
  Context context() const;

  // What went wrong on a connection to an address with this host, for people, with the flag that mends it where there
  // is one.
  std::string Explain(const ByteStream::Failure& failure, const std::string& host) const;

  // Whose certificate is wanted of an address with this host.
  const std::string& NameFor(const std::string& host) const {
    return options_.server_name.empty() ? host : options_.server_name;
  }

 private:
  explicit TlsClient(TlsClientOptions options) : options_(std::move(options)) {}
  absl::StatusOr<Context> LoadContext() const;
  std::vector<FileVersion> Versions() const;

  const TlsClientOptions options_;
  mutable Mutex mutex_;
  mutable std::vector<FileVersion> loaded_ ABSL_GUARDED_BY(mutex_);
  mutable Context context_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace penstock::net

#endif  // PENSTOCK_GATEWAY_NET_TLS_CLIENT_H_
