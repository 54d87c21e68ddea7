// The text forms of scalars and of the well-known types that have one, read to values or wire bytes: one set of rules
// for JSON strings, query parameters and path variables.
//
// Pure. Every function takes the whole text, without white space around it. Nothing is appended on error.
#ifndef PENSTOCK_GATEWAY_CODEC_SCALAR_TEXT_H_
#define PENSTOCK_GATEWAY_CODEC_SCALAR_TEXT_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "gateway/codec/message_plan.h"
#include "gateway/codec/number_text.h"
#include "gateway/codec/time_text.h"

namespace penstock::codec {

Fault ParseBool(absl::string_view text, bool* value);

// A name, or in a URL a number too.
Fault ParseEnum(absl::string_view text, const EnumPlan& plan, TextForm form, int32_t* value);

// Appends the value of an enum field given as a JSON number; a closed enum must have it, unless `any_number`.
Fault AppendEnumNumber(const FieldPlan& field, absl::string_view text, bool any_number, std::string* wire);

// Appends the decoded bytes. Both alphabets of RFC 4648, padded or not.
Fault DecodeBase64(absl::string_view text, std::string* bytes);

// Appends the fields of a google.protobuf.Timestamp, by ReadTimestamp or a reader that takes other texts as well.
Fault ParseTimestamp(absl::string_view text, TimeTextReader read, std::string* wire);

// Likewise of a google.protobuf.Duration, by ReadDuration or another reader.
Fault ParseDuration(absl::string_view text, TimeTextReader read, std::string* wire);

// "a.b,cD"; appends the fields of a google.protobuf.FieldMask, names as in .proto files. A path may be "*", by which
// many APIs mean all fields.
Fault ParseFieldMask(absl::string_view text, TextForm form, std::string* wire);

// True: a field of this type can be read by AppendFieldFromText: a scalar, an enum, or one of the types above and the
// wrappers. Of a repeated field, one element; not a map.
bool HasTextForm(const FieldPlan& field);

// Appends one value of a scalar or enum type, without its tag.
Fault AppendScalarFromText(const FieldPlan& field, absl::string_view text, TextForm form, std::string* wire);

// Appends one value of `field`, tag and all: what query parameters and path variables become. REQUIRES:
// HasTextForm(field).
Fault AppendFieldFromText(const FieldPlan& field, absl::string_view text, TextForm form, std::string* wire);

}  // namespace penstock::codec

#endif  // PENSTOCK_GATEWAY_CODEC_SCALAR_TEXT_H_
