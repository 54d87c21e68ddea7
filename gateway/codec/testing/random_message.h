// Random valid messages of any type, for tests that compare the transcoder with libprotobuf.
#ifndef PENSTOCK_GATEWAY_CODEC_TESTING_RANDOM_MESSAGE_H_
#define PENSTOCK_GATEWAY_CODEC_TESTING_RANDOM_MESSAGE_H_

#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/struct.pb.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <string>

namespace penstock::codec::testing {

class RandomMessages {
 public:
  // `any_type`: what an Any holds.
  RandomMessages(uint64_t seed, const google::protobuf::Message& any_type) : random_(seed), any_type_(any_type) {}

  uint64_t Below(uint64_t end) { return random_() % end; }

  void Fill(google::protobuf::Message* message, int depth = 0) {
    const google::protobuf::Descriptor* type = message->GetDescriptor();
    const std::string& name = type->full_name();
    if (name == "google.protobuf.Timestamp") return FillTime(message, -62135596800, 253402300799, 1);
    if (name == "google.protobuf.Duration") {
      const int sign = Below(2) == 0 ? 1 : -1;
      return FillTime(message, sign > 0 ? 0 : -315576000000, sign > 0 ? 315576000000 : 0, sign);
    }
    if (name == "google.protobuf.FieldMask") return FillMask(message);
    if (name == "google.protobuf.Any") {
      std::unique_ptr<google::protobuf::Message> held(any_type_.New());
      Fill(held.get(), depth + 1);
      google::protobuf::Any any;
      any.PackFrom(*held);
      return message->CopyFrom(any);
    }
    if (name == "google.protobuf.Value") return FillValue(message, depth);
    for (int i = 0; i < type->field_count(); ++i) {
      const google::protobuf::FieldDescriptor* field = type->field(i);
      const bool is_message = field->message_type() != nullptr;
      const bool needed = field->is_required() || type->map_key() != nullptr;
      if (!needed && Below(is_message ? 2 + static_cast<uint64_t>(depth) : 3) != 0) continue;
      if (is_message && depth >= kMaxFillDepth && !needed) continue;
      const uint64_t count = field->is_repeated() ? Below(depth > 2 ? 2 : 5) : 1;
      for (uint64_t n = 0; n < count; ++n) SetField(message, field, depth);
    }
  }

  std::string Text() {
    static const char* const kPieces[] = {"a",
                                          "hello",
                                          "\"",
                                          "\\",
                                          "/",
                                          "\n",
                                          "\t",
                                          "\x01",
                                          "\x7f",
                                          "\x1f",
                                          "é",
                                          "€",
                                          "😀",
                                          "\u2028",
                                          "<b>&",
                                          " ",
                                          "日本",
                                          "\r\n",
                                          "0123456789abcdef",
                                          "ÿ"};
    std::string text;
    for (uint64_t i = Below(Below(4) == 0 ? 40 : 6); i > 0; --i) text += kPieces[Below(std::size(kPieces))];
    if (Below(8) == 0) text.push_back('\0');
    return text;
  }

 private:
  static constexpr int kMaxFillDepth = 5;

  int64_t Int() {
    switch (Below(4)) {
      case 0:
        return static_cast<int64_t>(random_());
      case 1:
        return Below(2) == 0 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
      default:
        return static_cast<int64_t>(Below(300)) - 100;
    }
  }

  double Real() {
    // Not -0, which libprotobuf reads from JSON as the whole number 0.
    static constexpr double kSpecial[] = {0.0, 1e21, 1e-6, 1e-7, 123456789.125, 5e-324, 1.7976931348623157e308};
    if (Below(2) == 0) return kSpecial[Below(std::size(kSpecial))];
    const uint64_t bits = random_();
    double value;
    std::memcpy(&value, &bits, sizeof value);
    return std::isfinite(value) ? value : 0.1;
  }

  float Single() {
    const uint32_t bits = static_cast<uint32_t>(random_());
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return std::isfinite(value) ? value : 0.1f;
  }

  void FillTime(google::protobuf::Message* message, int64_t low, int64_t high, int sign) {
    static constexpr int kUnits[] = {0, 1, 1000, 1000000, 500000000, 999999999};
    const google::protobuf::Reflection& r = *message->GetReflection();
    const int64_t seconds = low + static_cast<int64_t>(Below(static_cast<uint64_t>(high - low)));
    r.SetInt64(message, message->GetDescriptor()->field(0), seconds);
    r.SetInt32(message, message->GetDescriptor()->field(1), sign * kUnits[Below(std::size(kUnits))]);
  }

  void FillMask(google::protobuf::Message* message) {
    static const char* const kPaths[] = {"a", "foo_bar", "a.b_c.d", "one_two_three"};
    for (uint64_t i = Below(4); i > 0; --i) {
      message->GetReflection()->AddString(message, message->GetDescriptor()->field(0),
                                          kPaths[Below(std::size(kPaths))]);
    }
  }

  // Exactly one kind, as the type demands.
  void FillValue(google::protobuf::Message* message, int depth) {
    google::protobuf::Value value;
    switch (Below(depth >= kMaxFillDepth ? 4 : 6)) {
      case 0:
        value.set_null_value(google::protobuf::NULL_VALUE);
        break;
      case 1:
        value.set_number_value(Real());
        break;
      case 2:
        value.set_string_value(Text());
        break;
      case 3:
        value.set_bool_value(Below(2) == 0);
        break;
      case 4:
        for (uint64_t i = Below(4); i > 0; --i) {
          FillValue(&(*value.mutable_struct_value()->mutable_fields())[Text()], depth + 1);
        }
        value.mutable_struct_value();
        break;
      default:
        value.mutable_list_value();
        for (uint64_t i = Below(4); i > 0; --i) FillValue(value.mutable_list_value()->add_values(), depth + 1);
    }
    message->CopyFrom(value);
  }

  void SetField(google::protobuf::Message* message, const google::protobuf::FieldDescriptor* field, int depth) {
    using Field = google::protobuf::FieldDescriptor;
    const google::protobuf::Reflection& r = *message->GetReflection();
    const bool add = field->is_repeated();
    switch (field->cpp_type()) {
      case Field::CPPTYPE_INT32:
        return add ? r.AddInt32(message, field, static_cast<int32_t>(Int()))
                   : r.SetInt32(message, field, static_cast<int32_t>(Int()));
      case Field::CPPTYPE_UINT32:
        return add ? r.AddUInt32(message, field, static_cast<uint32_t>(Int()))
                   : r.SetUInt32(message, field, static_cast<uint32_t>(Int()));
      case Field::CPPTYPE_INT64:
        return add ? r.AddInt64(message, field, Int()) : r.SetInt64(message, field, Int());
      case Field::CPPTYPE_UINT64:
        return add ? r.AddUInt64(message, field, static_cast<uint64_t>(Int()))
                   : r.SetUInt64(message, field, static_cast<uint64_t>(Int()));
      case Field::CPPTYPE_DOUBLE:
        return add ? r.AddDouble(message, field, Real()) : r.SetDouble(message, field, Real());
      case Field::CPPTYPE_FLOAT:
        return add ? r.AddFloat(message, field, Single()) : r.SetFloat(message, field, Single());
      case Field::CPPTYPE_BOOL:
        return add ? r.AddBool(message, field, Below(2) == 0) : r.SetBool(message, field, Below(2) == 0);
      case Field::CPPTYPE_STRING:
        return add ? r.AddString(message, field, Text()) : r.SetString(message, field, Text());
      case Field::CPPTYPE_ENUM: {
        const auto* type = field->enum_type();
        const auto* value = type->value(static_cast<int>(Below(static_cast<uint64_t>(type->value_count()))));
        return add ? r.AddEnum(message, field, value) : r.SetEnum(message, field, value);
      }
      case Field::CPPTYPE_MESSAGE:
        return Fill(add ? r.AddMessage(message, field) : r.MutableMessage(message, field), depth + 1);
    }
  }

  std::mt19937_64 random_;
  const google::protobuf::Message& any_type_;
};

}  // namespace penstock::codec::testing

#endif  // PENSTOCK_GATEWAY_CODEC_TESTING_RANDOM_MESSAGE_H_
