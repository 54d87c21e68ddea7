// How gRPC metadata looks as HTTP/2 header fields, in both directions (gRPC over HTTP/2, "Requests" and "Responses").
//
// Pure functions. The rest of the gateway holds metadata decoded: `-bin` values as their bytes, status messages as
// text. Base64, percent signs and the names that belong to the protocol itself stay here.
//
//   for (auto& [name, value] : ToWire(request.metadata)) fields.push_back(...);
//   AppendFromWire("trace-bin", "AAE=", &metadata);   // metadata: {"trace-bin", "\0\1"}
#ifndef PENSTOCK_GATEWAY_UPSTREAM_METADATA_H_
#define PENSTOCK_GATEWAY_UPSTREAM_METADATA_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gateway/upstream/call.h"

namespace penstock::upstream {

// A metadata key: one or more of 0-9 a-z _ - . (gRPC's Header-Name).
bool ValidMetadataName(absl::string_view name);

// A value that is not binary: printable ASCII, 0x20 to 0x7E (gRPC's ASCII-Value).
bool ValidMetadataValue(absl::string_view value);

// Names that carry the protocol and are nobody's metadata: pseudo-header fields, `grpc-*`, what describes one hop
// (RFC 9110 section 7.6.1, RFC 9113 section 8.2.2), `te`, `host`, `content-type`, `content-length`, `user-agent`.
// `name` is in lower case.
bool ReservedMetadataName(absl::string_view name);

// `-bin`: the value is bytes, on the wire in base64.
bool BinaryMetadataName(absl::string_view name);

// The fields to send for `metadata`. Reserved names, invalid names and invalid values are left out one by one: what a
// browser sent must not be able to fail a call, or to say what only the gateway may say.
Metadata ToWire(const Metadata& metadata);

// Adds the received field to `metadata`, decoded; a `-bin` field with several comma-joined values adds them one by
// one. Reserved and invalid fields, and base64 that does not decode, add nothing.
void AppendFromWire(absl::string_view name, absl::string_view value, Metadata* metadata);

// `left` as grpc-timeout: at most 8 digits and a unit, rounded up so that the upstream never gives up before us.
// Nothing left, or less, is one nanosecond. REQUIRES: finite.
std::string EncodeTimeout(absl::Duration left);

// The text of a grpc-message. A percent sign that starts no valid escape stays as it is, as the specification asks.
std::string PercentDecode(absl::string_view message);

// Base64 as `-bin` fields and grpc-status-details-bin carry it: standard alphabet, padded or not. False: it is not.
bool DecodeBinary(absl::string_view value, std::string* bytes);

}  // namespace penstock::upstream

#endif  // PENSTOCK_GATEWAY_UPSTREAM_METADATA_H_
