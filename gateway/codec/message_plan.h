// Message types compiled for transcoding: what of a descriptor is needed a million times a second, and no more.
//
// A PlanSet is built once from a schema, then shared by all threads: it is immutable. The printer (wire_to_json), the
// reader (json_to_wire) and the request and response bindings walk its plans; nothing else looks into them.
//
//   absl::StatusOr<std::unique_ptr<const PlanSet>> plans = PlanSet::Build({file}, PrintOptions());
//   const MessagePlan* tick = (*plans)->Find("penstock.tick.v1.Tick");
#ifndef PENSTOCK_GATEWAY_CODEC_MESSAGE_PLAN_H_
#define PENSTOCK_GATEWAY_CODEC_MESSAGE_PLAN_H_

#include <google/protobuf/descriptor.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gateway/codec/json_text.h"
#include "gateway/codec/wire.h"

namespace penstock::codec {

// How messages are printed, and what their types are taken for; compiled into the plans.
struct PrintOptions {
  bool unpopulated = true;  // print unset scalars, lists and maps with their default value
  // Print unset messages, and proto2's unset scalars in place of their default, as `null`. Not members of a oneof,
  // `optional` of proto3, and extensions.
  bool unset_as_null = false;
  bool proto_names = false;         // keys as in the .proto file, not in lowerCamelCase
  bool enum_numbers = false;        // enum values as numbers
  bool closed_enums = true;         // a proto2 enum takes only the numbers that it names, not any
  bool group_type_names = false;    // a group goes by the name of its type as well
  bool extensions_by_name = false;  // print extensions in the order of their names, not of their numbers
};

class MessagePlan;
class PlanSet;

// The message types whose JSON form is not an object of their fields.
enum class WellKnown : uint8_t {
  kNone,
  kTimestamp,
  kDuration,
  kFieldMask,
  kAny,
  kStruct,
  kValue,
  kListValue,
  kWrapper,  // google.protobuf.Int32Value and its like: fields()[0] is the value
};

// One enum type.
class EnumPlan {
 public:
  EnumPlan(const google::protobuf::EnumDescriptor* descriptor, const PrintOptions& options);

  // The JSON of a value: its first name in quotes, `null` for NullValue. Empty: to be printed as a number.
  absl::string_view Json(int32_t number) const {
    const uint32_t offset = static_cast<uint32_t>(number) - static_cast<uint32_t>(first_);
    if (offset < dense_.size()) return dense_[offset];
    if (sparse_.empty()) return absl::string_view();
    const auto found = sparse_.find(number);
    return found == sparse_.end() ? absl::string_view() : absl::string_view(found->second);
  }
  bool Knows(int32_t number) const;
  // Null: no value has this name.
  const int32_t* FindByName(absl::string_view name) const;

  bool closed() const { return closed_; }  // proto2: a number without a name is no value of the field
  bool is_null_value() const { return is_null_value_; }
  const std::string& full_name() const { return descriptor_->full_name(); }

 private:
  const google::protobuf::EnumDescriptor* descriptor_;
  bool closed_;
  bool is_null_value_;
  int32_t first_ = 0;               // the number that dense_[0] stands for
  std::vector<std::string> dense_;  // numbers near each other, as nearly all enums have
  absl::flat_hash_map<int32_t, std::string> sparse_;
  absl::flat_hash_map<std::string, int32_t> by_name_;
};

// One field of a message type.
struct FieldPlan {
  using Type = google::protobuf::FieldDescriptor::Type;

  PaddedText key;        // `,"name":` escaped; the first field printed leaves the comma out
  PaddedText unset;      // key and value of an unset field; empty: an unset field is not printed
  std::string fallback;  // the JSON of the default value; empty for messages, `[]` and `{}` for lists and maps

  Type type;
  WireType wire_type;     // of one value, unpacked
  bool repeated = false;  // maps too
  bool packed = false;    // written packed
  bool is_map = false;
  bool packable = false;       // may arrive packed, whatever the descriptor says
  bool drops_unknown = false;  // singular, of a closed enum: a number without a name leaves it unset
  bool hides_default = false;  // not printed while it has its default, which is the same as being unset
  bool extension = false;
  int oneof = -1;      // index of the real oneof it belongs to
  uint32_t index = 0;  // in MessagePlan::fields()
  uint32_t number = 0;
  const MessagePlan* message = nullptr;  // of messages and groups; of maps the entry
  const EnumPlan* enumeration = nullptr;
  const google::protobuf::FieldDescriptor* descriptor = nullptr;

  std::string name;  // for error messages: the JSON name, `[pkg.ext]` of an extension
};

// One message type. Made by PlanSet only.
class MessagePlan {
 public:
  const std::string& full_name() const { return descriptor_->full_name(); }
  const google::protobuf::Descriptor* descriptor() const { return descriptor_; }
  const PlanSet& plans() const { return *plans_; }
  WellKnown well_known() const { return well_known_; }

  // In the order of printing: as declared, then extensions by number (or name, see PrintOptions). Of a map entry: key,
  // value.
  const std::vector<FieldPlan>& fields() const { return fields_; }
  int oneof_count() const { return oneof_count_; }
  // It has a required field (proto2), or a message that it can hold has one.
  bool has_required() const { return has_required_; }

  // Null: no such field.
  const FieldPlan* FindByNumber(uint32_t number) const {
    if (number < dense_.size()) {
      const uint32_t place = dense_[number];
      return place == 0 ? nullptr : &fields_[place - 1];
    }
    return sparse_.empty() ? nullptr : FindSparse(number);
  }
  // By JSON name, name in the .proto file, or `[pkg.ext]`.
  const FieldPlan* FindByName(absl::string_view name) const;

 private:
  friend class PlanSet;
  MessagePlan(const google::protobuf::Descriptor* descriptor, const PlanSet* plans);
  const FieldPlan* FindSparse(uint32_t number) const;
  void IndexFields();

  const google::protobuf::Descriptor* descriptor_;
  const PlanSet* plans_;
  WellKnown well_known_;
  int oneof_count_;
  bool has_required_ = false;
  std::vector<FieldPlan> fields_;
  std::vector<uint32_t> dense_;  // by field number: place in fields_ plus one
  absl::flat_hash_map<uint32_t, uint32_t> sparse_;
  absl::flat_hash_map<std::string, uint32_t> by_name_;
};

// All message types of a schema. Owns the plans; the DescriptorPool must outlive it.
class PlanSet {
 public:
  // Every message type of `files` and of all they import, with the extensions declared there, and the well-known types
  // even if nothing imports them. InvalidArgument: two files of different pools declare one type.
  static absl::StatusOr<std::unique_ptr<const PlanSet>> Build(
      absl::Span<const google::protobuf::FileDescriptor* const> files, const PrintOptions& options);

  // Null: unknown. `full_name` as "pkg.Type".
  const MessagePlan* Find(absl::string_view full_name) const;

  // What an Any's type_url names ("type.googleapis.com/pkg.Type"). Null: unknown, or no URL.
  const MessagePlan* FindByUrl(absl::string_view type_url) const;

  const PrintOptions& options() const { return options_; }

 private:
  class Builder;
  explicit PlanSet(const PrintOptions& options) : options_(options) {}

  const PrintOptions options_;
  absl::flat_hash_map<std::string, std::unique_ptr<MessagePlan>> messages_;
  absl::flat_hash_map<const google::protobuf::EnumDescriptor*, std::unique_ptr<EnumPlan>> enums_;
};

}  // namespace penstock::codec

#endif  // PENSTOCK_GATEWAY_CODEC_MESSAGE_PLAN_H_
