// The page, compiled into the binary by tools/bazel/embed.bzl.
#ifndef PENSTOCK_GATEWAY_HTTP_EMBEDDED_WEB_H_
#define PENSTOCK_GATEWAY_HTTP_EMBEDDED_WEB_H_

#include "absl/types/span.h"
#include "gateway/http/embedded_file.h"

namespace penstock::http {

// The files of //web:files, sorted by name. Static; any thread.
absl::Span<const EmbeddedFile> EmbeddedWeb();

}  // namespace penstock::http

#endif  // PENSTOCK_GATEWAY_HTTP_EMBEDDED_WEB_H_
