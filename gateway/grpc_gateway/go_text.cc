#include "gateway/grpc_gateway/go_text.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gateway/codec/json_text.h"
#include "gateway/codec/json_to_wire.h"
#include "gateway/codec/wire.h"
#include "gateway/grpc_gateway/go_base64.h"
#include "gateway/grpc_gateway/go_error.h"
#include "gateway/grpc_gateway/go_number.h"
#include "gateway/grpc_gateway/go_time.h"

namespace penstock::grpc_gateway {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;

absl::Status StatusOf(const GoError& error) {
  return error.empty() ? absl::OkStatus() : absl::InvalidArgumentError(error);
}

absl::Status AppendSigned(const codec::FieldPlan& field, absl::string_view text, int bits, std::string* wire) {
  int64_t value = 0;
  if (GoError error = ParseGoInt(text, bits, &value); !error.empty()) return StatusOf(error);
  switch (field.type) {
    case FieldDescriptor::TYPE_SFIXED32:
      codec::AppendFixed32(static_cast<uint32_t>(value), wire);
      break;
    case FieldDescriptor::TYPE_SFIXED64:
      codec::AppendFixed64(static_cast<uint64_t>(value), wire);
      break;
    case FieldDescriptor::TYPE_SINT32:
    case FieldDescriptor::TYPE_SINT64:
      codec::AppendVarint(codec::ZigZagEncode64(value), wire);
      break;
    default:
      codec::AppendVarint(static_cast<uint64_t>(value), wire);
  }
  return absl::OkStatus();
}

absl::Status AppendUnsigned(const codec::FieldPlan& field, absl::string_view text, int bits, std::string* wire) {
  uint64_t value = 0;
  if (GoError error = ParseGoUint(text, bits, &value); !error.empty()) return StatusOf(error);
  if (field.type == FieldDescriptor::TYPE_FIXED32) {
    codec::AppendFixed32(static_cast<uint32_t>(value), wire);
  } else if (field.type == FieldDescriptor::TYPE_FIXED64) {
    codec::AppendFixed64(value, wire);
  } else {
    codec::AppendVarint(value, wire);
  }
  return absl::OkStatus();
}

absl::Status AppendFloat(absl::string_view text, std::string* wire) {
  float value = 0;
  if (GoError error = ParseGoFloat(text, &value); !error.empty()) return StatusOf(error);
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  codec::AppendFixed32(bits, wire);
  return absl::OkStatus();
}

absl::Status AppendDouble(absl::string_view text, std::string* wire) {
  double value = 0;
  if (GoError error = ParseGoFloat(text, &value); !error.empty()) return StatusOf(error);
  uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  codec::AppendFixed64(bits, wire);
  return absl::OkStatus();
}

absl::Status AppendBool(absl::string_view text, std::string* wire) {
  bool value = false;
  if (GoError error = ParseGoBool(text, &value); !error.empty()) return StatusOf(error);
  wire->push_back(value ? '\1' : '\0');
  return absl::OkStatus();
}

// A name, or the number of a value: of an open enum too, only those that have a name.
absl::Status AppendEnum(const codec::EnumPlan& plan, absl::string_view text, GoPlace place, std::string* wire) {
  int64_t number = 0;
  if (const int32_t* named = plan.FindByName(text); named != nullptr) {
    number = *named;
  } else if (!ParseGoInt(text, 32, &number).empty() || !plan.Knows(static_cast<int32_t>(number))) {
    return absl::InvalidArgumentError(place == GoPlace::kPath ? absl::StrCat(text, " is not valid")
                                                              : absl::StrCat(GoQuote(text), " is not a valid value"));
  }
  codec::AppendVarint(static_cast<uint64_t>(number), wire);
  return absl::OkStatus();
}

absl::Status AppendString(absl::string_view text, bool checked, std::string* wire) {
  if (checked && codec::Utf8Prefix(text) != text.size()) {
    return absl::InternalError("grpc: error while marshaling: string field contains invalid UTF-8");
  }
  codec::AppendLengthDelimited(text, wire);
  return absl::OkStatus();
}

absl::Status AppendBytes(absl::string_view text, std::string* wire) {
  const size_t start = codec::BeginLengthDelimited(wire);
  if (GoError error = DecodeGoBase64(text, GoBase64::kEither, wire); !error.empty()) return StatusOf(error);
  codec::EndLengthDelimited(start, wire);
  return absl::OkStatus();
}

// --- Messages that have a text form ----------------------------------------------------------------------------------

absl::Status AppendTime(const GoError& error, int64_t seconds, int32_t nanos, std::string* wire) {
  if (!error.empty()) return StatusOf(error);
  codec::AppendTag(1, codec::WireType::kVarint, wire);
  codec::AppendVarint(static_cast<uint64_t>(seconds), wire);
  codec::AppendTag(2, codec::WireType::kVarint, wire);
  codec::AppendVarint(static_cast<uint64_t>(int64_t{nanos}), wire);
  return absl::OkStatus();
}

absl::Status AppendTimestamp(absl::string_view text, GoPlace place, std::string* wire) {
  int64_t seconds = 0;
  int32_t nanos = 0;
  const auto parse = place == GoPlace::kPath ? ParseGoJsonTime : ParseGoTime;
  const GoError error = parse(text, &seconds, &nanos);
  return AppendTime(error, seconds, nanos, wire);
}

absl::Status AppendDuration(absl::string_view text, GoPlace place, std::string* wire) {
  int64_t seconds = 0;
  int32_t nanos = 0;
  const auto parse = place == GoPlace::kPath ? ParseGoJsonDuration : ParseGoDuration;
  const GoError error = parse(text, &seconds, &nanos);
  return AppendTime(error, seconds, nanos, wire);
}

absl::Status AppendFieldMask(absl::string_view text, std::string* wire) {
  if (text.empty()) return absl::OkStatus();
  for (const absl::string_view path : absl::StrSplit(text, ',')) {
    codec::AppendTag(1, codec::WireType::kLengthDelimited, wire);
    if (absl::Status status = AppendString(path, true, wire); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status AppendJson(const codec::MessagePlan& plan, absl::string_view text, std::string* wire) {
  const absl::Status status = codec::JsonToWire(plan, text, wire);
  return status.ok() ? status : absl::InvalidArgumentError(absl::StrCat("proto: ", status.message()));
}

absl::Status CheckEmpty(absl::string_view text) {
  if (text.empty() || text == "{}") return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("expected an empty value or \"{}\", got ", GoQuote(text)));
}

absl::Status AppendMessage(const codec::MessagePlan& plan, absl::string_view text, GoPlace place, std::string* wire) {
  switch (plan.well_known()) {
    case codec::WellKnown::kTimestamp:
      return AppendTimestamp(text, place, wire);
    case codec::WellKnown::kDuration:
      return AppendDuration(text, place, wire);
    case codec::WellKnown::kFieldMask:
      return AppendFieldMask(text, wire);
    case codec::WellKnown::kWrapper:
      return AppendFieldFromGoText(plan.fields()[0], text, place, wire);
    case codec::WellKnown::kValue:
    case codec::WellKnown::kStruct:
      return AppendJson(plan, text, wire);
    default:
      if (plan.full_name() == "google.protobuf.Empty") return CheckEmpty(text);
      return absl::InvalidArgumentError(absl::StrCat("unsupported message type: \"", plan.full_name(), "\""));
  }
}

absl::Status AppendValue(const codec::FieldPlan& field, absl::string_view text, GoPlace place, std::string* wire) {
  switch (field.type) {
    case FieldDescriptor::TYPE_DOUBLE:
      return AppendDouble(text, wire);
    case FieldDescriptor::TYPE_FLOAT:
      return AppendFloat(text, wire);
    case FieldDescriptor::TYPE_INT32:
    case FieldDescriptor::TYPE_SINT32:
    case FieldDescriptor::TYPE_SFIXED32:
      return AppendSigned(field, text, 32, wire);
    case FieldDescriptor::TYPE_INT64:
    case FieldDescriptor::TYPE_SINT64:
    case FieldDescriptor::TYPE_SFIXED64:
      return AppendSigned(field, text, 64, wire);
    case FieldDescriptor::TYPE_UINT32:
    case FieldDescriptor::TYPE_FIXED32:
      return AppendUnsigned(field, text, 32, wire);
    case FieldDescriptor::TYPE_UINT64:
    case FieldDescriptor::TYPE_FIXED64:
      return AppendUnsigned(field, text, 64, wire);
    case FieldDescriptor::TYPE_BOOL:
      return AppendBool(text, wire);
    case FieldDescriptor::TYPE_ENUM:
      return AppendEnum(*field.enumeration, text, place, wire);
    case FieldDescriptor::TYPE_STRING:
      // proto2 lets strings be anything.
      return AppendString(text, field.descriptor->file()->syntax() != FileDescriptor::SYNTAX_PROTO2, wire);
    case FieldDescriptor::TYPE_BYTES:
      return AppendBytes(text, wire);
    case FieldDescriptor::TYPE_MESSAGE:
    case FieldDescriptor::TYPE_GROUP:
      break;
  }
  const size_t start = field.type == FieldDescriptor::TYPE_MESSAGE ? codec::BeginLengthDelimited(wire) : 0;
  absl::Status status = AppendMessage(*field.message, text, place, wire);
  if (status.ok() && start > 0) codec::EndLengthDelimited(start, wire);
  return status;
}

}  // namespace

absl::Status AppendFieldFromGoText(const codec::FieldPlan& field, absl::string_view text, GoPlace place,
                                   std::string* wire) {
  const size_t before = wire->size();
  codec::AppendTag(field.number, field.wire_type, wire);
  absl::Status status = AppendValue(field, text, place, wire);
  if (!status.ok()) wire->resize(before);
  return status;
}

}  // namespace penstock::grpc_gateway
