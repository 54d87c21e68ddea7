// Values of fields as grpc-gateway reads them from paths and queries. Pure; the grpc-gateway dialect's counterpart of
// scalar_text's AppendFieldFromText.
//
//   absl::Status status = AppendFieldFromGoText(*field, "1h30m", GoPlace::kQuery, &wire);
#ifndef PENSTOCK_GATEWAY_GRPC_GATEWAY_GO_TEXT_H_
#define PENSTOCK_GATEWAY_GRPC_GATEWAY_GO_TEXT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gateway/codec/message_plan.h"

namespace penstock::grpc_gateway {

// Where a value stands: generated code and the query's parser read some types by different functions.
enum class GoPlace {
  kQuery,  // and path variables of nested fields: Duration as `1h30m`
  kPath,   // path variables of the message itself: Timestamp and Duration as in JSON, other words for a wrong enum
};

// Appends one value of `field`, tag and all; of a repeated field one element. Not for maps.
//
// Takes what scalar_text takes in other spellings (see go_number, go_time), and Struct, Value and Empty besides. An
// enum is a name or a known number, bytes are base64 of either alphabet (not mixed), a FieldMask is split at commas and
// not looked into. Scalars are written even if they are zero. INVALID_ARGUMENT, with Go's error text; INTERNAL for a
// string that is not UTF-8, because grpc-gateway notices it only when it makes the call.
absl::Status AppendFieldFromGoText(const codec::FieldPlan& field, absl::string_view text, GoPlace place,
                                   std::string* wire);

}  // namespace penstock::grpc_gateway

#endif  // PENSTOCK_GATEWAY_GRPC_GATEWAY_GO_TEXT_H_
