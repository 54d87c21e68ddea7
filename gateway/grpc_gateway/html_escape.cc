#include "gateway/grpc_gateway/html_escape.h"

#include <algorithm>

namespace penstock::grpc_gateway {
namespace {

constexpr size_t kEscapeBytes = 6;

bool IsHtml(char c) { return c == '<' || c == '>' || c == '&'; }

}  // namespace

void EscapeHtml(size_t begin, std::string* json) {
  const auto first = json->begin() + static_cast<ptrdiff_t>(begin);
  const size_t count = static_cast<size_t>(std::count_if(first, json->end(), IsHtml));
  if (count == 0) return;
  // From the back, in place: what is written is never before what is still to be read.
  size_t from = json->size();
  json->resize(json->size() + count * (kEscapeBytes - 1));
  size_t to = json->size();
  while (from != to) {
    const char c = (*json)[--from];
    if (!IsHtml(c)) {
      (*json)[--to] = c;
      continue;
    }
    to -= kEscapeBytes;
    json->replace(to, kEscapeBytes, c == '<' ? "\\u003c" : c == '>' ? "\\u003e" : "\\u0026");
  }
}

}  // namespace penstock::grpc_gateway
