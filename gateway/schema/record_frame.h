// What stands around the messages of a native stream: the record's frame, the ending, the heartbeat.
//
//   {"type":"tick","id":"7","data":{…}} RecordFrame("tick").AppendPrefix("7") + JSON + kRecordSuffix
//   {"end":{"code":0}}                  AppendEnding(OK)
//   {"error":{"code":14,…}}             AppendEnding(a failure)
//
// Pure. One record a line: the JSON of a message never holds a newline.
#ifndef PENSTOCK_GATEWAY_SCHEMA_RECORD_FRAME_H_
#define PENSTOCK_GATEWAY_SCHEMA_RECORD_FRAME_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gateway/codec/message_plan.h"

namespace penstock {

inline constexpr absl::string_view kRecordSuffix = "}\n";

// White space that may stand before a record (RFC 8259 section 2) and ends no line, so that no reader of lines sees it.
inline constexpr absl::string_view kHeartbeat = " ";

// True: the name of an event that means something else to a client, so that a record which took it would forge one.
bool IsReservedType(absl::string_view type);

// The `type` of a message's records: its name in lowerCamelCase, or "message" where that is reserved.
std::string RecordType(absl::string_view message_name);

// What the records of one method have before their messages' JSON. Made once a method, immutable.
class RecordFrame {
 public:
  // `type` must not need escaping: what RecordType returned, or an option that has been checked.
  explicit RecordFrame(absl::string_view type);

  const std::string& type() const { return type_; }

  // `id`: UTF-8, escaped here; empty: the record has none.
  void AppendPrefix(absl::string_view id, std::string* out) const;

 private:
  std::string type_;
  std::string plain_;    // {"type":"tick","data":
  std::string with_id_;  // {"type":"tick","id":
};

// The record that ends a stream. `types`: see AppendStatusJson.
void AppendEnding(const absl::Status& status, absl::Span<const codec::PlanSet* const> types, std::string* out);

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_SCHEMA_RECORD_FRAME_H_
