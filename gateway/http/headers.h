// Header fields of a request or a response. Pure values.
#ifndef PENSTOCK_GATEWAY_HTTP_HEADERS_H_
#define PENSTOCK_GATEWAY_HTTP_HEADERS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace penstock::http {

// One header field. In requests the name is in lower case; in responses it is written as given.
struct Header {
  std::string name;
  std::string value;
};
using Headers = std::vector<Header>;

// The first field called `name` (lower case), or null.
inline const std::string* FindHeader(const Headers& headers, absl::string_view name) {
  for (const Header& header : headers) {
    if (absl::string_view(header.name) == name) return &header.value;
  }
  return nullptr;
}

}  // namespace penstock::http

#endif  // PENSTOCK_GATEWAY_HTTP_HEADERS_H_
