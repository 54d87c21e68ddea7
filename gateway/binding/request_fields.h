// What every RequestBinding does alike, however it reads values: finds the fields that a rule names, and judges the
// message once it is whole. Pure; for implementations.
#ifndef PENSTOCK_GATEWAY_BINDING_REQUEST_FIELDS_H_
#define PENSTOCK_GATEWAY_BINDING_REQUEST_FIELDS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gateway/binding/required_fields.h"
#include "gateway/codec/field_path.h"
#include "gateway/codec/message_plan.h"

namespace penstock::binding {

// What of the message a rule's body fills.
struct BodyTarget {
  bool whole = false;      // all of it
  codec::FieldPath field;  // else this field; empty: nothing
  bool http_body = false;  // a google.api.HttpBody

  bool empty() const { return !whole && field.empty(); }
  // The body may set the field, or what is in it or around it.
  bool Reaches(const codec::FieldPath& path) const;
};

// "what why", as InvalidArgument.
absl::Status WrongPath(absl::string_view what, absl::string_view why);

// The fields that a rule's path variables name. InvalidArgument names the variable: its field is unknown, holds more
// than one value by `holds_one_value`, is a message without a text form, or is bound twice.
absl::StatusOr<std::vector<codec::FieldPath>> ResolveVariables(const codec::MessagePlan& input,
                                                               absl::Span<const std::string> names,
                                                               bool (*holds_one_value)(const codec::FieldPlan& field));

// InvalidArgument: no such field.
absl::StatusOr<BodyTarget> ResolveBody(const codec::MessagePlan& input, absl::string_view body);

// A field on the way, or at its end, is a member of a oneof.
bool LeadsThroughOneof(const codec::FieldPath& path);

// As INTERNAL: there is not one value per variable.
absl::Status WrongValueCount(size_t values, size_t variables);

// What becomes of the message from `begin` on, whose parts were appended with this result: as the result says, and
// INVALID_ARGUMENT where a required field is missing. *wire is cut back unless all is well.
inline absl::Status FinishMessage(const codec::MessagePlan& input, absl::Status result, size_t begin,
                                  std::string* wire) {
  if (result.ok() && input.has_required()) result = CheckRequired(input, absl::string_view(*wire).substr(begin));
  if (!result.ok()) wire->resize(begin);
  return result;
}

}  // namespace penstock::binding

#endif  // PENSTOCK_GATEWAY_BINDING_REQUEST_FIELDS_H_
