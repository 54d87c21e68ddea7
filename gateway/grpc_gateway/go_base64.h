// Base64 as Go's encoding/base64 reads it, line breaks between the digits and all. Pure; internal to the grpc-gateway
// dialect.
//
//   if (GoError error = DecodeGoBase64(text, GoBase64::kStandard, &bytes); !error.empty()) return Refuse(error);
#ifndef PENSTOCK_GATEWAY_GRPC_GATEWAY_GO_BASE64_H_
#define PENSTOCK_GATEWAY_GRPC_GATEWAY_GO_BASE64_H_

#include <string>

#include "absl/strings/string_view.h"
#include "gateway/grpc_gateway/go_error.h"

namespace penstock::grpc_gateway {

enum class GoBase64 {
  kPadded,    // the standard alphabet, padded: encoding/json
  kStandard,  // the standard alphabet, padded or not: grpc-gateway's `-Bin` headers
  kEither,    // either alphabet, padded or not: grpc-gateway's paths and queries
};

// Appends the decoded bytes; on error something of no use.
GoError DecodeGoBase64(absl::string_view text, GoBase64 kind, std::string* bytes);

}  // namespace penstock::grpc_gateway

#endif  // PENSTOCK_GATEWAY_GRPC_GATEWAY_GO_BASE64_H_
