// What stands around the messages of a native stream: the record's frame, the ending, the heartbeat.
//
//   {"type":"tick","data":{…}}          RecordPrefix("tick") + JSON + kRecordSuffix
//   {"end":{"code":0}}                  AppendEnding(OK)
//   {"error":{"code":14,…}}             AppendEnding(a failure)
//
// Pure. One record a line: the JSON of a message never holds a newline.
#ifndef PENSTOCK_GATEWAY_TRANSCODE_FRAMING_H_
#define PENSTOCK_GATEWAY_TRANSCODE_FRAMING_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gateway/transcode/message_plan.h"

namespace penstock::transcode {

// Media types whose streams look like this, the default first.
inline constexpr absl::string_view kStreamMediaTypes[] = {"application/x-ndjson", "application/json"};

inline constexpr absl::string_view kRecordSuffix = "}\n";

// White space that may stand before a record (RFC 8259 section 2) and ends no line, so that no reader of lines sees it.
inline constexpr absl::string_view kHeartbeat = " ";

// The `type` of a message's records: its name in lowerCamelCase, or "message" where that is the name of an event which
// means something else to a client.
std::string RecordType(absl::string_view message_name);

// `type` must not need escaping: what RecordType returned.
std::string RecordPrefix(absl::string_view type);

// The record that ends a stream. `types`: see AppendStatusJson.
void AppendEnding(const absl::Status& status, absl::Span<const PlanSet* const> types, std::string* out);

}  // namespace penstock::transcode

#endif  // PENSTOCK_GATEWAY_TRANSCODE_FRAMING_H_
