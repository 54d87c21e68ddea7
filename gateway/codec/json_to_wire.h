// JSON to a message's wire bytes, without making a message of it. Nothing of the input is trusted.
//
// simdjson finds the tokens and checks UTF-8; what they mean is decided here, strictly: keys in either spelling (as in
// the .proto file or lowerCamelCase), never twice, all known unless the caller says otherwise; no oneof set twice;
// numbers exact and in range (`1e5` and `"5"` are integers, `1.5` is not); nothing after the value. `null` leaves a
// field unset, is a value for google.protobuf.Value and NullValue, and is refused inside lists and maps. Required
// fields may be missing: they may come from another part of the request (see required_fields). Called by bindings, from
// any thread; each thread keeps its scratch.
//
//   std::string wire;
//   absl::Status status = JsonToWire(*message, R"({"interval":"0.5s"})", &wire);
#ifndef PENSTOCK_GATEWAY_CODEC_JSON_TO_WIRE_H_
#define PENSTOCK_GATEWAY_CODEC_JSON_TO_WIRE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gateway/codec/message_plan.h"
#include "gateway/codec/time_text.h"

namespace penstock::codec {

struct JsonReadOptions {
  // What the schema does not know is passed over: an unknown field with its value, which must still be well-formed
  // JSON; an enum field, list element or map entry whose value is an unknown name; an Any without "@type", which is
  // then an empty one. A number that a closed enum does not have is written all the same, as an unknown field for who
  // reads it. An Any of unknown type stays an error: its bytes cannot be made.
  bool ignore_unknown = false;
  // What reads the strings of timestamps and of durations.
  TimeTextReader timestamps = ReadTimestamp;
  TimeTextReader durations = ReadDuration;
};

// Appends the wire form of `json`: one JSON value, the whole of it, white space around it allowed, nesting at most
// kMaxDepth. Empty input is an error; the caller decides about empty bodies. A field with a value is written even if
// the value is its default, in the order of the JSON.
//
// INVALID_ARGUMENT on anything wrong, with the field's path (`interval`, `items[3].id`, `labels["a"]`), for syntax
// the byte offset; *wire is cut back then.
absl::Status JsonToWire(const MessagePlan& plan, absl::string_view json, std::string* wire,
                        const JsonReadOptions& options = {});

// The same where `json` is the value of one field (a list for a repeated one): appends the field, tag and all. A
// method's body that names a field.
absl::Status JsonToWireField(const FieldPlan& field, absl::string_view json, std::string* wire,
                             const JsonReadOptions& options = {});

}  // namespace penstock::codec

#endif  // PENSTOCK_GATEWAY_CODEC_JSON_TO_WIRE_H_
