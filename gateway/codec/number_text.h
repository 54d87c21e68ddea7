// Numbers read from text: one set of rules for JSON, query parameters and path variables.
//
// Pure. Every Parse function takes the whole text, without white space around it, and returns an empty view or a
// constant phrase that says what is wrong ("is not a whole number"), to be put behind the field's name.
//
//   int32_t value;
//   if (const Fault fault = ParseInt32(text, TextForm::kJson, &value); !fault.empty()) return Fail(fault);
#ifndef PENSTOCK_GATEWAY_CODEC_NUMBER_TEXT_H_
#define PENSTOCK_GATEWAY_CODEC_NUMBER_TEXT_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace penstock::codec {

// What is wrong with a text; empty: nothing. Always a literal.
using Fault = absl::string_view;

// Where a text comes from decides which forms are taken.
enum class TextForm {
  kJson,  // JSON's number grammar: `1e5` and `1.0` are whole numbers, no leading zeros; FieldMask in lowerCamelCase
          // only
  kUrl,   // query and path: whole numbers in decimal digits; enum numbers and FieldMask paths as in the .proto file too
};

Fault ParseInt64(absl::string_view text, TextForm form, int64_t* value);
Fault ParseUint64(absl::string_view text, TextForm form, uint64_t* value);
Fault ParseInt32(absl::string_view text, TextForm form, int32_t* value);
Fault ParseUint32(absl::string_view text, TextForm form, uint32_t* value);

// JSON's number grammar (RFC 8259 section 6), whatever the value.
bool IsJsonNumber(absl::string_view text);

// A number of that grammar, NaN, Infinity or -Infinity; beyond the type's range is a fault, too small to tell from zero
// is zero.
Fault ParseDouble(absl::string_view text, double* value);
Fault ParseFloat(absl::string_view text, float* value);

}  // namespace penstock::codec

#endif  // PENSTOCK_GATEWAY_CODEC_NUMBER_TEXT_H_
