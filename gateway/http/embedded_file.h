// A file compiled into the binary: what tools/bazel/embed.bzl generates an array of.
#ifndef PENSTOCK_GATEWAY_HTTP_EMBEDDED_FILE_H_
#define PENSTOCK_GATEWAY_HTTP_EMBEDDED_FILE_H_

#include <cstddef>

namespace penstock::http {

struct EmbeddedFile {
  const char* name;  // relative to the folder it came from: "index.html"
  const char* data;  // not null-terminated
  size_t size;
};

}  // namespace penstock::http

#endif  // PENSTOCK_GATEWAY_HTTP_EMBEDDED_FILE_H_
