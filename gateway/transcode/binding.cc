#include "gateway/transcode/binding.h"

#include "absl/strings/str_cat.h"
#include "gateway/transcode/json_to_wire.h"
#include "gateway/transcode/query.h"
#include "gateway/transcode/required_fields.h"
#include "gateway/transcode/scalar_text.h"
#include "gateway/transcode/wire_to_json.h"

namespace penstock::transcode {
namespace {

absl::Status WrongPath(absl::string_view what, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(what, " ", why));
}

}  // namespace

absl::StatusOr<RequestBinding> RequestBinding::Build(const PlanSet& plans, const MessagePlan& input,
                                                     std::vector<std::string> path_variables, absl::string_view body) {
  if (plans.Find(input.full_name()) != &input) {
    return absl::InvalidArgumentError(absl::StrCat(input.full_name(), " is of another schema"));
  }
  RequestBinding binding(input);
  for (const std::string& variable : path_variables) {
    if (absl::Status status = binding.AddVariable(variable); !status.ok()) return status;
  }
  if (absl::Status status = binding.SetBody(body); !status.ok()) return status;
  return binding;
}

absl::Status RequestBinding::AddVariable(absl::string_view name) {
  absl::StatusOr<FieldPath> path = ResolveFieldPath(*input_, name);
  if (!path.ok()) return WrongPath("path variable", path.status().message());
  const std::string what = absl::StrCat("path variable \"", name, "\"");
  if (path->back()->repeated) return WrongPath(what, "is a list or map; a path holds one value");
  if (!HasTextForm(*path->back())) return WrongPath(what, "is a message; name one of its fields");
  for (const FieldPath& other : variables_) {
    if (Overlap(*path, other)) return WrongPath(what, "is bound twice");
    if (OneofConflict(*path, other) != nullptr) {
      return WrongPath(what, absl::StrCat("is in a oneof with \"", FieldPathText(other), "\""));
    }
  }
  variables_.push_back(*std::move(path));
  return absl::OkStatus();
}

absl::Status RequestBinding::SetBody(absl::string_view name) {
  whole_body_ = name == "*";
  if (whole_body_ || name.empty()) return absl::OkStatus();
  absl::StatusOr<FieldPath> path = ResolveFieldPath(*input_, name);
  if (!path.ok()) return WrongPath("body", path.status().message());
  for (const FieldPath& variable : variables_) {
    const std::string what = absl::StrCat("body \"", name, "\"");
    if (variable == *path) return WrongPath(what, "is bound by the path already");
    if (OneofConflict(*path, variable) != nullptr) {
      return WrongPath(what, absl::StrCat("is in a oneof with \"", FieldPathText(variable), "\""));
    }
  }
  body_ = *std::move(path);
  return absl::OkStatus();
}

absl::Status RequestBinding::Bind(absl::Span<const std::string> path_values, absl::string_view query,
                                  absl::string_view body, std::string* wire) const {
  const size_t before = wire->size();
  absl::Status status = Append(path_values, query, body, wire);
  if (status.ok() && input_->has_required()) {
    status = CheckRequired(*input_, absl::string_view(*wire).substr(before));
  }
  if (!status.ok()) wire->resize(before);
  return status;
}

// The order decides: what comes later wins.
absl::Status RequestBinding::Append(absl::Span<const std::string> path_values, absl::string_view query,
                                    absl::string_view body, std::string* wire) const {
  if (path_values.size() != variables_.size()) {
    return absl::InternalError(absl::StrCat(path_values.size(), " path values for ", variables_.size(), " variables"));
  }
  const bool has_body = takes_body() && !body.empty();
  if (has_body) {
    absl::Status status = whole_body_
                              ? JsonToWire(*input_, body, wire)
                              : AppendNested(body_, wire, [&] { return JsonToWireField(*body_.back(), body, wire); });
    if (!status.ok()) return status;
  }
  if (!query.empty()) {
    if (whole_body_) return absl::InvalidArgumentError("the body is the whole message: no query parameter is taken");
    absl::Status status = QueryReader(*input_, variables_, body_, has_body, wire).Read(query);
    if (!status.ok()) return status;
  }
  for (size_t i = 0; i < variables_.size(); ++i) {
    const FieldPath& path = variables_[i];
    const Fault fault = AppendNested(
        path, wire, [&] { return AppendFieldFromText(*path.back(), path_values[i], TextForm::kUrl, wire); });
    if (!fault.empty()) return WrongPath(absl::StrCat("path variable ", FieldPathText(path)), fault);
  }
  return absl::OkStatus();
}

absl::StatusOr<ResponseBinding> ResponseBinding::Build(const MessagePlan& output, absl::string_view response_body) {
  ResponseBinding binding(output);
  if (response_body.empty()) return binding;
  absl::StatusOr<FieldPath> path = ResolveFieldPath(output, response_body);
  if (!path.ok()) return WrongPath("response_body", path.status().message());
  binding.field_ = *std::move(path);
  return binding;
}

absl::Status ResponseBinding::Print(absl::string_view wire, size_t max_bytes, std::string* out) const {
  if (field_.empty()) return WireToJson(*output_, wire, max_bytes, out);
  return WireFieldToJson(*output_, field_, wire, max_bytes, out);
}

}  // namespace penstock::transcode
