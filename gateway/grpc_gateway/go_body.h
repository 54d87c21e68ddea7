// Request bodies that are one field but no message: a scalar, an enum, a list or a map of these. grpc-gateway reads
// them by Go's encoding/json, which knows nothing of protobuf's JSON. Pure; internal to the grpc-gateway dialect.
//
//   if (IsGoBody(*field)) status = AppendGoBody(*field, R"([1,2])", &wire);
#ifndef PENSTOCK_GATEWAY_GRPC_GATEWAY_GO_BODY_H_
#define PENSTOCK_GATEWAY_GRPC_GATEWAY_GO_BODY_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gateway/codec/message_plan.h"

namespace penstock::grpc_gateway {

// A field whose values, or a map's, are no messages.
bool IsGoBody(const codec::FieldPlan& field);

// Appends the field, tag and all. Integers and floats are JSON numbers only, integers without a point or exponent; an
// enum is a number too, any; bytes are padded base64 of the standard alphabet; no key stands twice. `null` leaves the
// field unset, and is zero in a list or map; an enum takes none. INVALID_ARGUMENT on anything else, and, other than in
// Go, for half a surrogate pair and for bytes as a list of numbers; something of no use is appended then.
absl::Status AppendGoBody(const codec::FieldPlan& field, absl::string_view json, std::string* wire);

}  // namespace penstock::grpc_gateway

#endif  // PENSTOCK_GATEWAY_GRPC_GATEWAY_GO_BODY_H_
