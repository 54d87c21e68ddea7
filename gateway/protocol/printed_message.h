// The one message of a method that does not stream, as a body: JSON, or the bytes of a google.api.HttpBody with their
// type. Pure; shared by the protocols whose answers are JSON.
#ifndef PENSTOCK_GATEWAY_PROTOCOL_PRINTED_MESSAGE_H_
#define PENSTOCK_GATEWAY_PROTOCOL_PRINTED_MESSAGE_H_

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gateway/protocol/protocol.h"

namespace penstock {

inline constexpr absl::string_view kJsonType = "application/json";

// RESOURCE_EXHAUSTED: more than `max_bytes` of JSON. INTERNAL: the message is broken.
absl::Status PrintMessage(const Schema::Route& route, absl::string_view message, size_t max_bytes,
                          PrintedMessage* printed);

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_PROTOCOL_PRINTED_MESSAGE_H_
