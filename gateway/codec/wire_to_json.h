// A message's wire bytes to its canonical JSON, in one scan and without making a message of it.
//
// The scan notes where each field stands, then fields are printed in declaration order: unknown fields are skipped,
// the last value of a singular field wins, the pieces of a message field are merged, packed and unpacked lists are
// alike. Called by the exchange for every message of a response, from any thread. Each thread keeps a fixed scratch
// buffer, so that ordinary messages allocate nothing.
//
//   std::string out;
//   absl::Status status = WireToJson(*tick, message, limits.max_record_bytes, &out);
//
// What is printed: 64-bit integers as strings; enum names, numbers where there is no name; bytes in base64; numbers
// in the shortest form that reads back, with an exponent below 1e-6 and from 1e21; map keys sorted (strings by their
// bytes, integers by value, false before true); `"`, `\`, control characters, U+2028 and U+2029 escaped. There is
// never a newline. Well-known types as https://protobuf.dev/programming-guides/json/ says; an Any that holds one of
// these has it under "value".
#ifndef PENSTOCK_GATEWAY_CODEC_WIRE_TO_JSON_H_
#define PENSTOCK_GATEWAY_CODEC_WIRE_TO_JSON_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gateway/codec/message_plan.h"

namespace penstock::codec {

// What becomes of an Any whose type the schema does not have.
enum class UnknownAny {
  kRefuse,  // INTERNAL: data that cannot be shown is not made up
  kBase64,  // {"@type":"…","value":"base64"}: for error details, which must not hide the error itself
};

// Appends the JSON of one message to *out. On error *out is cut back to the length it had.
//
// INTERNAL: broken wire, invalid UTF-8, a time out of range, nesting beyond kMaxDepth, an Any of unknown type.
// RESOURCE_EXHAUSTED: *out would grow by more than `max_bytes`. The message names the field's path.
absl::Status WireToJson(const MessagePlan& plan, absl::string_view wire, size_t max_bytes, std::string* out,
                        UnknownAny unknown_any = UnknownAny::kRefuse);

// The same for one google.protobuf.Any, for which `plans` need not have a plan: the details of a google.rpc.Status.
absl::Status AnyToJson(const PlanSet& plans, absl::string_view any, size_t max_bytes, UnknownAny unknown_any,
                       std::string* out);

// The same for one field of the message, reached through `path` (fields of `plan`, of its message, and so on; not
// empty): a method's response_body. An unset scalar, list or map prints its default, an unset message `null`.
absl::Status WireFieldToJson(const MessagePlan& plan, absl::Span<const FieldPlan* const> path, absl::string_view wire,
                             size_t max_bytes, std::string* out);

}  // namespace penstock::codec

#endif  // PENSTOCK_GATEWAY_CODEC_WIRE_TO_JSON_H_
