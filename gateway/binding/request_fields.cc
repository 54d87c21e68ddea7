#include "gateway/binding/request_fields.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/codec/http_body.h"
#include "gateway/codec/scalar_text.h"

namespace penstock::binding {

bool BodyTarget::Reaches(const codec::FieldPath& path) const {
  return whole || (!field.empty() && codec::Overlap(field, path));
}

absl::Status WrongPath(absl::string_view what, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(what, " ", why));
}

absl::StatusOr<std::vector<codec::FieldPath>> ResolveVariables(const codec::MessagePlan& input,
                                                               absl::Span<const std::string> names,
                                                               bool (*holds_one_value)(const codec::FieldPlan& field)) {
  std::vector<codec::FieldPath> variables;
  for (const std::string& name : names) {
    absl::StatusOr<codec::FieldPath> path = codec::ResolveFieldPath(input, name);
    if (!path.ok()) return WrongPath("path variable", path.status().message());
    const std::string what = absl::StrCat("path variable \"", name, "\"");
    if (!holds_one_value(*path->back())) return WrongPath(what, "is a list or map; a path holds one value");
    if (!codec::HasTextForm(*path->back())) return WrongPath(what, "is a message; name one of its fields");
    const bool twice = std::any_of(variables.begin(), variables.end(),
                                   [&](const codec::FieldPath& other) { return codec::Overlap(*path, other); });
    if (twice) return WrongPath(what, "is bound twice");
    variables.push_back(*std::move(path));
  }
  return variables;
}

absl::StatusOr<BodyTarget> ResolveBody(const codec::MessagePlan& input, absl::string_view body) {
  BodyTarget target;
  target.whole = body == "*";
  const codec::MessagePlan* message = target.whole ? &input : nullptr;
  if (!target.whole && !body.empty()) {
    absl::StatusOr<codec::FieldPath> path = codec::ResolveFieldPath(input, body);
    if (!path.ok()) return WrongPath("body", path.status().message());
    target.field = *std::move(path);
    message = target.field.back()->repeated ? nullptr : target.field.back()->message;
  }
  target.http_body = message != nullptr && codec::IsHttpBody(*message);
  return target;
}

bool LeadsThroughOneof(const codec::FieldPath& path) {
  return std::any_of(path.begin(), path.end(), [](const codec::FieldPlan* step) { return step->oneof >= 0; });
}

absl::Status WrongValueCount(size_t values, size_t variables) {
  return absl::InternalError(absl::StrCat(values, " path values for ", variables, " variables"));
}

}  // namespace penstock::binding
