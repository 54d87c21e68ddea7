// A failed call as JSON: {"code":3,"message":"…","details":[…]}, as google.rpc.Status has it. Pure.
#ifndef PENSTOCK_GATEWAY_CODEC_STATUS_JSON_H_
#define PENSTOCK_GATEWAY_CODEC_STATUS_JSON_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gateway/codec/message_plan.h"

namespace penstock::codec {

// The payload of a status that holds its details, as the bytes of a google.rpc.Status.
inline constexpr absl::string_view kStatusPayloadUrl = "type.googleapis.com/google.rpc.Status";

// The code is the number that the upstream sent (raw_code()), which may be none of gRPC's.
//
// Details are printed by the first of `types` that knows them; one that nobody knows, or that is broken, is printed as
// {"@type":…,"value":its bytes in base64}, so that an error is never lost for its details.
void AppendStatusJson(const absl::Status& status, absl::Span<const PlanSet* const> types, std::string* out);

}  // namespace penstock::codec

#endif  // PENSTOCK_GATEWAY_CODEC_STATUS_JSON_H_
