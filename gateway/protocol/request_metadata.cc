#include "gateway/protocol/request_metadata.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/types/optional.h"
#include "gateway/upstream/metadata.h"

namespace penstock {
namespace {

constexpr absl::string_view kForwardedFor = "x-forwarded-for";
constexpr absl::string_view kForwardedHost = "x-forwarded-host";

// Sorted: looked up by binary search. grpc-gateway's list has `host` as well, which Go's server takes out of the
// headers before anybody sees it; x-forwarded-host says the same.
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

// Names that clients may not choose: gRPC's own, grpc-gateway's for permanent headers, and those that are made here.
bool MayBeSet(absl::string_view name) {
  return !absl::StartsWith(name, "grpc-") && !absl::StartsWith(name, "grpcgateway-") && name != kForwardedFor &&
         name != kForwardedHost;
}

bool IsLowerHex(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f'); });
}

bool AllZero(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c == '0'; });
}

// W3C Trace Context, section 3.2: version, trace id, parent id, flags. Later versions may say more after a dash.
bool ValidTraceparent(absl::string_view value) {
  constexpr size_t kBytes = 55;
  if (value.size() < kBytes || value[2] != '-' || value[35] != '-' || value[52] != '-') return false;
  const absl::string_view version = value.substr(0, 2), trace = value.substr(3, 32), parent = value.substr(36, 16);
  if (!IsLowerHex(version) || !IsLowerHex(trace) || !IsLowerHex(parent) || !IsLowerHex(value.substr(53, 2))) {
    return false;
  }
  if (version == "ff" || AllZero(trace) || AllZero(parent)) return false;
  return value.size() == kBytes || (version != "00" && value[kBytes] == '-');
}

// Null: there is none, or none that is one.
const std::string* FindTraceparent(const http::Headers& headers) {
  const std::string* parent = nullptr;
  for (const http::Header& header : headers) {
    if (header.name != "traceparent") continue;
    if (parent != nullptr) return nullptr;  // which of them?
    parent = &header.value;
  }
  return parent != nullptr && ValidTraceparent(*parent) ? parent : nullptr;
}

void AddTrace(const http::Headers& headers, upstream::Metadata* metadata) {
  const std::string* parent = FindTraceparent(headers);
  if (parent == nullptr) return;
  metadata->emplace_back("traceparent", *parent);
  for (const http::Header& header : headers) {
    if (header.name == "tracestate") upstream::AppendFromWire(header.name, header.value, metadata);
  }
}

// "address:port" or "[v6]:port" → the address; what has no port, as it is.
absl::string_view WithoutPort(absl::string_view peer) {
  if (absl::StartsWith(peer, "[")) return peer.substr(1, peer.find(']') - 1);
  const size_t colon = peer.find(':');
  return colon == peer.rfind(':') ? peer.substr(0, colon) : peer;
}

bool Trusted(absl::string_view hop, const MetadataOptions& options) {
  const absl::optional<net::IpAddress> address = net::ParseIpAddress(WithoutPort(hop));
  return address && std::any_of(options.trusted_proxies.begin(), options.trusted_proxies.end(),
                                [&](const net::Cidr& range) { return range.Contains(*address); });
}

// The hops before `peer`, the client first, that trusted proxies vouch for: each says who came to it, so the chain is
// read from its end, up to and with the first hop that is not trusted. What stands before that one anybody may write.
std::vector<absl::string_view> BelievedHops(absl::string_view peer, const http::Headers& headers,
                                            const MetadataOptions& options) {
  std::vector<absl::string_view> said;
  for (const http::Header& header : headers) {
    if (header.name != kForwardedFor || !upstream::ValidMetadataValue(header.value)) continue;
    if (options.trust_any_proxy) {
      said.push_back(header.value);
      continue;
    }
    for (absl::string_view hop : absl::StrSplit(header.value, ',')) said.push_back(absl::StripAsciiWhitespace(hop));
  }
  if (options.trust_any_proxy) return said;
  size_t first = said.size();
  for (absl::string_view hop = peer; first > 0 && Trusted(hop, options); hop = said[--first]) {
    if (!net::ParseIpAddress(WithoutPort(said[first - 1]))) break;  // "unknown", or worse
  }
  said.erase(said.begin(), said.begin() + static_cast<std::ptrdiff_t>(first));
  return said;
}

void AddForwarding(const http::RequestHead& head, const MetadataOptions& options, upstream::Metadata* metadata) {
  const absl::string_view peer = WithoutPort(head.peer);
  const bool believed = options.trust_any_proxy || Trusted(peer, options);
  const std::string* said = believed ? http::FindHeader(head.headers, kForwardedHost) : nullptr;
  const bool usable = said != nullptr && !said->empty() && upstream::ValidMetadataValue(*said);
  const std::string& host = usable ? *said : head.authority;
  if (!host.empty() && upstream::ValidMetadataValue(host)) metadata->emplace_back(std::string(kForwardedHost), host);
  std::vector<absl::string_view> hops = BelievedHops(peer, head.headers, options);
  if (!peer.empty() && upstream::ValidMetadataValue(peer)) hops.push_back(peer);
  if (!hops.empty()) metadata->emplace_back(std::string(kForwardedFor), absl::StrJoin(hops, ", "));
}

}  // namespace

std::string TraceIdOf(const http::Headers& headers) {
  constexpr size_t kVersionBytes = 3, kTraceIdBytes = 32;
  const std::string* parent = FindTraceparent(headers);
  return parent == nullptr ? std::string() : parent->substr(kVersionBytes, kTraceIdBytes);
}

upstream::Metadata RequestMetadata(const http::RequestHead& head, const MetadataOptions& options) {
  upstream::Metadata metadata;
  // The first value of a name is the one that many servers read: credentials before anything under a name of choice.
  for (const http::Header& header : head.headers) {
    if (header.name == "authorization") upstream::AppendFromWire(header.name, header.value, &metadata);
  }
  AddTrace(head.headers, &metadata);
  for (const http::Header& header : head.headers) {
    const absl::string_view name = header.name;
    if (IsPermanent(name) && upstream::ValidMetadataValue(header.value)) {
      metadata.emplace_back(absl::StrCat("grpcgateway-", name), header.value);
    }
    absl::string_view own = name;
    const bool legacy = options.legacy_metadata_headers && absl::ConsumePrefix(&own, kLegacyMetadataPrefix);
    const bool already = name == "authorization" || name == "traceparent" || name == "tracestate";
    const bool named = !already && std::find(options.forward_headers.begin(), options.forward_headers.end(), name) !=
                                       options.forward_headers.end();
    if ((legacy || named) && MayBeSet(own)) upstream::AppendFromWire(own, header.value, &metadata);
  }
  AddForwarding(head, options, &metadata);
  return metadata;
}

}  // namespace penstock
