// What both directions of TLS share: a context with the protocol versions and ciphers that are allowed, and the PEM
// files that it is made of.
//
// Errors are INVALID_ARGUMENT and name the flag, the file and the remedy.
#ifndef PENSTOCK_GATEWAY_NET_TLS_CONTEXT_H_
#define PENSTOCK_GATEWAY_NET_TLS_CONTEXT_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct ssl_ctx_st;
struct ssl_method_st;

namespace penstock::net {

using Context = std::shared_ptr<ssl_ctx_st>;

// TLS 1.2 and 1.3 with forward secrecy; no compression, no renegotiation; an idle connection holds no buffers.
// `method`: TLS_server_method() or TLS_client_method().
absl::StatusOr<Context> NewContext(const ssl_method_st* method);

absl::Status Unusable(absl::string_view flag, absl::string_view file, absl::string_view why);
absl::Status CheckReadable(absl::string_view flag, const std::string& file);

// A PEM file with the certificate, then what leads to its CA.
absl::Status UseCertificate(ssl_ctx_st* context, absl::string_view flag, const std::string& file);

// The PEM key, without a passphrase, of the certificate in `cert_file`, which the context has already.
absl::Status UseKey(ssl_ctx_st* context, absl::string_view flag, const std::string& file, const std::string& cert_file);

// What tells one version of a file from another: device, inode, size, time of change. Of a file that is missing: zeros.
using FileVersion = std::tuple<dev_t, ino_t, off_t, int64_t>;
std::vector<FileVersion> VersionsOf(const std::vector<std::string>& files);

}  // namespace penstock::net

#endif  // PENSTOCK_GATEWAY_NET_TLS_CONTEXT_H_
