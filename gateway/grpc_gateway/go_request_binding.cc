#include "gateway/grpc_gateway/go_request_binding.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gateway/binding/body_mask.h"
#include "gateway/codec/json_to_wire.h"
#include "gateway/codec/wire_path.h"
#include "gateway/grpc_gateway/go_body.h"
#include "gateway/grpc_gateway/go_query.h"
#include "gateway/grpc_gateway/go_text.h"
#include "gateway/grpc_gateway/go_time.h"

namespace penstock::grpc_gateway {
namespace {

using google::protobuf::FileDescriptor;

// Quotes in the value itself are not those that the parsers take off.
bool ReadTime(absl::string_view text, int64_t* seconds, int32_t* nanos) {
  return !absl::StrContains(text, '"') && ParseGoJsonTime(text, seconds, nanos).empty();
}
bool ReadDuration(absl::string_view text, int64_t* seconds, int32_t* nanos) {
  return !absl::StrContains(text, '"') && ParseGoJsonDuration(text, seconds, nanos).empty();
}

constexpr codec::JsonReadOptions kProtojson = {
    .ignore_unknown = true, .timestamps = ReadTime, .durations = ReadDuration};

absl::Status ParameterMismatch(const codec::FieldPath& path, const absl::Status& status) {
  if (status.code() != absl::StatusCode::kInvalidArgument) return status;
  return absl::InvalidArgumentError(
      absl::StrCat("type mismatch, parameter: ", codec::ProtoPathText(path), ", error: ", status.message()));
}

}  // namespace

// --- Compiling -------------------------------------------------------------------------------------------------------

absl::StatusOr<GoRequestBinding> GoRequestBinding::Build(const codec::MessagePlan& input,
                                                         const binding::RequestRule& rule) {
  GoRequestBinding binding(input);
  auto variables = binding::ResolveVariables(input, rule.path_variables,
                                             [](const codec::FieldPlan& field) { return !field.is_map; });
  if (!variables.ok()) return variables.status();
  absl::StatusOr<binding::BodyTarget> body = binding::ResolveBody(input, rule.body);
  if (!body.ok()) return body.status();
  binding.body_ = *std::move(body);
  binding.bound_ = *variables;
  if (!binding.body_.field.empty()) binding.bound_.push_back(binding.body_.field);
  if (rule.patch) binding.mask_ = binding::FindMask(input, binding.body_, *variables);
  for (codec::FieldPath& path : *variables) binding.AddVariable(std::move(path));
  binding.reads_query_ = !binding.body_.whole && !binding.EverythingIsBound();
  return binding;
}

void GoRequestBinding::AddVariable(codec::FieldPath path) {
  Variable variable;
  const codec::FieldPlan& field = *path.back();
  // What is generated for proto2 reads nested fields as it reads the others.
  variable.nested = path.size() > 1 && path[0]->descriptor->file()->syntax() != FileDescriptor::SYNTAX_PROTO2;
  // A list grows, and of a message what the text leaves out stays. A nested list is appended to, as a query's is.
  variable.replaces = body_.Reaches(path) && (field.repeated ? !variable.nested : field.message != nullptr);
  // Rules whose parts meet in a oneof are taken, and the requests that do are refused.
  variable.in_oneof = binding::LeadsThroughOneof(path);
  variable.path = std::move(path);
  variables_.push_back(std::move(variable));
}

// Path and body bind each field of the message by its own name: generated code does not look at the query then.
bool GoRequestBinding::EverythingIsBound() const {
  return std::all_of(input_->fields().begin(), input_->fields().end(), [this](const codec::FieldPlan& field) {
    return field.extension || std::find(bound_.begin(), bound_.end(), codec::FieldPath{&field}) != bound_.end();
  });
}

// --- Binding ---------------------------------------------------------------------------------------------------------

absl::Status GoRequestBinding::Bind(const Parts& request, std::string* wire) const {
  const size_t begin = wire->size();
  return binding::FinishMessage(*input_, Append(request, wire), begin, wire);
}

// The order decides: what comes later wins. The body's mask is found first, since what is wrong with it is told first,
// and goes before what the query adds to it.
absl::Status GoRequestBinding::Append(const Parts& request, std::string* wire) const {
  if (request.path_values.size() != variables_.size()) {
    return binding::WrongValueCount(request.path_values.size(), variables_.size());
  }
  const size_t begin = wire->size();
  if (absl::Status status = AppendBody(request.body, wire); !status.ok()) return status;
  std::vector<std::string> paths;
  if (mask_ != nullptr && !request.body.empty()) {
    absl::Status status = binding::BodyMaskPaths(*body_.field.back()->message, request.body, &paths);
    if (!status.ok()) return status;
  }
  for (size_t i = 0; i < variables_.size(); ++i) {
    absl::Status status = AppendVariable(variables_[i], request.path_values[i], begin, wire);
    if (!status.ok()) return status;
  }
  const size_t mask_begin = wire->size();
  if (mask_ != nullptr) binding::AppendMaskPaths(*mask_, paths, wire);
  const size_t mask_size = wire->size() - mask_begin;
  if (!reads_query_) return absl::OkStatus();
  GoQueryReader reader(*input_, bound_, wire);
  absl::Status status = reader.Read(request.queries);
  if (status.ok() && mask_ != nullptr && reader.replaced(*mask_)) wire->erase(mask_begin, mask_size);
  return status;
}

absl::Status GoRequestBinding::AppendBody(absl::string_view body, std::string* wire) const {
  if (body_.whole) return body.empty() ? absl::OkStatus() : codec::JsonToWire(*input_, body, wire, kProtojson);
  if (body_.empty()) return absl::OkStatus();
  const codec::FieldPlan& field = *body_.field.back();
  if (field.message != nullptr && !field.repeated) {
    // The field is there even if the body is not, and `null` is no message.
    const auto append_message = [&] {
      return body.empty() ? absl::OkStatus() : codec::JsonToWire(*field.message, body, wire, kProtojson);
    };
    return codec::AppendNested(body_.field, wire, [&] { return codec::AppendMessage(field, wire, append_message); });
  }
  if (body.empty()) return absl::OkStatus();
  return codec::AppendNested(body_.field, wire, [&] {
    return IsGoBody(field) ? AppendGoBody(field, body, wire) : codec::JsonToWireField(field, body, wire, kProtojson);
  });
}

// `begin`: where in *wire the message begins.
absl::Status GoRequestBinding::AppendVariable(const Variable& variable, absl::string_view value, size_t begin,
                                              std::string* wire) const {
  if (variable.in_oneof) {
    const absl::Status status = CheckOneof(variable, absl::string_view(*wire).substr(begin));
    if (!status.ok()) return ParameterMismatch(variable.path, status);
  }
  if (variable.replaces) codec::EraseField(variable.path, begin, wire);
  absl::Status status = AppendValue(variable, value, wire);
  return status.ok() ? status : ParameterMismatch(variable.path, status);
}

// `message`: what has been appended of it.
absl::Status GoRequestBinding::CheckOneof(const Variable& variable, absl::string_view message) const {
  const codec::FieldPlan& field = *variable.path.back();
  const codec::FieldPlan* other = codec::OneofSetByOther(*input_, variable.path, message);
  // A nested scalar may not even be set to another value.
  const bool once = variable.nested && field.oneof >= 0 && field.message == nullptr;
  if (other == nullptr && once && codec::IsSet(variable.path, message)) other = &field;
  if (other == nullptr) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("field already set for oneof \"", other->descriptor->containing_oneof()->name(), "\""));
}

absl::Status GoRequestBinding::AppendValue(const Variable& variable, absl::string_view value, std::string* wire) const {
  const codec::FieldPath& path = variable.path;
  if (variable.nested) return AppendGoNestedVariable(path, value, wire);
  return codec::AppendNested(path, wire, [&]() -> absl::Status {
    if (!path.back()->repeated) return AppendFieldFromGoText(*path.back(), value, GoPlace::kPath, wire);
    for (const absl::string_view element : absl::StrSplit(value, ',')) {
      absl::Status status = AppendFieldFromGoText(*path.back(), element, GoPlace::kPath, wire);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  });
}

}  // namespace penstock::grpc_gateway
