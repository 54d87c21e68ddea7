#include "gateway/upstream/metadata.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace penstock::upstream {
namespace {

// Names of one hop, and those that the connection itself writes or reads. Sorted, for the search.
constexpr std::array<absl::string_view, 15> kReserved = {
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
};

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// "-bin" values go out without padding, as gRPC asks; receivers must take both.
std::string EncodeBinary(absl::string_view bytes) {
  std::string encoded = absl::Base64Escape(bytes);
  while (!encoded.empty() && encoded.back() == '=') encoded.pop_back();
  return encoded;
}

bool IsBase64Char(char c) { return absl::ascii_isalnum(c) || c == '+' || c == '/'; }

}  // namespace

bool ValidMetadataName(absl::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
  });
}

bool ValidMetadataValue(absl::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c <= 0x7E; });
}

bool ReservedMetadataName(absl::string_view name) {
  return absl::StartsWith(name, ":") || absl::StartsWith(name, "grpc-") ||
         std::binary_search(kReserved.begin(), kReserved.end(), name);
}

bool BinaryMetadataName(absl::string_view name) { return absl::EndsWith(name, "-bin"); }

Metadata ToWire(const Metadata& metadata) {
  Metadata wire;
  wire.reserve(metadata.size());
  for (const auto& [name, value] : metadata) {
    if (!ValidMetadataName(name) || ReservedMetadataName(name)) continue;
    if (BinaryMetadataName(name)) {
      wire.emplace_back(name, EncodeBinary(value));
    } else if (ValidMetadataValue(value)) {
      // Space around a value is not part of a field's value (RFC 9113 section 8.2.1): some servers reset the stream.
      wire.emplace_back(name, std::string(absl::StripAsciiWhitespace(value)));
    }
  }
  return wire;
}

void AppendFromWire(absl::string_view name, absl::string_view value, Metadata* metadata) {
  if (!ValidMetadataName(name) || ReservedMetadataName(name)) return;
  if (!BinaryMetadataName(name)) {
    if (ValidMetadataValue(value)) metadata->emplace_back(std::string(name), std::string(value));
    return;
  }
  for (absl::string_view part : absl::StrSplit(value, ',')) {
    std::string bytes;
    if (DecodeBinary(absl::StripAsciiWhitespace(part), &bytes)) metadata->emplace_back(std::string(name), bytes);
  }
}

std::string EncodeTimeout(absl::Duration left) {
  constexpr int64_t kMaxDigits = 99'999'999;
  left = std::max(left, absl::Nanoseconds(1));
  const std::pair<absl::Duration, char> units[] = {
      {absl::Nanoseconds(1), 'n'}, {absl::Microseconds(1), 'u'}, {absl::Milliseconds(1), 'm'},
      {absl::Seconds(1), 'S'},     {absl::Minutes(1), 'M'},
  };
  for (const auto& [unit, letter] : units) {
    const int64_t count = absl::Ceil(left, unit) / unit;
    if (count <= kMaxDigits) return absl::StrCat(count, std::string(1, letter));
  }
  const int64_t hours = absl::Ceil(left, absl::Hours(1)) / absl::Hours(1);
  return absl::StrCat(std::min(hours, kMaxDigits), "H");
}

std::string PercentDecode(absl::string_view message) {
  std::string text;
  text.reserve(message.size());
  for (size_t i = 0; i < message.size(); ++i) {
    if (message[i] == '%' && i + 2 < message.size()) {
      const int high = HexDigit(message[i + 1]);
      const int low = HexDigit(message[i + 2]);
      if (high >= 0 && low >= 0) {
        text.push_back(static_cast<char>(high * 16 + low));
        i += 2;
        continue;
      }
    }
    text.push_back(message[i]);
  }
  return text;
}

bool DecodeBinary(absl::string_view value, std::string* bytes) {
  // Abseil's decoder also skips white space and takes dots for padding; neither is base64 here.
  absl::string_view digits = value;
  size_t padding = 0;
  while (padding < 2 && absl::ConsumeSuffix(&digits, "=")) ++padding;
  if (padding != 0 && value.size() % 4 != 0) return false;
  if (!std::all_of(digits.begin(), digits.end(), IsBase64Char)) return false;
  return absl::Base64Unescape(digits, bytes);
}

}  // namespace penstock::upstream
