#include "gateway/binding/native_request_binding.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/binding/body_mask.h"
#include "gateway/binding/query.h"
#include "gateway/codec/http_body.h"
#include "gateway/codec/json_to_wire.h"
#include "gateway/codec/scalar_text.h"
#include "gateway/codec/wire_path.h"

namespace penstock::binding {

// --- Compiling -------------------------------------------------------------------------------------------------------

absl::StatusOr<NativeRequestBinding> NativeRequestBinding::Build(const codec::MessagePlan& input,
                                                                 const RequestRule& rule) {
  NativeRequestBinding binding(input);
  auto variables =
      ResolveVariables(input, rule.path_variables, [](const codec::FieldPlan& field) { return !field.repeated; });
  if (!variables.ok()) return variables.status();
  binding.variables_ = *std::move(variables);
  absl::StatusOr<BodyTarget> body = ResolveBody(input, rule.body);
  if (!body.ok()) return body.status();
  binding.body_ = *std::move(body);
  if (absl::Status status = binding.CheckRule(rule); !status.ok()) return status;
  for (const codec::FieldPath& path : binding.variables_) {
    const bool reached = binding.body_.Reaches(path);
    // Of a message, what the text leaves out would stay.
    binding.on_body_.push_back(
        {.replaces = reached && path.back()->message != nullptr, .checks_oneof = reached && LeadsThroughOneof(path)});
  }
  if (rule.patch) binding.mask_ = FindMask(input, binding.body_, binding.variables_);
  return binding;
}

// What cannot be bound together.
absl::Status NativeRequestBinding::CheckRule(const RequestRule& rule) const {
  for (auto path = variables_.begin(); path != variables_.end(); ++path) {
    for (auto other = variables_.begin(); other != path; ++other) {
      if (codec::OneofConflict(*path, *other) == nullptr) continue;
      const std::string& name = rule.path_variables[static_cast<size_t>(path - variables_.begin())];
      return WrongPath(absl::StrCat("path variable \"", name, "\""),
                       absl::StrCat("is in a oneof with \"", codec::FieldPathText(*other), "\""));
    }
  }
  const std::string body = absl::StrCat("body \"", rule.body, "\"");
  for (const codec::FieldPath& path : variables_) {
    if (path == body_.field) return WrongPath(body, "is bound by the path already");
    if (codec::OneofConflict(body_.field, path) != nullptr) {
      return WrongPath(body, absl::StrCat("is in a oneof with \"", codec::FieldPathText(path), "\""));
    }
  }
  return absl::OkStatus();
}

// --- Binding ---------------------------------------------------------------------------------------------------------

absl::Status NativeRequestBinding::Bind(const Parts& request, std::string* wire) const {
  const size_t begin = wire->size();
  return FinishMessage(*input_, Append(request, wire), begin, wire);
}

// The order decides: what comes later wins.
absl::Status NativeRequestBinding::Append(const Parts& request, std::string* wire) const {
  if (request.path_values.size() != variables_.size()) {
    return WrongValueCount(request.path_values.size(), variables_.size());
  }
  const size_t begin = wire->size();
  if (absl::Status status = AppendBody(request, wire); !status.ok()) return status;
  const size_t query_begin = wire->size();
  if (absl::Status status = AppendQueries(request, wire); !status.ok()) return status;
  if (absl::Status status = AppendMask(request.body, query_begin, wire); !status.ok()) return status;
  for (size_t i = 0; i < variables_.size(); ++i) {
    absl::Status status = AppendVariable(i, request.path_values[i], begin, wire);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status NativeRequestBinding::AppendBody(const Parts& request, std::string* wire) const {
  if (body_.http_body) {
    const codec::HttpBodyView body = {request.content_type, request.body};
    if (body_.whole) return codec::AppendHttpBody(body, wire);
    return codec::AppendNested(body_.field, wire, [&] {
      return codec::AppendMessage(*body_.field.back(), wire, [&] { return codec::AppendHttpBody(body, wire); });
    });
  }
  if (body_.empty() || request.body.empty()) return absl::OkStatus();
  if (body_.whole) return codec::JsonToWire(*input_, request.body, wire);
  return codec::AppendNested(body_.field, wire,
                             [&] { return codec::JsonToWireField(*body_.field.back(), request.body, wire); });
}

absl::Status NativeRequestBinding::AppendQueries(const Parts& request, std::string* wire) const {
  const bool has_query = std::any_of(request.queries.begin(), request.queries.end(), [](absl::string_view query) {
    return query.find_first_not_of('&') != absl::string_view::npos;
  });
  if (!has_query) return absl::OkStatus();
  if (body_.whole) return absl::InvalidArgumentError("the body is the whole message: no query parameter is taken");
  const bool has_body = !body_.empty() && !request.body.empty();
  QueryReader reader(*input_, variables_, body_.field, has_body, wire);
  for (const absl::string_view query : request.queries) {
    if (absl::Status status = reader.Read(query); !status.ok()) return status;
  }
  return absl::OkStatus();
}

// Unless the query, which begins at `query_begin`, fills the mask or adds to it.
absl::Status NativeRequestBinding::AppendMask(absl::string_view body, size_t query_begin, std::string* wire) const {
  if (mask_ == nullptr || body.empty()) return absl::OkStatus();
  if (codec::IsSet({mask_, &mask_->message->fields()[0]}, absl::string_view(*wire).substr(query_begin))) {
    return absl::OkStatus();
  }
  std::vector<std::string> paths;
  absl::Status status = BodyMaskPaths(*body_.field.back()->message, body, &paths);
  if (status.ok()) AppendMaskPaths(*mask_, paths, wire);
  return status;
}

// `begin`: where in *wire the message begins.
absl::Status NativeRequestBinding::AppendVariable(size_t index, absl::string_view value, size_t begin,
                                                  std::string* wire) const {
  const codec::FieldPath& path = variables_[index];
  if (on_body_[index].checks_oneof) {
    if (absl::Status status = CheckOneof(path, absl::string_view(*wire).substr(begin)); !status.ok()) return status;
  }
  if (on_body_[index].replaces) codec::EraseField(path, begin, wire);
  const codec::Fault fault = codec::AppendNested(
      path, wire, [&] { return codec::AppendFieldFromText(*path.back(), value, codec::TextForm::kUrl, wire); });
  return fault.empty() ? absl::OkStatus()
                       : WrongPath(absl::StrCat("path variable ", codec::FieldPathText(path)), fault);
}

// `message`: what has been appended of it.
absl::Status NativeRequestBinding::CheckOneof(const codec::FieldPath& path, absl::string_view message) const {
  const codec::FieldPlan* other = codec::OneofSetByOther(*input_, path, message);
  if (other == nullptr) return absl::OkStatus();
  return WrongPath(absl::StrCat("path variable ", codec::FieldPathText(path)),
                   absl::StrCat("is set while the body sets ", other->name, " of the oneof ",
                                other->descriptor->containing_oneof()->name()));
}

}  // namespace penstock::binding
