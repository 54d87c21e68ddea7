#include "gateway/codec/scalar_text.h"

#include <array>
#include <cstring>

#include "gateway/codec/json_text.h"
#include "gateway/codec/time_text.h"

namespace penstock::codec {
namespace {

using google::protobuf::FieldDescriptor;

constexpr Fault kNoFault;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }

// By byte: the six bits that it stands for in either alphabet of RFC 4648; -1: none.
constexpr std::array<signed char, 256> MakeBase64Table() {
  std::array<signed char, 256> table{};
  for (signed char& entry : table) entry = -1;
  for (int i = 0; i < 26; ++i) {
    table[static_cast<size_t>('A' + i)] = static_cast<signed char>(i);
    table[static_cast<size_t>('a' + i)] = static_cast<signed char>(26 + i);
  }
  for (int i = 0; i < 10; ++i) table[static_cast<size_t>('0' + i)] = static_cast<signed char>(52 + i);
  table['+'] = table['-'] = 62;
  table['/'] = table['_'] = 63;
  return table;
}
constexpr std::array<signed char, 256> kBase64 = MakeBase64Table();

// Appends a path of a FieldMask as .proto files write it.
bool AppendSnakeCase(absl::string_view path, TextForm form, std::string* text) {
  if (path == "*") {
    text->push_back('*');
    return true;
  }
  for (const char c : path) {
    if (c == '_' && form == TextForm::kJson) return false;
    if (IsUpper(c)) {
      text->push_back('_');
      text->push_back(static_cast<char>(c - 'A' + 'a'));
    } else if (IsLower(c) || IsDigit(c) || c == '_' || c == '.') {
      text->push_back(c);
    } else {
      return false;
    }
  }
  return !path.empty();
}

// Runs `parse` into a value and, if that went well, appends what `append` makes of it.
template <typename Value, typename Parse, typename Append>
Fault ParseAndAppend(const Parse& parse, const Append& append) {
  Value value{};
  const Fault fault = parse(&value);
  if (fault.empty()) append(value);
  return fault;
}

Fault AppendInt32(const FieldPlan& field, absl::string_view text, TextForm form, std::string* wire) {
  return ParseAndAppend<int32_t>([&](int32_t* value) { return ParseInt32(text, form, value); },
                                 [&](int32_t value) {
                                   if (field.type == FieldDescriptor::TYPE_SFIXED32) {
                                     AppendFixed32(static_cast<uint32_t>(value), wire);
                                   } else if (field.type == FieldDescriptor::TYPE_SINT32) {
                                     AppendVarint(ZigZagEncode32(value), wire);
                                   } else {
                                     AppendVarint(static_cast<uint64_t>(int64_t{value}), wire);
                                   }
                                 });
}

Fault AppendInt64(const FieldPlan& field, absl::string_view text, TextForm form, std::string* wire) {
  return ParseAndAppend<int64_t>([&](int64_t* value) { return ParseInt64(text, form, value); },
                                 [&](int64_t value) {
                                   if (field.type == FieldDescriptor::TYPE_SFIXED64) {
                                     AppendFixed64(static_cast<uint64_t>(value), wire);
                                   } else if (field.type == FieldDescriptor::TYPE_SINT64) {
                                     AppendVarint(ZigZagEncode64(value), wire);
                                   } else {
                                     AppendVarint(static_cast<uint64_t>(value), wire);
                                   }
                                 });
}

Fault AppendUint32(const FieldPlan& field, absl::string_view text, TextForm form, std::string* wire) {
  return ParseAndAppend<uint32_t>([&](uint32_t* value) { return ParseUint32(text, form, value); },
                                  [&](uint32_t value) {
                                    if (field.type == FieldDescriptor::TYPE_FIXED32) {
                                      AppendFixed32(value, wire);
                                    } else {
                                      AppendVarint(value, wire);
                                    }
                                  });
}

Fault AppendUint64(const FieldPlan& field, absl::string_view text, TextForm form, std::string* wire) {
  return ParseAndAppend<uint64_t>([&](uint64_t* value) { return ParseUint64(text, form, value); },
                                  [&](uint64_t value) {
                                    if (field.type == FieldDescriptor::TYPE_FIXED64) {
                                      AppendFixed64(value, wire);
                                    } else {
                                      AppendVarint(value, wire);
                                    }
                                  });
}

Fault AppendReal(const FieldPlan& field, absl::string_view text, std::string* wire) {
  if (field.type == FieldDescriptor::TYPE_FLOAT) {
    return ParseAndAppend<float>([&](float* value) { return ParseFloat(text, value); },
                                 [&](float value) {
                                   uint32_t bits;
                                   std::memcpy(&bits, &value, sizeof bits);
                                   AppendFixed32(bits, wire);
                                 });
  }
  return ParseAndAppend<double>([&](double* value) { return ParseDouble(text, value); },
                                [&](double value) {
                                  uint64_t bits;
                                  std::memcpy(&bits, &value, sizeof bits);
                                  AppendFixed64(bits, wire);
                                });
}

Fault AppendBytes(absl::string_view text, std::string* wire) {
  const size_t start = BeginLengthDelimited(wire);
  const Fault fault = DecodeBase64(text, wire);
  EndLengthDelimited(start, wire);
  return fault;
}

Fault AppendMessage(const MessagePlan& plan, absl::string_view text, TextForm form, std::string* wire) {
  switch (plan.well_known()) {
    case WellKnown::kTimestamp:
      return ParseTimestamp(text, ReadTimestamp, wire);
    case WellKnown::kDuration:
      return ParseDuration(text, ReadDuration, wire);
    case WellKnown::kFieldMask:
      return ParseFieldMask(text, form, wire);
    case WellKnown::kWrapper:
      return AppendFieldFromText(plan.fields()[0], text, form, wire);
    default:
      return "is a message, which has no text form";
  }
}

// The two fields of a Timestamp or Duration, each unless it is 0.
void AppendTime(int64_t seconds, int32_t nanos, std::string* wire) {
  if (seconds != 0) {
    AppendTag(1, WireType::kVarint, wire);
    AppendVarint(static_cast<uint64_t>(seconds), wire);
  }
  if (nanos != 0) {
    AppendTag(2, WireType::kVarint, wire);
    AppendVarint(static_cast<uint64_t>(int64_t{nanos}), wire);
  }
}

}  // namespace

Fault ParseBool(absl::string_view text, bool* value) {
  *value = text == "true";
  return *value || text == "false" ? kNoFault : "is neither true nor false";
}

Fault ParseEnum(absl::string_view text, const EnumPlan& plan, TextForm form, int32_t* value) {
  if (const int32_t* found = plan.FindByName(text); found != nullptr) {
    *value = *found;
    return kNoFault;
  }
  constexpr Fault kUnknown = "is no value of its enum";
  if (form == TextForm::kJson || !ParseInt32(text, form, value).empty()) return kUnknown;
  return plan.closed() && !plan.Knows(*value) ? kUnknown : kNoFault;
}

Fault AppendEnumNumber(const FieldPlan& field, absl::string_view text, bool any_number, std::string* wire) {
  int32_t value;
  if (const Fault fault = ParseInt32(text, TextForm::kJson, &value); !fault.empty()) return fault;
  if (!any_number && field.enumeration->closed() && !field.enumeration->Knows(value)) return "is no value of its enum";
  AppendVarint(static_cast<uint64_t>(int64_t{value}), wire);
  return kNoFault;
}

Fault DecodeBase64(absl::string_view text, std::string* bytes) {
  const size_t padded = text.size();
  while (!text.empty() && text.back() == '=' && padded - text.size() < 2) text.remove_suffix(1);
  const bool has_padding = text.size() != padded;
  if (text.size() % 4 == 1 || (has_padding && padded % 4 != 0)) return "is not base64: its length is wrong";
  const size_t before = bytes->size();
  bytes->resize(before + text.size() * 3 / 4);
  char* to = &(*bytes)[before];
  uint32_t group = 0;
  int bits = 0;
  int invalid = 0;  // negative once a byte was in neither alphabet
  for (const char c : text) {
    const signed char value = kBase64[static_cast<unsigned char>(c)];
    invalid |= value;
    group = group << 6 | (static_cast<uint32_t>(value) & 63);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    *to++ = static_cast<char>(group >> bits);
  }
  if (invalid >= 0) return kNoFault;
  bytes->resize(before);
  return "is not base64";
}

Fault ParseTimestamp(absl::string_view text, TimeTextReader read, std::string* wire) {
  int64_t seconds;
  int32_t nanos;
  if (!read(text, &seconds, &nanos)) return "is not an RFC 3339 time of the years 0001 to 9999";
  AppendTime(seconds, nanos, wire);
  return kNoFault;
}

Fault ParseDuration(absl::string_view text, TimeTextReader read, std::string* wire) {
  int64_t seconds;
  int32_t nanos;
  if (!read(text, &seconds, &nanos)) return "is not a duration in seconds, such as \"1.5s\"";
  AppendTime(seconds, nanos, wire);
  return kNoFault;
}

Fault ParseFieldMask(absl::string_view text, TextForm form, std::string* wire) {
  const size_t before = wire->size();
  while (!text.empty()) {
    const size_t comma = text.find(',');
    const absl::string_view path = text.substr(0, comma);
    const bool last = comma == absl::string_view::npos;
    text.remove_prefix(last ? text.size() : comma + 1);
    AppendTag(1, WireType::kLengthDelimited, wire);
    const size_t start = BeginLengthDelimited(wire);
    if (!AppendSnakeCase(path, form, wire) || (!last && text.empty())) {
      wire->resize(before);
      return "is not a list of field paths, such as \"user.displayName,photo\"";
    }
    EndLengthDelimited(start, wire);
  }
  return kNoFault;
}

bool HasTextForm(const FieldPlan& field) {
  if (field.is_map) return false;
  if (field.message == nullptr) return true;
  const WellKnown type = field.message->well_known();
  return type == WellKnown::kTimestamp || type == WellKnown::kDuration || type == WellKnown::kFieldMask ||
         type == WellKnown::kWrapper;
}

Fault AppendScalarFromText(const FieldPlan& field, absl::string_view text, TextForm form, std::string* wire) {
  switch (field.type) {
    case FieldDescriptor::TYPE_DOUBLE:
    case FieldDescriptor::TYPE_FLOAT:
      return AppendReal(field, text, wire);
    case FieldDescriptor::TYPE_INT32:
    case FieldDescriptor::TYPE_SINT32:
    case FieldDescriptor::TYPE_SFIXED32:
      return AppendInt32(field, text, form, wire);
    case FieldDescriptor::TYPE_INT64:
    case FieldDescriptor::TYPE_SINT64:
    case FieldDescriptor::TYPE_SFIXED64:
      return AppendInt64(field, text, form, wire);
    case FieldDescriptor::TYPE_UINT32:
    case FieldDescriptor::TYPE_FIXED32:
      return AppendUint32(field, text, form, wire);
    case FieldDescriptor::TYPE_UINT64:
    case FieldDescriptor::TYPE_FIXED64:
      return AppendUint64(field, text, form, wire);
    case FieldDescriptor::TYPE_BOOL:
      return ParseAndAppend<bool>([&](bool* value) { return ParseBool(text, value); },
                                  [&](bool value) { AppendVarint(value ? 1 : 0, wire); });
    case FieldDescriptor::TYPE_ENUM:
      return ParseAndAppend<int32_t>([&](int32_t* value) { return ParseEnum(text, *field.enumeration, form, value); },
                                     [&](int32_t value) { AppendVarint(static_cast<uint64_t>(int64_t{value}), wire); });
    case FieldDescriptor::TYPE_STRING:
      if (form == TextForm::kUrl && Utf8Prefix(text) != text.size()) return "is not UTF-8";
      AppendLengthDelimited(text, wire);
      return kNoFault;
    case FieldDescriptor::TYPE_BYTES:
      return AppendBytes(text, wire);
    default:
      return "is a message, which has no text form";
  }
}

Fault AppendFieldFromText(const FieldPlan& field, absl::string_view text, TextForm form, std::string* wire) {
  const size_t before = wire->size();
  AppendTag(field.number, field.wire_type, wire);
  Fault fault;
  if (field.message == nullptr) {
    fault = AppendScalarFromText(field, text, form, wire);
  } else {
    const size_t start = BeginLengthDelimited(wire);
    fault = AppendMessage(*field.message, text, form, wire);
    EndLengthDelimited(start, wire);
  }
  if (!fault.empty()) wire->resize(before);
  return fault;
}

}  // namespace penstock::codec
