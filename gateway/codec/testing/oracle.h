// When two messages, or two JSON values, are the same for a test that compares the transcoder with libprotobuf: by
// value where both spellings are right.
#ifndef PENSTOCK_GATEWAY_CODEC_TESTING_ORACLE_H_
#define PENSTOCK_GATEWAY_CODEC_TESTING_ORACLE_H_

#include <google/protobuf/message.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/message_differencer.h>

#include <algorithm>
#include <cmath>

namespace penstock::codec::testing {

inline constexpr double kSmallestFloat = 1.5e-45;

inline bool Same(const google::protobuf::Message& a, const google::protobuf::Message& b) {
  google::protobuf::util::MessageDifferencer differencer;
  google::protobuf::util::DefaultFieldComparator comparator;
  comparator.set_treat_nan_as_equal(true);
  differencer.set_field_comparator(&comparator);
  return differencer.Compare(a, b);
}

// `a` is ours, `b` is libprotobuf's.
inline bool SameValue(const google::protobuf::Value& a, const google::protobuf::Value& b) {
  using Value = google::protobuf::Value;
  // libprotobuf prints an unset NullValue by its name, against its own rule.
  if (a.kind_case() == Value::kNullValue && b.string_value() == "NULL_VALUE") return true;
  if (a.kind_case() != b.kind_case()) return false;
  switch (a.kind_case()) {
    case Value::kNumberValue: {
      // Floats may be written with more digits than they need.
      const double x = a.number_value(), y = b.number_value();
      return std::abs(x - y) <= std::max(1e-6 * std::abs(x), kSmallestFloat) || x == y;
    }
    case Value::kStructValue:
      // libprotobuf leaves unset fields out inside an Any.
      if (a.struct_value().fields_size() != b.struct_value().fields_size() &&
          b.struct_value().fields().count("@type") == 0) {
        return false;
      }
      for (const auto& [key, value] : b.struct_value().fields()) {
        const auto ours = a.struct_value().fields().find(key);
        if (ours == a.struct_value().fields().end() || !SameValue(ours->second, value)) return false;
      }
      return true;
    case Value::kListValue:
      if (a.list_value().values_size() != b.list_value().values_size()) return false;
      for (int i = 0; i < a.list_value().values_size(); ++i) {
        if (!SameValue(a.list_value().values(i), b.list_value().values(i))) return false;
      }
      return true;
    default:
      return google::protobuf::util::MessageDifferencer::Equals(a, b);
  }
}

}  // namespace penstock::codec::testing

#endif  // PENSTOCK_GATEWAY_CODEC_TESTING_ORACLE_H_
