// The RequestBinding of grpc-gateway: binds what its generated code (v2.33) binds, and fails in its words.
//
// - A body is JSON as protojson takes it, a google.api.HttpBody too: unknown fields and enum names are dropped. What is
//   no message has other rules (go_body).
// - Lists in the path are split at commas; a variable of a nested field is read as a query parameter is.
// - The query is not read where path and body bind every field; go_query tells the rest.
//
//   auto binding = GoRequestBinding::Build(*input, {.path_variables = {"parent"}, .body = "book"});
#ifndef PENSTOCK_GATEWAY_GRPC_GATEWAY_GO_REQUEST_BINDING_H_
#define PENSTOCK_GATEWAY_GRPC_GATEWAY_GO_REQUEST_BINDING_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/binding/request_binding.h"
#include "gateway/binding/request_fields.h"
#include "gateway/codec/field_path.h"
#include "gateway/codec/message_plan.h"

namespace penstock::grpc_gateway {

class GoRequestBinding final : public binding::RequestBinding {
 public:
  // InvalidArgument names the path that is wrong: an unknown field, a map or message where a text is needed, one field
  // twice.
  static absl::StatusOr<GoRequestBinding> Build(const codec::MessagePlan& input, const binding::RequestRule& rule);

  bool takes_body() const override { return !body_.empty(); }
  bool takes_http_body() const override { return false; }

  // INTERNAL, not INVALID_ARGUMENT, for a string of path or query that is not UTF-8.
  absl::Status Bind(const Parts& request, std::string* wire) const override;

 private:
  struct Variable {
    codec::FieldPath path;
    bool nested = false;    // read as a query parameter is
    bool replaces = false;  // the body may have set it, to what does not merge away
    bool in_oneof = false;  // the body may have set another member
  };

  explicit GoRequestBinding(const codec::MessagePlan& input) : input_(&input) {}

  void AddVariable(codec::FieldPath path);
  bool EverythingIsBound() const;

  absl::Status Append(const Parts& request, std::string* wire) const;
  absl::Status AppendBody(absl::string_view body, std::string* wire) const;
  absl::Status AppendVariable(const Variable& variable, absl::string_view value, size_t begin, std::string* wire) const;
  absl::Status AppendValue(const Variable& variable, absl::string_view value, std::string* wire) const;
  absl::Status CheckOneof(const Variable& variable, absl::string_view message) const;

  const codec::MessagePlan* input_;
  std::vector<Variable> variables_;
  binding::BodyTarget body_;
  std::vector<codec::FieldPath> bound_;     // variables, then the body
  const codec::FieldPlan* mask_ = nullptr;  // to be filled from the body
  bool reads_query_ = true;
};

}  // namespace penstock::grpc_gateway

#endif  // PENSTOCK_GATEWAY_GRPC_GATEWAY_GO_REQUEST_BINDING_H_
