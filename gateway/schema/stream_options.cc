#include "gateway/schema/stream_options.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gateway/codec/http_body.h"
#include "gateway/codec/wire.h"
#include "gateway/codec/wire_path.h"
#include "gateway/schema/record_frame.h"
#include "google/protobuf/descriptor.pb.h"

namespace penstock {
namespace {

namespace pb = google::protobuf;
using codec::FieldPath;
using codec::FieldPlan;
using codec::MakeTag;
using codec::MessagePlan;
using codec::WireType;

constexpr absl::string_view kOptionName = "penstock.options.v1.stream";
constexpr absl::string_view kLastEventIdField = "last_event_id";  // as the query has it
constexpr size_t kMaxTypeBytes = 64;

// The option as it stands.
struct Raw {
  bool set = false;
  std::string type, id_field, resume_field;
};

absl::Status Invalid(absl::string_view member, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat(member, " ", problem));
}

// An API may use the number for an option of its own.
bool IsSomebodyElses(const pb::DescriptorPool& pool) {
  const pb::Descriptor* options = pool.FindMessageTypeByName("google.protobuf.MethodOptions");
  if (options == nullptr) return false;
  const pb::FieldDescriptor* extension = pool.FindExtensionByNumber(options, kStreamOptionNumber);
  return extension != nullptr && extension->full_name() != kOptionName;
}

// StreamOptions { type = 1, id_field = 2, resume_field = 3 }. False: broken.
bool ReadRaw(absl::string_view wire, Raw* raw) {
  raw->set = true;
  return codec::ForEachRecord(wire, [&](const codec::WireRecord& record) {
    if (record.tag == MakeTag(1, WireType::kLengthDelimited)) raw->type = std::string(record.content);
    if (record.tag == MakeTag(2, WireType::kLengthDelimited)) raw->id_field = std::string(record.content);
    if (record.tag == MakeTag(3, WireType::kLengthDelimited)) raw->resume_field = std::string(record.content);
    return true;
  });
}

absl::StatusOr<Raw> RawOf(const pb::MethodDescriptor& method) {
  Raw raw;
  if (IsSomebodyElses(*method.file()->pool())) return raw;
  // By their bytes, since the option is an unknown field here and, where generated code of it is linked in, is not.
  const std::string options = method.options().SerializeAsString();
  bool whole = true;
  codec::ForEachRecord(options, [&](const codec::WireRecord& record) {
    if (record.tag == MakeTag(kStreamOptionNumber, WireType::kLengthDelimited)) whole = ReadRaw(record.content, &raw);
    return whole;
  });
  if (!whole) return absl::InvalidArgumentError("is broken: build the descriptors anew");
  return raw;
}

absl::Status CheckType(absl::string_view type) {
  const std::string quoted = absl::StrCat("\"", absl::CHexEscape(type.substr(0, kMaxTypeBytes)), "\"");
  if (IsReservedType(type) || type == "failure") {
    return Invalid("type", absl::StrCat(quoted, " is an event of the stream itself: choose another name"));
  }
  const bool plain =
      std::all_of(type.begin(), type.end(), [](char c) { return c > ' ' && c < 0x7f && c != '"' && c != '\\'; });
  if (!plain) return Invalid("type", absl::StrCat(quoted, R"( is not made of visible ASCII without " and \)"));
  if (type.size() > kMaxTypeBytes)
    return Invalid("type", absl::StrCat("is longer than ", kMaxTypeBytes, " characters"));
  return absl::OkStatus();
}

// Every text of an id can be read into `resume`.
bool Takes(const FieldPlan& resume, const FieldPlan& id) {
  return resume.type == pb::FieldDescriptor::TYPE_STRING || resume.descriptor->cpp_type() == id.descriptor->cpp_type();
}

absl::StatusOr<FieldPath> ResumeField(const MessagePlan& input, const std::string& name, const FieldPlan& id) {
  absl::StatusOr<FieldPath> path = codec::ResolveFieldPath(input, name);
  if (!path.ok()) return Invalid("resume_field", path.status().message());
  const FieldPlan& field = *path->back();
  if (!codec::HoldsId(field) || !Takes(field, id)) {
    return Invalid("resume_field",
                   absl::StrCat("\"", name, "\" cannot hold what id_field does (", id.descriptor->type_name(),
                                "): it must be a string or the same type of integer, and singular"));
  }
  const FieldPlan* same_name = input.FindByName(kLastEventIdField);
  if (same_name != nullptr && (path->size() > 1 || same_name != &field)) {
    return Invalid("resume_field", absl::StrCat("\"", name, "\" is not ", input.full_name(), "'s own field \"",
                                                kLastEventIdField, "\", so that a query's key could mean either"));
  }
  return path;
}

absl::Status CheckPair(const pb::MethodDescriptor& method, const Raw& raw) {
  if (raw.id_field.empty()) {
    return Invalid("resume_field", "needs an id_field: nobody would have an id to go on from");
  }
  if (raw.resume_field.empty()) {
    return Invalid("id_field", "needs a resume_field: an id tells clients that they may go on after it");
  }
  if (method.client_streaming()) {
    return Invalid("resume_field", "is of a method that takes a stream: there is no one message to be filled");
  }
  return absl::OkStatus();
}

absl::Status Fill(const pb::MethodDescriptor& method, const Raw& raw, const MessagePlan& input,
                  const MessagePlan& output, StreamOptions* options) {
  if (!method.server_streaming()) return absl::InvalidArgumentError("is for methods that stream their answer");
  if (codec::IsHttpBody(output))
    return absl::InvalidArgumentError("has no meaning for raw bytes, which are no records");
  if (!raw.type.empty()) {
    if (absl::Status status = CheckType(raw.type); !status.ok()) return status;
    options->type = raw.type;
  }
  if (raw.id_field.empty() && raw.resume_field.empty()) return absl::OkStatus();
  if (absl::Status status = CheckPair(method, raw); !status.ok()) return status;
  absl::StatusOr<codec::RecordId> id = codec::RecordId::Build(output, raw.id_field);
  if (!id.ok()) return Invalid("id_field", id.status().message());
  absl::StatusOr<FieldPath> resume = ResumeField(input, raw.resume_field, id->field());
  if (!resume.ok()) return resume.status();
  options->id = *std::move(id);
  options->resume_field = *std::move(resume);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<StreamOptions> StreamOptionsOf(const pb::MethodDescriptor& method, const MessagePlan& input,
                                              const MessagePlan& output) {
  StreamOptions options;
  options.type = RecordType(method.output_type()->name());
  absl::StatusOr<Raw> raw = RawOf(method);
  absl::Status status = raw.status();
  if (status.ok() && raw->set) status = Fill(method, *raw, input, output, &options);
  if (!status.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(method.full_name(), ": ", kOptionName, ": ", status.message()));
  }
  return options;
}

}  // namespace penstock
