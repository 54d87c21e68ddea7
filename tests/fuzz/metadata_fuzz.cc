// Headers to metadata and back: nothing passes that an upstream or a client could mistake for the gateway's own fields.
//
// Input: a byte of options, then lines "name: value", as a client or an upstream sends them.
#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gateway/grpc_gateway/go_metadata.h"
#include "gateway/http/http1_parser.h"
#include "gateway/http/request_head.h"
#include "gateway/protocol/request_metadata.h"
#include "gateway/protocol/response_metadata.h"
#include "gateway/protocol/timeout.h"
#include "gateway/upstream/metadata.h"
#include "gateway/upstream/status.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/input.h"

namespace penstock::fuzz {
namespace {

using upstream::Metadata;

// The fields that a session would let through.
http::Headers ReadHeaders(absl::string_view text) {
  http::Headers headers;
  for (Input lines(text); !lines.empty();) {
    Input line(lines.TakeUntil('\n'));
    const std::string name = absl::AsciiStrToLower(line.TakeUntil(':'));
    const absl::string_view value = absl::StripAsciiWhitespace(line.Rest());
    if (http::IsToken(name) && http::IsFieldValue(value)) headers.push_back({name, std::string(value)});
  }
  return headers;
}

MetadataOptions OptionsOf(uint8_t bits) {
  MetadataOptions options;
  options.forward_headers = {"x-own", "x-own-bin", "grpcgateway-x", "x-forwarded-for", "authorization", "te"};
  options.legacy_metadata_headers = (bits & 1) != 0;
  if ((bits & 2) != 0) options.trusted_proxies = {net::ParseCidr("10.0.0.0/8").value()};
  options.trust_any_proxy = (bits & 4) != 0;
  options.show_protocol_metadata = (bits & 16) != 0;
  return options;
}

// What stands in a call's request, as it goes on the wire.
void CheckWire(const Metadata& metadata) {
  const Metadata wire = upstream::ToWire(metadata);
  FUZZ_EXPECT(wire.size() <= metadata.size());
  Metadata back;
  for (const auto& [name, value] : wire) {
    FUZZ_EXPECT(upstream::ValidMetadataName(name) && !upstream::ReservedMetadataName(name), name);
    FUZZ_EXPECT(upstream::ValidMetadataValue(value), name);
    FUZZ_EXPECT(value.empty() || (value.front() != ' ' && value.back() != ' '), name);
    const size_t before = back.size();
    upstream::AppendFromWire(name, value, &back);
    FUZZ_EXPECT(back.size() == before + 1, name, " does not come back");
  }
  FUZZ_EXPECT(upstream::ToWire(back) == wire, "there and back is not the same");
}

void CheckRequest(const http::RequestHead& head, const MetadataOptions& options) {
  const Metadata metadata = RequestMetadata(head, options);
  size_t hosts = 0, chains = 0, parents = 0, states = 0;
  for (const auto& [name, value] : metadata) {
    FUZZ_EXPECT(upstream::ValidMetadataName(name) && !upstream::ReservedMetadataName(name), name);
    FUZZ_EXPECT(upstream::BinaryMetadataName(name) || upstream::ValidMetadataValue(value), name);
    hosts += name == "x-forwarded-host" ? 1 : 0;
    chains += name == "x-forwarded-for" ? 1 : 0;
    parents += name == "traceparent" ? 1 : 0;
    states += name == "tracestate" ? 1 : 0;
    absl::string_view permanent = name;
    if (absl::ConsumePrefix(&permanent, "grpcgateway-")) {
      const bool sent = std::any_of(head.headers.begin(), head.headers.end(), [&, &value = value](const auto& header) {
        return header.name == permanent && header.value == value;
      });
      FUZZ_EXPECT(sent, name, " was smuggled in");
    }
    if (name == "x-forwarded-for") {
      FUZZ_EXPECT(absl::EndsWith(value, "192.0.2.1") || absl::EndsWith(value, "10.1.1.1"), value);
      // Nobody trusted: what the client says of itself is dropped.
      FUZZ_EXPECT(options.trust_any_proxy || !options.trusted_proxies.empty() || !absl::StrContains(value, ","), value);
    }
  }
  FUZZ_EXPECT(hosts <= 1 && chains == 1);
  FUZZ_EXPECT(options.legacy_metadata_headers || (parents <= 1 && (parents == 1 || states == 0)));
  CheckWire(metadata);
}

void CheckTimeout(const http::Headers& headers, bool go) {
  const auto timeout = go ? grpc_gateway::GoTimeout(headers) : GrpcTimeout(headers);
  if (!timeout.ok() || !*timeout || **timeout == absl::InfiniteDuration()) return;
  FUZZ_EXPECT(**timeout >= absl::ZeroDuration());
  const std::string encoded = upstream::EncodeTimeout(**timeout);
  FUZZ_EXPECT(encoded.size() <= 9, encoded);
  const auto back = GrpcTimeout({{"grpc-timeout", encoded}});
  // At most the largest that grpc-timeout can say.
  FUZZ_EXPECT(back.ok() && *back && (**back >= **timeout || encoded == "99999999H"), encoded);
}

// What an upstream sends, as the client is shown it.
void CheckResponse(const http::Headers& fields, const MetadataOptions& options) {
  upstream::ResponseFields received;
  for (const http::Header& field : fields) received.Add(field.name, field.value);
  for (const bool trailing : {false, true}) {
    http::Headers shown;
    if (trailing) {
      shown = ResponseTrailers(received.metadata, options);
    } else {
      AppendResponseHeaders(received.metadata, options, &shown);
    }
    for (const http::Header& header : shown) {
      FUZZ_EXPECT(http::IsToken(header.name) && http::IsFieldValue(header.value), header.name);
      FUZZ_EXPECT(absl::StartsWith(header.name, trailing ? "Grpc-Trailer-" : "Grpc-Metadata-"), header.name);
    }
    FUZZ_EXPECT(TrailerAnnouncement(shown).size() <= shown.size());
  }
  const bool said_ok = received.has_grpc_status && absl::StripAsciiWhitespace(received.grpc_status) == "0";
  const upstream::CallEnd end = EndFromFields(std::move(received), 200);
  FUZZ_EXPECT(!end.status.ok() || end.from_upstream);
  FUZZ_EXPECT(!said_ok || end.status.ok());
}

void Run(Input& input) {
  const uint8_t bits = input.Byte();
  const MetadataOptions options = OptionsOf(bits);
  http::RequestHead head;
  head.headers = ReadHeaders(input.Rest());
  head.peer = (bits & 64) != 0 ? "10.1.1.1:80" : "192.0.2.1:80";
  const std::string* host = http::FindHeader(head.headers, "host");
  if (host != nullptr) head.authority = *host;
  CheckRequest(head, options);
  CheckTimeout(head.headers, (bits & 8) != 0);
  grpc_gateway::CheckLegacyHeaders(head.headers).IgnoreError();
  WantsTrailers(head.headers);
  CheckResponse(head.headers, options);
  for (const http::Header& header : head.headers) {
    FUZZ_EXPECT(upstream::PercentDecode(header.value).size() <= header.value.size());
    std::string bytes;
    if (upstream::DecodeBinary(header.value, &bytes)) FUZZ_EXPECT(bytes.size() <= header.value.size() / 4 * 3 + 2);
  }
}

}  // namespace
}  // namespace penstock::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  penstock::fuzz::Input input(data, size);
  penstock::fuzz::Run(input);
  return 0;
}
