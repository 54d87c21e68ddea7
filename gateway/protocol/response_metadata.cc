#include "gateway/protocol/response_metadata.h"

#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gateway/upstream/metadata.h"

namespace penstock {
namespace {

void AppendWithPrefix(absl::string_view prefix, const upstream::Metadata& metadata, const MetadataOptions& options,
                      http::Headers* headers) {
  for (const auto& [name, value] : metadata) {
    if (!options.show_protocol_metadata && upstream::ReservedMetadataName(name)) continue;
    if (upstream::BinaryMetadataName(name)) {
      headers->push_back({absl::StrCat(prefix, name), absl::Base64Escape(value)});
    } else if (upstream::ValidMetadataValue(value)) {
      headers->push_back({absl::StrCat(prefix, name), value});
    }
  }
}

}  // namespace

void AppendResponseHeaders(const upstream::Metadata& metadata, const MetadataOptions& options, http::Headers* headers) {
  AppendWithPrefix("Grpc-Metadata-", metadata, options, headers);
}

http::Headers ResponseTrailers(const upstream::Metadata& trailers, const MetadataOptions& options) {
  http::Headers headers;
  AppendWithPrefix("Grpc-Trailer-", trailers, options, &headers);
  return headers;
}

http::Headers TrailerAnnouncement(const http::Headers& trailers) {
  http::Headers announcement;
  std::set<absl::string_view> seen;
  for (const http::Header& trailer : trailers) {
    if (seen.insert(trailer.name).second) announcement.push_back({"Trailer", trailer.name});
  }
  return announcement;
}

bool WantsTrailers(const http::Headers& request_headers) {
  for (const http::Header& header : request_headers) {
    if (header.name != "te") continue;
    for (absl::string_view coding : absl::StrSplit(header.value, ',')) {
      const absl::string_view name = coding.substr(0, coding.find(';'));
      if (absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(name), "trailers")) return true;
    }
  }
  return false;
}

}  // namespace penstock
