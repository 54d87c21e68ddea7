// A URL's query, or the fields of a form, as fields of a message: as grpc-gateway reads them. Internal to binding;
// query is the strict reader.
//
// Names that the message does not have are passed over, and so are fields at, above or below one that the path or the
// body binds. Go reads parameters in no order, here they are read as they come; so where several are wrong, which one
// an error names is this reader's choice.
#ifndef PENSTOCK_GATEWAY_GRPC_GATEWAY_GO_QUERY_H_
#define PENSTOCK_GATEWAY_GRPC_GATEWAY_GO_QUERY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gateway/codec/field_path.h"
#include "gateway/codec/message_plan.h"

namespace penstock::grpc_gateway {

// A path variable of a nested field is, to grpc-gateway, a query parameter with one value. INVALID_ARGUMENT as Read's;
// whether a oneof is set already is for the caller to check.
absl::Status AppendGoNestedVariable(const codec::FieldPath& path, absl::string_view value, std::string* wire);

// Appends the parameters of one request. Used once.
class GoQueryReader {
 public:
  // `bound`: what the path and the body bind.
  GoQueryReader(const codec::MessagePlan& plan, absl::Span<const codec::FieldPath> bound, std::string* wire)
      : plan_(plan), bound_(bound), wire_(*wire) {}

  // Raw queries, which count as one. INVALID_ARGUMENT with Go's text, INTERNAL for a string that is not UTF-8. What was
  // appended before stays.
  absl::Status Read(absl::Span<const absl::string_view> queries);

  // A parameter's value became the whole of this field of the message, which is what it is then, whatever it was
  // before.
  bool replaced(const codec::FieldPlan& field) const { return replaced_.contains(&field); }

 private:
  // All parameters of one name.
  struct Parameter {
    std::string name;
    absl::InlinedVector<std::string, 1> values;
  };
  using Names = absl::InlinedVector<absl::string_view, 4>;

  absl::Status Collect(absl::string_view query);
  absl::Status Populate(Parameter& parameter);
  absl::Status PopulatePath(const Names& names, absl::Span<const std::string> values, bool has_key);
  absl::Status CheckOneof(const codec::FieldPath& outer, const codec::FieldPlan& field);
  bool IsBound(const Names& names) const;

  const codec::MessagePlan& plan_;
  const absl::Span<const codec::FieldPath> bound_;
  std::string& wire_;
  std::vector<Parameter> parameters_;
  absl::flat_hash_map<std::string, size_t> by_name_;
  absl::flat_hash_set<std::string> set_;
  absl::flat_hash_map<std::string, uint32_t> oneofs_;  // by the numbers on the way; to the number of the member
  absl::flat_hash_set<const codec::FieldPlan*> replaced_;
};

}  // namespace penstock::grpc_gateway

#endif  // PENSTOCK_GATEWAY_GRPC_GATEWAY_GO_QUERY_H_
