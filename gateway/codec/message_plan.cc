#include "gateway/codec/message_plan.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/empty.pb.h>
#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include <algorithm>
#include <deque>
#include <limits>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace penstock::codec {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;

WellKnown WellKnownOf(absl::string_view full_name) {
  static constexpr struct {
    const char* name;
    WellKnown type;
  } kTypes[] = {
      {"google.protobuf.Timestamp", WellKnown::kTimestamp}, {"google.protobuf.Duration", WellKnown::kDuration},
      {"google.protobuf.FieldMask", WellKnown::kFieldMask}, {"google.protobuf.Any", WellKnown::kAny},
      {"google.protobuf.Struct", WellKnown::kStruct},       {"google.protobuf.Value", WellKnown::kValue},
      {"google.protobuf.ListValue", WellKnown::kListValue}, {"google.protobuf.DoubleValue", WellKnown::kWrapper},
      {"google.protobuf.FloatValue", WellKnown::kWrapper},  {"google.protobuf.Int64Value", WellKnown::kWrapper},
      {"google.protobuf.UInt64Value", WellKnown::kWrapper}, {"google.protobuf.Int32Value", WellKnown::kWrapper},
      {"google.protobuf.UInt32Value", WellKnown::kWrapper}, {"google.protobuf.BoolValue", WellKnown::kWrapper},
      {"google.protobuf.StringValue", WellKnown::kWrapper}, {"google.protobuf.BytesValue", WellKnown::kWrapper},
  };
  for (const auto& type : kTypes) {
    if (full_name == type.name) return type.type;
  }
  return WellKnown::kNone;
}

WireType WireTypeOf(FieldDescriptor::Type type) {
  switch (type) {
    case FieldDescriptor::TYPE_DOUBLE:
    case FieldDescriptor::TYPE_FIXED64:
    case FieldDescriptor::TYPE_SFIXED64:
      return WireType::kFixed64;
    case FieldDescriptor::TYPE_FLOAT:
    case FieldDescriptor::TYPE_FIXED32:
    case FieldDescriptor::TYPE_SFIXED32:
      return WireType::kFixed32;
    case FieldDescriptor::TYPE_STRING:
    case FieldDescriptor::TYPE_BYTES:
    case FieldDescriptor::TYPE_MESSAGE:
      return WireType::kLengthDelimited;
    case FieldDescriptor::TYPE_GROUP:
      return WireType::kStartGroup;
    default:
      return WireType::kVarint;
  }
}

// Writes one token with a JsonWriter of its own.
template <typename Write>
std::string JsonOf(JsonBuffer& buffer, const Write& write) {
  std::string text;
  JsonWriter json(buffer, std::numeric_limits<size_t>::max(), &text);
  write(json);
  json.Finish();
  return text;
}

std::string DefaultJson(JsonBuffer& buffer, const FieldDescriptor& field, const EnumPlan* enumeration) {
  return JsonOf(buffer, [&](JsonWriter& json) {
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return json.Integer(field.default_value_int32());
      case FieldDescriptor::CPPTYPE_UINT32:
        return json.Integer(field.default_value_uint32());
      case FieldDescriptor::CPPTYPE_INT64:
        return json.QuotedInteger(field.default_value_int64());
      case FieldDescriptor::CPPTYPE_UINT64:
        return json.QuotedInteger(field.default_value_uint64());
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return json.Double(field.default_value_double());
      case FieldDescriptor::CPPTYPE_FLOAT:
        return json.Float(field.default_value_float());
      case FieldDescriptor::CPPTYPE_BOOL:
        return json.Bool(field.default_value_bool());
      case FieldDescriptor::CPPTYPE_STRING:
        // The descriptor's own text was UTF-8 when it was parsed.
        if (field.type() == FieldDescriptor::TYPE_BYTES) return json.Base64(field.default_value_string());
        return static_cast<void>(json.String(field.default_value_string()));
      case FieldDescriptor::CPPTYPE_ENUM: {
        const int32_t number = field.default_value_enum()->number();
        const absl::string_view name = enumeration->Json(number);
        return name.empty() ? json.Integer(number) : json.Raw(name);
      }
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return;
    }
  });
}

}  // namespace

EnumPlan::EnumPlan(const EnumDescriptor* descriptor, const PrintOptions& options)
    : descriptor_(descriptor),
      closed_(descriptor->file()->syntax() == FileDescriptor::SYNTAX_PROTO2 && options.closed_enums),
      is_null_value_(descriptor->full_name() == "google.protobuf.NullValue") {
  int32_t last = first_ = descriptor->value(0)->number();
  for (int i = 0; i < descriptor->value_count(); ++i) {
    by_name_.emplace(descriptor->value(i)->name(), descriptor->value(i)->number());
    first_ = std::min(first_, descriptor->value(i)->number());
    last = std::max(last, descriptor->value(i)->number());
  }
  // A table as long as four times its entries is still smaller than a hash map of them.
  const int64_t span = int64_t{last} - first_ + 1;
  if (span <= 4 * int64_t{descriptor->value_count()} + 16) dense_.resize(static_cast<size_t>(span));
  for (int i = 0; i < descriptor->value_count(); ++i) {
    const int32_t number = descriptor->value(i)->number();
    std::string json = is_null_value_         ? "null"
                       : options.enum_numbers ? absl::StrCat(number)
                                              : absl::StrCat("\"", descriptor->value(i)->name(), "\"");
    if (dense_.empty()) {
      sparse_.emplace(number, std::move(json));  // the first name of a number stays
    } else if (std::string& place = dense_[static_cast<size_t>(int64_t{number} - first_)]; place.empty()) {
      place = std::move(json);
    }
  }
}

bool EnumPlan::Knows(int32_t number) const { return !Json(number).empty(); }

const int32_t* EnumPlan::FindByName(absl::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &found->second;
}

MessagePlan::MessagePlan(const Descriptor* descriptor, const PlanSet* plans)
    : descriptor_(descriptor),
      plans_(plans),
      well_known_(WellKnownOf(descriptor->full_name())),
      oneof_count_(descriptor->real_oneof_decl_count()) {}

const FieldPlan* MessagePlan::FindSparse(uint32_t number) const {
  const auto found = sparse_.find(number);
  return found == sparse_.end() ? nullptr : &fields_[found->second];
}

const FieldPlan* MessagePlan::FindByName(absl::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &fields_[found->second];
}

void MessagePlan::IndexFields() {
  // Numbers that a direct table is worth: those near each other. Others (extensions, mostly) are hashed.
  const uint32_t dense_end = static_cast<uint32_t>(8 * fields_.size() + 64);
  for (FieldPlan& field : fields_) {
    field.index = static_cast<uint32_t>(&field - fields_.data());
    if (field.number < dense_end) {
      if (dense_.size() <= field.number) dense_.resize(field.number + 1);
      dense_[field.number] = field.index + 1;
    } else {
      sparse_.emplace(field.number, field.index);
    }
    by_name_.emplace(field.name, field.index);
  }
  // A name in the .proto file gives way where it is the JSON name of another field.
  for (const FieldPlan& field : fields_) {
    if (!field.extension) by_name_.emplace(field.descriptor->name(), field.index);
    const bool group = field.type == FieldDescriptor::TYPE_GROUP && !field.extension;
    if (group && plans_->options().group_type_names)
      by_name_.emplace(field.descriptor->message_type()->name(), field.index);
  }
}

class PlanSet::Builder {
 public:
  explicit Builder(const PrintOptions& options) : set_(new PlanSet(options)), buffer_(new JsonBuffer) {}

  absl::Status AddFile(const FileDescriptor* file) {
    // Imports first, on a list and not by recursion: chains of imports may be long.
    std::vector<const FileDescriptor*> todo = {file};
    while (!todo.empty()) {
      const FileDescriptor* next = todo.back();
      todo.pop_back();
      if (!files_.insert(next).second) continue;
      for (int i = 0; i < next->dependency_count(); ++i) todo.push_back(next->dependency(i));
      for (int i = 0; i < next->enum_type_count(); ++i) AddEnum(next->enum_type(i));
      for (int i = 0; i < next->extension_count(); ++i) AddExtension(next->extension(i));
      for (int i = 0; i < next->message_type_count(); ++i) {
        if (absl::Status status = AddMessage(next->message_type(i)); !status.ok()) return status;
      }
    }
    return absl::OkStatus();
  }

  // An Any may hold a well-known type that no file of the schema imports.
  absl::Status AddWellKnownTypes() {
    for (const FileDescriptor* file :
         {google::protobuf::Any::descriptor()->file(), google::protobuf::Duration::descriptor()->file(),
          google::protobuf::Empty::descriptor()->file(), google::protobuf::FieldMask::descriptor()->file(),
          google::protobuf::Struct::descriptor()->file(), google::protobuf::Timestamp::descriptor()->file(),
          google::protobuf::Int32Value::descriptor()->file()}) {
      bool declared = false;
      for (int i = 0; i < file->message_type_count(); ++i) {
        declared = declared || set_->Find(file->message_type(i)->full_name()) != nullptr;
      }
      if (declared) continue;
      if (absl::Status status = AddFile(file); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  std::unique_ptr<const PlanSet> Finish() {
    for (auto& [name, plan] : set_->messages_) FillMessage(plan.get());
    while (SpreadRequired()) continue;
    return std::move(set_);
  }

 private:
  absl::Status AddMessage(const Descriptor* message) {
    std::unique_ptr<MessagePlan> plan(new MessagePlan(message, set_.get()));
    if (!set_->messages_.emplace(message->full_name(), std::move(plan)).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("two of the schema's files declare ", message->full_name(), "; give one of them only"));
    }
    for (int i = 0; i < message->enum_type_count(); ++i) AddEnum(message->enum_type(i));
    for (int i = 0; i < message->extension_count(); ++i) AddExtension(message->extension(i));
    for (int i = 0; i < message->nested_type_count(); ++i) {
      if (absl::Status status = AddMessage(message->nested_type(i)); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  void AddEnum(const EnumDescriptor* descriptor) {
    set_->enums_.emplace(descriptor, std::make_unique<EnumPlan>(descriptor, set_->options_));
  }

  void AddExtension(const FieldDescriptor* field) { extensions_[field->containing_type()].push_back(field); }

  void FillMessage(MessagePlan* plan) {
    const Descriptor* descriptor = plan->descriptor_;
    std::vector<const FieldDescriptor*> fields;
    for (int i = 0; i < descriptor->field_count(); ++i) fields.push_back(descriptor->field(i));
    std::vector<const FieldDescriptor*>& extensions = extensions_[descriptor];
    std::sort(extensions.begin(), extensions.end(),
              [by_name = set_->options_.extensions_by_name](const FieldDescriptor* a, const FieldDescriptor* b) {
                return by_name ? a->full_name() < b->full_name() : a->number() < b->number();
              });
    fields.insert(fields.end(), extensions.begin(), extensions.end());
    plan->fields_.reserve(fields.size());
    for (const FieldDescriptor* field : fields) plan->fields_.push_back(MakeField(field));
    plan->IndexFields();
  }

  // Marks who holds a message with required fields, one step further. False: nobody was left to mark.
  bool SpreadRequired() {
    bool marked = false;
    for (auto& [name, plan] : set_->messages_) {
      if (plan->has_required_) continue;
      for (const FieldPlan& field : plan->fields_) {
        const bool holds = field.message != nullptr && field.message->has_required();
        plan->has_required_ = plan->has_required_ || holds || field.descriptor->is_required();
      }
      marked = marked || plan->has_required_;
    }
    return marked;
  }

  FieldPlan MakeField(const FieldDescriptor* field) {
    FieldPlan plan;
    plan.descriptor = field;
    plan.type = field->type();
    plan.wire_type = WireTypeOf(plan.type);
    plan.number = static_cast<uint32_t>(field->number());
    plan.repeated = field->is_repeated();
    plan.is_map = field->is_map();
    plan.packed = field->is_packed();
    plan.packable = field->is_packable();
    plan.extension = field->is_extension();
    if (field->real_containing_oneof() != nullptr) plan.oneof = field->real_containing_oneof()->index();
    if (field->message_type() != nullptr) plan.message = set_->Find(field->message_type()->full_name());
    if (field->enum_type() != nullptr) plan.enumeration = set_->enums_.at(field->enum_type()).get();
    const bool in_map_entry = field->containing_type()->map_key() != nullptr;
    plan.drops_unknown = plan.enumeration != nullptr && plan.enumeration->closed() && !plan.repeated && !in_map_entry;
    plan.hides_default = !set_->options_.unpopulated && !plan.repeated && !field->has_presence();
    SetTexts(*field, &plan);
    return plan;
  }

  void SetTexts(const FieldDescriptor& field, FieldPlan* plan) {
    plan->name = plan->extension ? absl::StrCat("[", field.full_name(), "]") : field.json_name();
    const std::string& shown = set_->options_.proto_names && !plan->extension ? field.name() : plan->name;
    const std::string key = absl::StrCat(",", JsonOf(*buffer_, [&](JsonWriter& json) { json.String(shown); }), ":");
    plan->key = PaddedText(key);
    plan->fallback = plan->is_map ? "{}" : plan->repeated ? "[]" : DefaultJson(*buffer_, field, plan->enumeration);
    const absl::string_view unset = UnsetJson(field, *plan);
    if (!unset.empty()) plan->unset = PaddedText(absl::StrCat(key, unset));
  }

  // What stands for the field while it is unset. Empty: nothing does, the key is left out.
  absl::string_view UnsetJson(const FieldDescriptor& field, const FieldPlan& plan) const {
    // Members of a oneof, `optional` of proto3 among them, are asked for whether they are there.
    if (plan.extension || field.containing_oneof() != nullptr) return "";
    if (set_->options_.unset_as_null && field.has_presence()) return "null";
    return set_->options_.unpopulated ? absl::string_view(plan.fallback) : "";
  }

  std::unique_ptr<PlanSet> set_;
  std::unique_ptr<JsonBuffer> buffer_;
  absl::flat_hash_set<const FileDescriptor*> files_;
  absl::flat_hash_map<const Descriptor*, std::vector<const FieldDescriptor*>> extensions_;
};

absl::StatusOr<std::unique_ptr<const PlanSet>> PlanSet::Build(absl::Span<const FileDescriptor* const> files,
                                                              const PrintOptions& options) {
  Builder builder(options);
  for (const FileDescriptor* file : files) {
    if (absl::Status status = builder.AddFile(file); !status.ok()) return status;
  }
  if (absl::Status status = builder.AddWellKnownTypes(); !status.ok()) return status;
  return builder.Finish();
}

const MessagePlan* PlanSet::Find(absl::string_view full_name) const {
  const auto found = messages_.find(full_name);
  return found == messages_.end() ? nullptr : found->second.get();
}

const MessagePlan* PlanSet::FindByUrl(absl::string_view type_url) const {
  const size_t slash = type_url.rfind('/');
  return slash == absl::string_view::npos ? nullptr : Find(type_url.substr(slash + 1));
}

}  // namespace penstock::codec
