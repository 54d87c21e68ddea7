// A URL's query as fields of a message, read strictly. Internal to the native binding.
#ifndef PENSTOCK_GATEWAY_BINDING_QUERY_H_
#define PENSTOCK_GATEWAY_BINDING_QUERY_H_

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gateway/codec/field_path.h"
#include "gateway/codec/message_plan.h"

namespace penstock::binding {

// Appends the parameters of one request. Used once.
class QueryReader {
 public:
  // `covered`: what the path binds, which the query must not name; `body`: likewise, empty for none; `has_body`: the
  // request sets it.
  QueryReader(const codec::MessagePlan& plan, absl::Span<const codec::FieldPath> covered, const codec::FieldPath& body,
              bool has_body, std::string* wire)
      : plan_(plan), covered_(covered), body_(body), has_body_(has_body), wire_(*wire) {}

  // Raw, without the '?'; may be called for several, which count as one. InvalidArgument names the parameter. What was
  // appended before it stays.
  absl::Status Read(absl::string_view query);

 private:
  absl::Status Parameter(absl::string_view name, absl::string_view value);
  absl::Status CheckCovered(const codec::FieldPath& path) const;
  absl::Status CheckOneofs(const codec::FieldPath& path);
  absl::Status MapEntry(const codec::FieldPath& path, absl::string_view key, absl::string_view value);
  absl::Status SingleValue(const codec::FieldPath& path, absl::string_view value);

  const codec::MessagePlan& plan_;
  const absl::Span<const codec::FieldPath> covered_;
  const codec::FieldPath& body_;
  const bool has_body_;
  std::string& wire_;
  // What was set: fields, by the numbers on the way to them, and map entries. Oneofs, to the number of the member.
  absl::flat_hash_set<std::string> set_;
  absl::flat_hash_map<std::string, uint32_t> oneofs_;
};

}  // namespace penstock::binding

#endif  // PENSTOCK_GATEWAY_BINDING_QUERY_H_
