#include "gateway/grpc_gateway/go_response_binding.h"

#include "absl/strings/str_cat.h"
#include "gateway/codec/field_path.h"
#include "gateway/codec/wire_path.h"
#include "gateway/codec/wire_to_json.h"
#include "gateway/grpc_gateway/html_escape.h"

namespace penstock::grpc_gateway {
namespace {

using google::protobuf::FieldDescriptor;

bool IsQuotedInteger(const codec::FieldPlan& field) {
  switch (field.type) {
    case FieldDescriptor::TYPE_INT64:
    case FieldDescriptor::TYPE_UINT64:
    case FieldDescriptor::TYPE_SINT64:
    case FieldDescriptor::TYPE_FIXED64:
    case FieldDescriptor::TYPE_SFIXED64:
      return true;
    default:
      return false;
  }
}

// Takes the quotes off the integers of a value, list or map that begins at `begin`. The keys of a map, which may hold
// anything, keep theirs: they are the strings with a colon behind.
void Unquote(size_t begin, std::string* json) {
  size_t to = begin;
  for (size_t from = begin; from < json->size();) {
    if ((*json)[from] != '"') {
      (*json)[to++] = (*json)[from++];
      continue;
    }
    size_t end = from + 1;
    while ((*json)[end] != '"') end += (*json)[end] == '\\' ? 2 : 1;
    const bool key = end + 1 < json->size() && (*json)[end + 1] == ':';
    for (size_t i = key ? from : from + 1; i < (key ? end + 1 : end); ++i) (*json)[to++] = (*json)[i];
    from = end + 1;
  }
  json->resize(to);
}

// Of a float, a list or map of them: the first value that is none in JSON, as Go names it. Empty: there is none.
absl::string_view NotFinite(absl::string_view json) {
  for (size_t from = json.find('"'); from != absl::string_view::npos; from = json.find('"', from)) {
    size_t end = from + 1;
    while (json[end] != '"') end += json[end] == '\\' ? 2 : 1;
    const bool key = end + 1 < json.size() && json[end + 1] == ':';
    const absl::string_view text = json.substr(from + 1, end - from - 1);
    if (!key) return text == "Infinity" ? "+Inf" : text == "-Infinity" ? "-Inf" : "NaN";
    from = end + 1;
  }
  return "";
}

bool IsFloat(const codec::FieldPlan& field) {
  return field.type == FieldDescriptor::TYPE_DOUBLE || field.type == FieldDescriptor::TYPE_FLOAT;
}

}  // namespace

absl::StatusOr<GoResponseBinding> GoResponseBinding::Build(const codec::MessagePlan& output,
                                                           absl::string_view response_body) {
  absl::StatusOr<binding::ResponseSource> source =
      binding::ResolveResponse(output, response_body == "*" ? "" : response_body);
  if (!source.ok()) return source.status();
  return GoResponseBinding(*std::move(source));
}

absl::Status GoResponseBinding::Print(absl::string_view wire, size_t max_bytes, std::string* out) const {
  absl::Status status =
      is_field() ? PrintField(wire, max_bytes, out) : codec::WireToJson(*source().output, wire, max_bytes, out);
  // An error of Go's printer is none of gRPC's.
  return status.code() == absl::StatusCode::kInternal ? absl::UnknownError(status.message()) : status;
}

absl::Status GoResponseBinding::PrintField(absl::string_view wire, size_t max_bytes, std::string* out) const {
  const codec::FieldPlan& field = *source().field.back();
  const bool single_message = field.message != nullptr && !field.repeated;
  if (!field.repeated && !codec::IsSet(source().field, wire)) {
    if (single_message) return codec::WireToJson(*field.message, "", max_bytes, out);
    if (field.descriptor->has_presence() && field.oneof < 0) {
      out->append("null");
      return absl::OkStatus();
    }
    if (field.type == FieldDescriptor::TYPE_BYTES) {
      out->append("[]");  // to Go an empty slice like any other
      return absl::OkStatus();
    }
  }
  const size_t begin = out->size();
  absl::Status status = codec::WireFieldToJson(*source().output, source().field, wire, max_bytes, out);
  if (!status.ok() || single_message) return status;
  const codec::FieldPlan& value = field.is_map ? field.message->fields()[1] : field;
  if (IsFloat(value)) {
    const absl::string_view unsupported = NotFinite(absl::string_view(*out).substr(begin));
    if (!unsupported.empty()) {
      out->resize(begin);
      return absl::UnknownError(absl::StrCat("json: unsupported value: ", unsupported));
    }
  }
  if (IsQuotedInteger(value)) Unquote(begin, out);
  // Lists of messages are printed by protojson, maps of them pass through encoding/json.
  if (field.message == nullptr || field.is_map) EscapeHtml(begin, out);
  return status;
}

}  // namespace penstock::grpc_gateway
