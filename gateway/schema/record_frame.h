// What the records of one method have around their messages' JSON in a native stream:
//
//   {"type":"tick","id":"7","data":{…}}   RecordFrame("tick").AppendPrefix("7") + JSON + kRecordSuffix
//
// Pure. One record per line: the JSON of a message never holds a newline.
#ifndef PENSTOCK_GATEWAY_SCHEMA_RECORD_FRAME_H_
#define PENSTOCK_GATEWAY_SCHEMA_RECORD_FRAME_H_

#include <string>

#include "absl/strings/string_view.h"

namespace penstock {

inline constexpr absl::string_view kRecordSuffix = "}\n";

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

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_SCHEMA_RECORD_FRAME_H_
