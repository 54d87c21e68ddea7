#include "gateway/binding/binding.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gateway/binding/body_mask.h"
#include "gateway/binding/query.h"
#include "gateway/binding/required_fields.h"
#include "gateway/codec/http_body.h"
#include "gateway/codec/json_to_wire.h"
#include "gateway/codec/scalar_text.h"
#include "gateway/codec/wire_path.h"
#include "gateway/grpc_gateway/go_body.h"
#include "gateway/grpc_gateway/go_query.h"
#include "gateway/grpc_gateway/go_text.h"
#include "gateway/grpc_gateway/go_time.h"

namespace penstock::binding {
namespace {

using google::protobuf::FileDescriptor;

// Quotes in the value itself are not those that the parsers take off.
bool ReadTime(absl::string_view text, int64_t* seconds, int32_t* nanos) {
  return !absl::StrContains(text, '"') && grpc_gateway::ParseGoJsonTime(text, seconds, nanos).empty();
}
bool ReadDuration(absl::string_view text, int64_t* seconds, int32_t* nanos) {
  return !absl::StrContains(text, '"') && grpc_gateway::ParseGoJsonDuration(text, seconds, nanos).empty();
}

constexpr codec::JsonReadOptions kLenient = {.ignore_unknown = true, .timestamps = ReadTime, .durations = ReadDuration};

absl::Status WrongPath(absl::string_view what, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(what, " ", why));
}

bool IsMessage(const codec::FieldPlan& field) { return field.message != nullptr && !field.repeated; }

// The one FieldMask of the message; null: it has none, or several.
const codec::FieldPlan* OnlyMask(const codec::MessagePlan& plan) {
  const codec::FieldPlan* mask = nullptr;
  for (const codec::FieldPlan& field : plan.fields()) {
    if (field.extension || field.message == nullptr || field.message->well_known() != codec::WellKnown::kFieldMask)
      continue;
    if (mask != nullptr || field.repeated) return nullptr;
    mask = &field;
  }
  return mask;
}

// What a query appended fills the mask, or adds to it.
bool NamesPaths(const codec::FieldPlan& mask, absl::string_view query_fields) {
  return codec::IsSet({&mask, &mask.message->fields()[0]}, query_fields);
}

void AppendMask(const codec::FieldPlan& mask, absl::Span<const std::string> paths, std::string* wire) {
  codec::AppendMessage(mask, wire, [&] {
    for (const std::string& path : paths) {
      codec::AppendTag(1, codec::WireType::kLengthDelimited, wire);
      codec::AppendLengthDelimited(path, wire);
    }
  });
}

absl::Status ParameterMismatch(const codec::FieldPath& path, const absl::Status& status) {
  if (status.code() != absl::StatusCode::kInvalidArgument) return status;
  return absl::InvalidArgumentError(
      absl::StrCat("type mismatch, parameter: ", codec::ProtoPathText(path), ", error: ", status.message()));
}

}  // namespace

// --- Compiling -------------------------------------------------------------------------------------------------------

absl::StatusOr<RequestBinding> RequestBinding::Build(const codec::PlanSet& plans, const codec::MessagePlan& input,
                                                     const RequestRule& rule) {
  if (plans.Find(input.full_name()) != &input) {
    return absl::InvalidArgumentError(absl::StrCat(input.full_name(), " is of another schema"));
  }
  RequestBinding binding(input, rule.rules);
  for (const std::string& variable : rule.path_variables) {
    if (absl::Status status = binding.AddVariable(variable); !status.ok()) return status;
  }
  if (absl::Status status = binding.SetBody(rule.body); !status.ok()) return status;
  binding.SetBodyEffects();
  if (rule.patch) binding.SetMask();
  for (const Variable& variable : binding.variables_) binding.bound_.push_back(variable.path);
  if (!binding.body_.empty()) binding.bound_.push_back(binding.body_);
  binding.reads_query_ = rule.rules == BindingRules::kNative || (!binding.whole_body_ && !binding.EverythingIsBound());
  return binding;
}

absl::Status RequestBinding::AddVariable(absl::string_view name) {
  absl::StatusOr<codec::FieldPath> path = codec::ResolveFieldPath(*input_, name);
  if (!path.ok()) return WrongPath("path variable", path.status().message());
  const std::string what = absl::StrCat("path variable \"", name, "\"");
  const codec::FieldPlan& field = *path->back();
  if (field.is_map || (field.repeated && rules_ == BindingRules::kNative)) {
    return WrongPath(what, "is a list or map; a path holds one value");
  }
  if (!codec::HasTextForm(field)) return WrongPath(what, "is a message; name one of its fields");
  for (const Variable& other : variables_) {
    if (codec::Overlap(*path, other.path)) return WrongPath(what, "is bound twice");
    if (rules_ == BindingRules::kNative && codec::OneofConflict(*path, other.path) != nullptr) {
      return WrongPath(what, absl::StrCat("is in a oneof with \"", codec::FieldPathText(other.path), "\""));
    }
  }
  Variable variable;
  variable.path = *std::move(path);
  // What is generated for proto2 reads nested fields as it reads the others.
  variable.nested =
      variable.path.size() > 1 && variable.path[0]->descriptor->file()->syntax() != FileDescriptor::SYNTAX_PROTO2;
  variables_.push_back(std::move(variable));
  return absl::OkStatus();
}

absl::Status RequestBinding::SetBody(absl::string_view name) {
  whole_body_ = name == "*";
  http_body_ = whole_body_ && codec::IsHttpBody(*input_);
  if (whole_body_ || name.empty()) return absl::OkStatus();
  absl::StatusOr<codec::FieldPath> path = codec::ResolveFieldPath(*input_, name);
  if (!path.ok()) return WrongPath("body", path.status().message());
  for (const Variable& variable : variables_) {
    const std::string what = absl::StrCat("body \"", name, "\"");
    if (variable.path == *path && rules_ == BindingRules::kNative) {
      return WrongPath(what, "is bound by the path already");
    }
    if (rules_ == BindingRules::kNative && codec::OneofConflict(*path, variable.path) != nullptr) {
      return WrongPath(what, absl::StrCat("is in a oneof with \"", codec::FieldPathText(variable.path), "\""));
    }
  }
  body_ = *std::move(path);
  http_body_ = IsMessage(*body_.back()) && codec::IsHttpBody(*body_.back()->message);
  return absl::OkStatus();
}

// What the path must undo or find of the body. A body elsewhere in the message cannot be in its way.
void RequestBinding::SetBodyEffects() {
  for (Variable& variable : variables_) {
    const bool in_oneof = std::any_of(variable.path.begin(), variable.path.end(),
                                      [](const codec::FieldPlan* step) { return step->oneof >= 0; });
    // grpc-gateway takes rules whose parts meet in a oneof, and refuses the requests that do.
    variable.checks_oneof = in_oneof && rules_ == BindingRules::kGrpcGateway;
    if (!whole_body_ && (body_.empty() || !codec::Overlap(body_, variable.path))) continue;
    const codec::FieldPlan& field = *variable.path.back();
    // A list grows, and of a message what the text leaves out stays. A nested list is appended to, as a query's is.
    variable.replaces = field.repeated ? !variable.nested : field.message != nullptr;
    variable.checks_oneof = in_oneof;
  }
}

// Not for a body that is no message, nor for one whose JSON is not an object of its fields: it has no paths.
void RequestBinding::SetMask() {
  if (body_.empty() || !IsMessage(*body_.back()) || http_body_) return;
  if (body_.back()->message->well_known() != codec::WellKnown::kNone) return;
  const codec::FieldPlan* const mask = OnlyMask(*input_);
  if (mask == nullptr || codec::Overlap({mask}, body_)) return;
  for (const Variable& variable : variables_) {
    if (codec::Overlap({mask}, variable.path)) return;
  }
  mask_ = mask;
}

// Path and body bind each field of the message by its own name: grpc-gateway then does not look at the query at all.
bool RequestBinding::EverythingIsBound() const {
  return std::all_of(input_->fields().begin(), input_->fields().end(), [this](const codec::FieldPlan& field) {
    return field.extension || std::find(bound_.begin(), bound_.end(), codec::FieldPath{&field}) != bound_.end();
  });
}

// --- Binding ---------------------------------------------------------------------------------------------------------

absl::Status RequestBinding::Bind(const Parts& request, std::string* wire) const {
  const size_t before = wire->size();
  absl::Status status = Append(request, wire);
  if (status.ok() && input_->has_required()) {
    status = CheckRequired(*input_, absl::string_view(*wire).substr(before));
  }
  if (!status.ok()) wire->resize(before);
  return status;
}

// The order decides: what comes later wins.
absl::Status RequestBinding::Append(const Parts& request, std::string* wire) const {
  if (request.path_values.size() != variables_.size()) {
    return absl::InternalError(
        absl::StrCat(request.path_values.size(), " path values for ", variables_.size(), " variables"));
  }
  const size_t begin = wire->size();
  if (absl::Status status = AppendBody(request, wire); !status.ok()) return status;
  return rules_ == BindingRules::kNative ? AppendRest(request, begin, wire) : AppendGoRest(request, begin, wire);
}

absl::Status RequestBinding::AppendRest(const Parts& request, size_t begin, std::string* wire) const {
  const size_t query_begin = wire->size();
  if (absl::Status status = AppendQueries(request, wire); !status.ok()) return status;
  if (mask_ != nullptr && !request.body.empty() && !NamesPaths(*mask_, absl::string_view(*wire).substr(query_begin))) {
    std::vector<std::string> paths;
    if (absl::Status status = BodyPaths(request.body, &paths); !status.ok()) return status;
    AppendMask(*mask_, paths, wire);
  }
  return AppendVariables(request.path_values, begin, wire);
}

// The body's paths first, since what is wrong with them is told first, and before what the query adds to them.
absl::Status RequestBinding::AppendGoRest(const Parts& request, size_t begin, std::string* wire) const {
  std::vector<std::string> paths;
  if (mask_ != nullptr) {
    if (absl::Status status = BodyPaths(request.body, &paths); !status.ok()) return status;
  }
  if (absl::Status status = AppendVariables(request.path_values, begin, wire); !status.ok()) return status;
  const size_t mask_begin = wire->size();
  if (mask_ != nullptr) AppendMask(*mask_, paths, wire);
  const size_t mask_size = wire->size() - mask_begin;
  if (!reads_query_) return absl::OkStatus();
  grpc_gateway::GoQueryReader reader(*input_, bound_, wire);
  absl::Status status = reader.Read(request.queries);
  if (status.ok() && mask_ != nullptr && reader.replaced(*mask_)) wire->erase(mask_begin, mask_size);
  return status;
}

absl::Status RequestBinding::AppendBody(const Parts& request, std::string* wire) const {
  if (!takes_body()) return absl::OkStatus();
  if (!takes_http_body()) return AppendJsonBody(request.body, wire);
  const codec::HttpBodyView body = {request.content_type, request.body};
  if (whole_body_) return codec::AppendHttpBody(body, wire);
  return codec::AppendNested(body_, wire, [&] {
    return codec::AppendMessage(*body_.back(), wire, [&] { return codec::AppendHttpBody(body, wire); });
  });
}

absl::Status RequestBinding::AppendJsonBody(absl::string_view body, std::string* wire) const {
  const bool lenient = rules_ == BindingRules::kGrpcGateway;
  const codec::JsonReadOptions options = lenient ? kLenient : codec::JsonReadOptions();
  if (whole_body_) return body.empty() ? absl::OkStatus() : codec::JsonToWire(*input_, body, wire, options);
  if (lenient && IsMessage(*body_.back())) {
    // To grpc-gateway the field is there even if the body is not, and `null` is no message.
    const auto append_message = [&] {
      return body.empty() ? absl::OkStatus() : codec::JsonToWire(*body_.back()->message, body, wire, options);
    };
    return codec::AppendNested(body_, wire, [&] { return codec::AppendMessage(*body_.back(), wire, append_message); });
  }
  if (body.empty()) return absl::OkStatus();
  if (lenient && grpc_gateway::IsGoBody(*body_.back())) {
    return codec::AppendNested(body_, wire, [&] { return grpc_gateway::AppendGoBody(*body_.back(), body, wire); });
  }
  return codec::AppendNested(body_, wire, [&] { return codec::JsonToWireField(*body_.back(), body, wire, options); });
}

absl::Status RequestBinding::AppendQueries(const Parts& request, std::string* wire) const {
  const bool has_query = std::any_of(request.queries.begin(), request.queries.end(), [](absl::string_view query) {
    return query.find_first_not_of('&') != absl::string_view::npos;
  });
  if (!has_query) return absl::OkStatus();
  if (whole_body_) return absl::InvalidArgumentError("the body is the whole message: no query parameter is taken");
  const bool has_body = !body_.empty() && !request.body.empty();
  QueryReader reader(*input_, absl::MakeConstSpan(bound_).subspan(0, variables_.size()), body_, has_body, wire);
  for (const absl::string_view query : request.queries) {
    if (absl::Status status = reader.Read(query); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status RequestBinding::BodyPaths(absl::string_view body, std::vector<std::string>* paths) const {
  return body.empty() ? absl::OkStatus() : BodyMaskPaths(*body_.back()->message, body, paths);
}

absl::Status RequestBinding::AppendVariables(absl::Span<const std::string> values, size_t begin,
                                             std::string* wire) const {
  for (size_t i = 0; i < variables_.size(); ++i) {
    if (absl::Status status = AppendVariable(variables_[i], values[i], begin, wire); !status.ok()) return status;
  }
  return absl::OkStatus();
}

// `begin`: where in *wire the message begins.
absl::Status RequestBinding::AppendVariable(const Variable& variable, absl::string_view value, size_t begin,
                                            std::string* wire) const {
  const codec::FieldPath& path = variable.path;
  if (variable.checks_oneof) {
    if (absl::Status status = CheckOneof(variable, absl::string_view(*wire).substr(begin)); !status.ok()) return status;
  }
  if (variable.replaces) codec::EraseField(path, begin, wire);
  if (rules_ == BindingRules::kGrpcGateway) {
    absl::Status status = AppendGoVariable(variable, value, wire);
    return status.ok() ? status : ParameterMismatch(path, status);
  }
  const codec::Fault fault = codec::AppendNested(
      path, wire, [&] { return codec::AppendFieldFromText(*path.back(), value, codec::TextForm::kUrl, wire); });
  return fault.empty() ? absl::OkStatus()
                       : WrongPath(absl::StrCat("path variable ", codec::FieldPathText(path)), fault);
}

// `message`: what has been appended of it.
absl::Status RequestBinding::CheckOneof(const Variable& variable, absl::string_view message) const {
  const codec::FieldPath& path = variable.path;
  const codec::FieldPlan* other = codec::OneofSetByOther(*input_, path, message);
  if (rules_ == BindingRules::kNative) {
    if (other == nullptr) return absl::OkStatus();
    return WrongPath(absl::StrCat("path variable ", codec::FieldPathText(path)),
                     absl::StrCat("is set while the body sets ", other->name, " of the oneof ",
                                  other->descriptor->containing_oneof()->name()));
  }
  // A nested scalar may not even be set to another value.
  const codec::FieldPlan& field = *path.back();
  const bool once = variable.nested && field.oneof >= 0 && field.message == nullptr;
  if (other == nullptr && once && codec::IsSet(path, message)) other = &field;
  if (other == nullptr) return absl::OkStatus();
  return ParameterMismatch(
      path, absl::InvalidArgumentError(
                absl::StrCat("field already set for oneof \"", other->descriptor->containing_oneof()->name(), "\"")));
}

absl::Status RequestBinding::AppendGoVariable(const Variable& variable, absl::string_view value,
                                              std::string* wire) const {
  const codec::FieldPath& path = variable.path;
  if (variable.nested) return grpc_gateway::AppendGoNestedVariable(path, value, wire);
  return codec::AppendNested(path, wire, [&]() -> absl::Status {
    if (!path.back()->repeated)
      return grpc_gateway::AppendFieldFromGoText(*path.back(), value, grpc_gateway::GoPlace::kPath, wire);
    for (const absl::string_view element : absl::StrSplit(value, ',')) {
      absl::Status status =
          grpc_gateway::AppendFieldFromGoText(*path.back(), element, grpc_gateway::GoPlace::kPath, wire);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  });
}

}  // namespace penstock::binding
