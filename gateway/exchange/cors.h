// Which pages of other origins may read answers (the Fetch standard's CORS protocol, https://fetch.spec.whatwg.org/).
//
// Only origins that were configured, compared to the letter; never `*`, never `null`, which any sandboxed frame has.
// Without one nothing is ever said, and browsers keep other origins out.
//
//   Cors cors({"https://app.example.com"}, /*credentials=*/false);
//   if (const std::string* origin = cors.Match(head.headers)) …      // of a configured page
//   cors.AppendHeaders(origin, &headers);                            // to every answer
//
// Pure, immutable, shared by all threads.
#ifndef PENSTOCK_GATEWAY_EXCHANGE_CORS_H_
#define PENSTOCK_GATEWAY_EXCHANGE_CORS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "gateway/http/headers.h"

namespace penstock {

class Cors {
 public:
  // No origin: CORS is off.
  Cors() = default;
  Cors(std::vector<std::string> origins, bool credentials) : origins_(std::move(origins)), credentials_(credentials) {}

  bool on() const { return !origins_.empty(); }

  // The configured origin that the request comes from, as long as this lives; null: another one, several, or none.
  const std::string* Match(const http::Headers& request) const;

  // Fields of every answer, also to those whose origin is not allowed: caches must keep them apart.
  void AppendHeaders(const std::string* origin, http::Headers* response) const;

  // True: the browser asks whether it may send the request that it describes.
  static bool IsPreflight(absl::string_view method, const http::Headers& request);

  // Fields of the answer to such a question, besides those of every answer. `methods`: what the path has.
  void AppendPreflight(const std::string* origin, const http::Headers& request, absl::string_view methods,
                       http::Headers* response) const;

 private:
  std::vector<std::string> origins_;
  bool credentials_ = false;
};

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_EXCHANGE_CORS_H_
