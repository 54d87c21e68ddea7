// The text forms of scalars and of the well-known types that have one, read to values or wire bytes: one set of rules
// for JSON strings, query parameters and path variables.
//
// Pure. Every function takes the whole text, without white space around it, and returns an empty view or a
// constant phrase that says what is wrong ("is not a whole number"), to be put behind the field's name. Nothing
// is appended on error.
#ifndef PENSTOCK_GATEWAY_TRANSCODE_SCALAR_TEXT_H_
#define PENSTOCK_GATEWAY_TRANSCODE_SCALAR_TEXT_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "gateway/transcode/message_plan.h"

namespace penstock::transcode {

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

// That grammar; beyond the type's range is a fault, too small to tell from zero is zero.
// NaN, Infinity and -Infinity too.
Fault ParseDouble(absl::string_view text, double* value);
Fault ParseFloat(absl::string_view text, float* value);

Fault ParseBool(absl::string_view text, bool* value);

// A name, or in a URL a number too.
Fault ParseEnum(absl::string_view text, const EnumPlan& plan, TextForm form, int32_t* value);

// Appends the value of an enum field given as a JSON number; a closed enum must have it.
Fault AppendEnumNumber(const FieldPlan& field, absl::string_view text, std::string* wire);

// Appends the decoded bytes. Both alphabets of RFC 4648, padded or not.
Fault DecodeBase64(absl::string_view text, std::string* bytes);

// RFC 3339, at most nanoseconds, years 0001 to 9999; appends the fields of a google.protobuf.Timestamp.
Fault ParseTimestamp(absl::string_view text, std::string* wire);

// "1.5s", at most nanoseconds and ±315,576,000,000 s; appends the fields of a google.protobuf.Duration.
Fault ParseDuration(absl::string_view text, std::string* wire);

// "a.b,cD"; appends the fields of a google.protobuf.FieldMask, names as in .proto files.
Fault ParseFieldMask(absl::string_view text, TextForm form, std::string* wire);

// True: a field of this type can be read by AppendFieldFromText: a scalar, an enum, or one of the types above and the
// wrappers. Of a repeated field, one element; not a map.
bool HasTextForm(const FieldPlan& field);

// Appends one value of a scalar or enum type, without its tag.
Fault AppendScalarFromText(const FieldPlan& field, absl::string_view text, TextForm form, std::string* wire);

// Appends one value of `field`, tag and all: what query parameters and path variables become. REQUIRES:
// HasTextForm(field).
Fault AppendFieldFromText(const FieldPlan& field, absl::string_view text, TextForm form, std::string* wire);

}  // namespace penstock::transcode

#endif  // PENSTOCK_GATEWAY_TRANSCODE_SCALAR_TEXT_H_
