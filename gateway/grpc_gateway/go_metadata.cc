#include "gateway/grpc_gateway/go_metadata.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gateway/grpc_gateway/go_base64.h"
#include "gateway/protocol/request_metadata.h"
#include "gateway/protocol/timeout.h"
#include "gateway/upstream/metadata.h"

namespace penstock::grpc_gateway {
namespace {

// "grpc-metadata-a-bin" → "Grpc-Metadata-A-Bin", as Go shows header names.
std::string CanonicalName(absl::string_view name) {
  std::string canonical(name);
  bool first = true;
  for (char& c : canonical) {
    if (first) c = absl::ascii_toupper(c);
    first = c == '-';
  }
  return canonical;
}

}  // namespace

absl::StatusOr<absl::optional<absl::Duration>> GoTimeout(const http::Headers& headers) {
  const std::string* text = http::FindHeader(headers, "grpc-timeout");
  if (text == nullptr || text->empty()) return absl::optional<absl::Duration>();
  const absl::optional<absl::Duration> timeout = ParseTimeout(*text);
  if (!timeout) return absl::InvalidArgumentError(absl::StrCat("invalid grpc-timeout: ", *text));
  return *timeout == absl::ZeroDuration() ? absl::make_optional(absl::InfiniteDuration()) : timeout;
}

absl::Status CheckLegacyHeaders(const http::Headers& headers) {
  for (const http::Header& header : headers) {
    absl::string_view own = header.name;
    if (!absl::ConsumePrefix(&own, kLegacyMetadataPrefix)) continue;
    if (own.empty()) return absl::InternalError("there is an empty key in the header");
    std::string bytes;
    if (!upstream::BinaryMetadataName(own)) continue;
    const GoError error = DecodeGoBase64(header.value, GoBase64::kStandard, &bytes);
    if (error.empty()) continue;
    return absl::InvalidArgumentError(absl::StrCat("invalid binary header ", CanonicalName(header.name), ": ", error));
  }
  return absl::OkStatus();
}

}  // namespace penstock::grpc_gateway
