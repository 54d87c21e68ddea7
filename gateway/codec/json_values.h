// Where one JSON value ends and the next begins in a body that arrives in pieces: what turns the body of a streaming
// request, concatenated or newline-separated JSON, into messages.
//
// Only the extent of values is found here: brackets are counted and strings passed over. Whether a value is good JSON
// is for json_to_wire to say, which reads each.
//
//   JsonValues values(limits.max_request_bytes);
//   absl::string_view value;
//   while (values.Next(&input, &value) == JsonValues::Result::kValue) Use(value);    // for each piece of the body
//   if (values.End(&value) == JsonValues::Result::kValue) Use(value);                // a number needs the end to end
//
// Pure. One a body; its thread only. Holds what has arrived of one value, at most `max_value_bytes`; a value that lies
// whole in a piece is not copied.
#ifndef PENSTOCK_GATEWAY_CODEC_JSON_VALUES_H_
#define PENSTOCK_GATEWAY_CODEC_JSON_VALUES_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace penstock::codec {

class JsonValues {
 public:
  enum class Result {
    kNeedMore,   // the piece is used up; at the end: there is no further value
    kValue,      // one value, without the white space around it
    kTooLong,    // the value is longer than allowed
    kMalformed,  // a bracket closes what is not open, or something stands where a value should begin; at the end: the
                 // last value is incomplete
  };

  explicit JsonValues(size_t max_value_bytes) : max_value_bytes_(max_value_bytes) {}

  // Takes bytes from the front of *input up to the end of the next value. kValue: *value is valid until the next call
  // and as long as the piece is. After kTooLong and kMalformed nothing more may be asked.
  Result Next(absl::string_view* input, absl::string_view* value);

  // The body has ended.
  Result End(absl::string_view* value);

  // Where in the body the value in hand began, or the fault is; in bytes from 0.
  uint64_t offset() const { return offset_; }

 private:
  enum class Inside : uint8_t { kNothing, kBrackets, kString, kEscape, kWord };

  // Looks at one byte inside a value. True: it is the value's last.
  bool Step(char c);
  bool Begin(char c);
  // How many bytes of `input` belong to the value, of which it is the rest; *ended: its last byte is among them.
  size_t Scan(absl::string_view input, bool* ended);

  const size_t max_value_bytes_;
  std::string held_;      // the beginning of a value that came in earlier pieces
  std::string finished_;  // what the last kValue points to, if it was held
  uint64_t at_ = 0;       // bytes of the body taken
  uint64_t offset_ = 0;
  size_t depth_ = 0;
  Inside inside_ = Inside::kNothing;
};

}  // namespace penstock::codec

#endif  // PENSTOCK_GATEWAY_CODEC_JSON_VALUES_H_
