// What of an HTTP request becomes the request message: the field side of a google.api.http rule.
//
// Compiled once a route, immutable, shared by all threads; the PlanSet must outlive it. A request's parts are
// appended as wire bytes: protobuf's own merge rule (the last scalar wins, messages merge) does the binding, and where
// it would not, as of a list that the path replaces, the bytes are edited.
//
//   auto binding = RequestBinding::Build(plans, *input, {.path_variables = {"parent"}, .body = "book"});
//   absl::Status status = binding->Bind({.path_values = {"shelves/1"}, .queries = {query}, .body = body}, &wire);
#ifndef PENSTOCK_GATEWAY_BINDING_BINDING_H_
#define PENSTOCK_GATEWAY_BINDING_BINDING_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gateway/binding/binding_rules.h"
#include "gateway/codec/field_path.h"
#include "gateway/codec/message_plan.h"

namespace penstock::binding {

// The rule.
struct RequestRule {
  BindingRules rules = BindingRules::kNative;
  std::vector<std::string> path_variables = {};  // field paths of the template's variables, in order ("a.b")
  absl::string_view body = {};                   // "" for none, "*" for all the message, else a field path
  bool patch = false;                            // the HTTP method is PATCH
};

class RequestBinding {
 public:
  // `input` belongs to `plans`. InvalidArgument names the path that is wrong: an unknown field, a list, map or message
  // where one value is needed (grpc-gateway splits lists at commas), one field twice, two members of a oneof.
  static absl::StatusOr<RequestBinding> Build(const codec::PlanSet& plans, const codec::MessagePlan& input,
                                              const RequestRule& rule);

  // False: Bind ignores the body.
  bool takes_body() const { return whole_body_ || !body_.empty(); }

  // True: the body becomes a google.api.HttpBody as it is, with its type, and is no JSON. grpc-gateway reads even these
  // as JSON.
  bool takes_http_body() const { return http_body_ && rules_ == BindingRules::kNative; }

  // A request taken apart. Nothing is copied.
  struct Parts {
    absl::Span<const std::string> path_values = {};    // unescaped, one a variable
    absl::Span<const absl::string_view> queries = {};  // raw: what stands behind '?', what a form posted; count as one
    // One JSON value, empty for the default message; or, for an HttpBody, any bytes, and their type.
    absl::string_view body = {};
    absl::string_view content_type = {};
  };

  // Appends the request message. INVALID_ARGUMENT, with *wire cut back, on anything wrong.
  //
  // Native: the message names the key or path. Query keys are field paths in either spelling: `a.b=1`, lists by
  // repeating the key, maps as `m[key]=1`; `+` is a space and percent-encoding is strict. Refused: an unknown or
  // doubled key, one that the path or the body covers, a oneof set twice, a value that does not fit, any query where
  // the body is the whole message, and (in both dialects) a required field that no part has set.
  //
  // grpc-gateway: unknown fields and enum names of the body are dropped (go_body has other rules for what is no
  // message), the query is not read where the body is the whole message, and go_query tells the rest. INTERNAL for a
  // string of path or query that is not UTF-8.
  //
  // A PATCH whose body is a message field, and whose request has one FieldMask field that nothing else fills, gets the
  // mask of what the body sets.
  absl::Status Bind(const Parts& request, std::string* wire) const;

 private:
  struct Variable {
    codec::FieldPath path;
    bool nested = false;        // grpc-gateway: read as a query parameter is
    bool replaces = false;      // the body may have set it, to what does not merge away
    bool checks_oneof = false;  // the body may have set another member of a oneof on the way
  };

  RequestBinding(const codec::MessagePlan& input, BindingRules rules) : input_(&input), rules_(rules) {}

  absl::Status AddVariable(absl::string_view name);
  absl::Status SetBody(absl::string_view path);
  void SetBodyEffects();
  void SetMask();
  bool EverythingIsBound() const;

  absl::Status Append(const Parts& request, std::string* wire) const;
  absl::Status AppendRest(const Parts& request, size_t begin, std::string* wire) const;
  absl::Status AppendGoRest(const Parts& request, size_t begin, std::string* wire) const;
  absl::Status AppendBody(const Parts& request, std::string* wire) const;
  absl::Status AppendJsonBody(absl::string_view body, std::string* wire) const;
  absl::Status AppendQueries(const Parts& request, std::string* wire) const;
  absl::Status BodyPaths(absl::string_view body, std::vector<std::string>* paths) const;
  absl::Status AppendVariables(absl::Span<const std::string> values, size_t begin, std::string* wire) const;
  absl::Status AppendVariable(const Variable& variable, absl::string_view value, size_t begin, std::string* wire) const;
  absl::Status AppendGoVariable(const Variable& variable, absl::string_view value, std::string* wire) const;
  absl::Status CheckOneof(const Variable& variable, absl::string_view message) const;

  const codec::MessagePlan* input_;
  BindingRules rules_;
  std::vector<Variable> variables_;
  bool whole_body_ = false;
  bool http_body_ = false;
  bool reads_query_ = true;
  codec::FieldPath body_;                   // empty: no body, or all of it
  std::vector<codec::FieldPath> bound_;     // variables, then the body
  const codec::FieldPlan* mask_ = nullptr;  // to be filled from the body
};

}  // namespace penstock::binding

#endif  // PENSTOCK_GATEWAY_BINDING_BINDING_H_
