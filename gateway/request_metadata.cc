#include "gateway/request_metadata.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace penstock {
namespace {

constexpr absl::string_view kOwnName[] = {"authorization", "traceparent", "tracestate"};

// Sorted: looked up by binary search.
constexpr absl::string_view kPermanent[] = {
    "accept",
    "accept-charset",
    "accept-language",
    "accept-ranges",
    "authorization",
    "cache-control",
    "content-type",
    "cookie",
    "date",
    "expect",
    "from",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-schedule-tag-match",
    "if-unmodified-since",
    "max-forwards",
    "origin",
    "pragma",
    "referer",
    "user-agent",
    "via",
    "warning",
};

bool IsPermanent(absl::string_view name) {
  return std::binary_search(std::begin(kPermanent), std::end(kPermanent), name);
}

bool IsForwarded(absl::string_view name, const MetadataOptions& options) {
  return std::find(std::begin(kOwnName), std::end(kOwnName), name) != std::end(kOwnName) ||
         std::find(options.forward_headers.begin(), options.forward_headers.end(), name) !=
             options.forward_headers.end();
}

bool Printable(absl::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
}

// gRPC over HTTP/2: names are digits, lower-case letters, "_", "-" and "."; "grpc-" is gRPC's own.
bool ValidName(absl::string_view name) {
  if (name.empty() || absl::StartsWith(name, "grpc-") || absl::StartsWith(name, "grpcgateway-")) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-' || c == '_' || c == '.';
  });
}

void Add(absl::string_view name, absl::string_view value, upstream::Metadata* metadata) {
  if (absl::EndsWith(name, "-bin")) {
    std::string bytes;
    const absl::string_view bare = value.substr(0, value.find_last_not_of('=') + 1);
    if (!absl::Base64Unescape(bare, &bytes) && !absl::WebSafeBase64Unescape(bare, &bytes)) return;
    metadata->emplace_back(std::string(name), std::move(bytes));
  } else if (Printable(value)) {
    metadata->emplace_back(std::string(name), std::string(value));
  }
}

// "address:port", "[v6]:port" or a unix socket's "" → the address.
absl::string_view PeerAddress(absl::string_view peer) {
  const size_t colon = peer.rfind(':');
  if (colon == absl::string_view::npos) return {};
  peer = peer.substr(0, colon);
  if (absl::StartsWith(peer, "[") && absl::EndsWith(peer, "]")) peer = peer.substr(1, peer.size() - 2);
  return peer;
}

}  // namespace

upstream::Metadata RequestMetadata(const http::RequestHead& head, const MetadataOptions& options) {
  constexpr absl::string_view kLegacyPrefix = "grpc-metadata-";
  upstream::Metadata metadata;
  for (const http::Header& header : head.headers) {
    const absl::string_view name = header.name;
    if (IsForwarded(name, options) && ValidName(name)) Add(name, header.value, &metadata);
    if (IsPermanent(name) && Printable(header.value)) {
      metadata.emplace_back(absl::StrCat("grpcgateway-", name), header.value);
    }
    if (options.legacy_metadata_headers && absl::StartsWith(name, kLegacyPrefix)) {
      const absl::string_view bare = name.substr(kLegacyPrefix.size());
      if (ValidName(bare)) Add(bare, header.value, &metadata);
    }
  }
  const absl::string_view address = PeerAddress(head.peer);
  if (!address.empty()) metadata.emplace_back("x-forwarded-for", std::string(address));
  if (!head.authority.empty() && Printable(head.authority)) metadata.emplace_back("x-forwarded-host", head.authority);
  return metadata;
}

absl::StatusOr<absl::Duration> RequestTimeout(const http::Headers& headers, absl::Duration otherwise) {
  const std::string* text = http::FindHeader(headers, "grpc-timeout");
  if (text == nullptr) return otherwise;
  const absl::Status bad = absl::InvalidArgumentError(
      absl::StrCat("header Grpc-Timeout: \"", absl::CHexEscape(*text),
                   "\" is not a timeout; it takes one to eight digits and a unit, H M S m u or n, such as 500m"));
  if (text->size() < 2 || text->size() > 9) return bad;
  const absl::string_view digits = absl::string_view(*text).substr(0, text->size() - 1);
  int64_t amount = 0;
  if (!std::all_of(digits.begin(), digits.end(), absl::ascii_isdigit) || !absl::SimpleAtoi(digits, &amount)) return bad;
  switch (text->back()) {
    case 'H':
      return absl::Hours(amount);
    case 'M':
      return absl::Minutes(amount);
    case 'S':
      return absl::Seconds(amount);
    case 'm':
      return absl::Milliseconds(amount);
    case 'u':
      return absl::Microseconds(amount);
    case 'n':
      return absl::Nanoseconds(amount);
    default:
      return bad;
  }
}

http::Headers ResponseHeaders(const upstream::Metadata& metadata) {
  http::Headers headers;
  for (const auto& [name, value] : metadata) {
    if (absl::EndsWith(name, "-bin")) {
      headers.push_back({absl::StrCat("Grpc-Metadata-", name), absl::Base64Escape(value)});
    } else if (Printable(value)) {
      headers.push_back({absl::StrCat("Grpc-Metadata-", name), value});
    }
  }
  return headers;
}

}  // namespace penstock
