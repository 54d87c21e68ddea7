#include "gateway/exchange/csrf_gate.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace penstock {
namespace {

// The Fetch standard's "CORS-safelisted request-header" for Content-Type.
constexpr absl::string_view kFormTypes[] = {"application/x-www-form-urlencoded", "multipart/form-data", "text/plain"};

bool NeedsNoPreflight(const http::RequestHead& head) {
  if (head.method != "POST") return false;
  const std::string* type = http::FindHeader(head.headers, "content-type");
  if (type == nullptr) return true;
  const absl::string_view essence = absl::StripAsciiWhitespace(absl::string_view(*type).substr(0, type->find(';')));
  return std::any_of(std::begin(kFormTypes), std::end(kFormTypes),
                     [&](absl::string_view form) { return absl::EqualsIgnoreCase(essence, form); });
}

// "https://host:port" → "host:port"
absl::string_view HostOf(absl::string_view origin) {
  const size_t scheme = origin.find("://");
  return scheme == absl::string_view::npos ? absl::string_view() : origin.substr(scheme + 3);
}

bool FromAnotherOrigin(const http::RequestHead& head) {
  if (const std::string* site = http::FindHeader(head.headers, "sec-fetch-site")) {
    return *site != "same-origin" && *site != "none";
  }
  const std::string* origin = http::FindHeader(head.headers, "origin");
  return origin != nullptr && !absl::EqualsIgnoreCase(HostOf(*origin), head.authority);
}

}  // namespace

bool IsForgeable(const http::RequestHead& head) { return NeedsNoPreflight(head) && FromAnotherOrigin(head); }

Gate::Verdict CsrfGate::Check(const Request& request, Waiter& /*waiter*/) const {
  if (request.route == nullptr || !request.protocol.guards_against_csrf() || request.origin != nullptr ||
      !IsForgeable(request.head)) {
    return Verdict::Pass();
  }
  return Verdict::Refuse(
      {absl::PermissionDeniedError("a page of another origin may not send this: configure it with --cors-origin, or "
                                   "send Content-Type: application/json")});
}

}  // namespace penstock
