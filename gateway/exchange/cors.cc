#include "gateway/exchange/cors.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace penstock {
namespace {

// Browsers cap it at two hours or less; a page asks again ten minutes after the origin was taken away at the latest.
constexpr char kMaxAgeSeconds[] = "600";

// What a page may read of an answer besides the fields that any page may (Fetch, "CORS-safelisted response-header
// name"). Metadata has names of its own, so without credentials the wildcard stands for it.
constexpr char kExposed[] = "*";
constexpr char kExposedWithCredentials[] = "Date, Retry-After, WWW-Authenticate, Grpc-Metadata-Request-Id";

bool IsFieldNames(absl::string_view list) {
  constexpr absl::string_view kOthers = "!#$%&'*+-.^_`|~, ";
  return std::all_of(list.begin(), list.end(), [&](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains(kOthers, absl::string_view(&c, 1));
  });
}

}  // namespace

const std::string* Cors::Match(const http::Headers& request) const {
  const std::string* found = nullptr;
  for (const http::Header& header : request) {
    if (header.name != "origin") continue;
    if (found != nullptr) return nullptr;
    const auto origin = std::find(origins_.begin(), origins_.end(), header.value);
    if (origin == origins_.end()) return nullptr;
    found = &*origin;
  }
  return found;
}

void Cors::AppendHeaders(const std::string* origin, http::Headers* response) const {
  if (origins_.empty()) return;
  response->push_back({"Vary", "Origin"});
  if (origin == nullptr) return;
  response->push_back({"Access-Control-Allow-Origin", *origin});
  response->push_back({"Access-Control-Expose-Headers", credentials_ ? kExposedWithCredentials : kExposed});
  if (credentials_) response->push_back({"Access-Control-Allow-Credentials", "true"});
}

bool Cors::IsPreflight(absl::string_view method, const http::Headers& request) {
  return method == "OPTIONS" && http::FindHeader(request, "origin") != nullptr &&
         http::FindHeader(request, "access-control-request-method") != nullptr;
}

void Cors::AppendPreflight(const std::string* origin, const http::Headers& request, absl::string_view methods,
                           http::Headers* response) const {
  if (origin == nullptr) return;
  response->push_back({"Access-Control-Allow-Methods", std::string(methods)});
  // What becomes of a header is decided where requests are read; a page that is trusted may send any.
  const std::string* names = http::FindHeader(request, "access-control-request-headers");
  if (names != nullptr && IsFieldNames(*names)) response->push_back({"Access-Control-Allow-Headers", *names});
  response->push_back({"Access-Control-Max-Age", kMaxAgeSeconds});
}

}  // namespace penstock
