// The head of one request, whichever version of HTTP it came by. A pure value.
#ifndef PENSTOCK_GATEWAY_HTTP_REQUEST_HEAD_H_
#define PENSTOCK_GATEWAY_HTTP_REQUEST_HEAD_H_

#include <cstdint>
#include <string>

#include "absl/types/optional.h"
#include "gateway/http/headers.h"

namespace penstock::http {

enum class Version { kHttp10, kHttp11, kHttp2 };

// A request's head, checked by the session's parser: the method is a token, the target is in origin form
// ("/path?query", or "*" for OPTIONS), names are lower-case tokens, values hold no CR, LF or NUL.
struct RequestHead {
  std::string method;
  std::string target;
  Headers headers;
  Version version = Version::kHttp11;
  std::string authority;                    // Host or :authority
  std::string peer;                         // "address:port" of the socket, for logs
  absl::optional<uint64_t> content_length;  // absent: unknown (chunked) or no body
  bool has_body = false;                    // false: OnRequestEnd follows at once
};

}  // namespace penstock::http

#endif  // PENSTOCK_GATEWAY_HTTP_REQUEST_HEAD_H_
