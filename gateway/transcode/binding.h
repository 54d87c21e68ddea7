// What of an HTTP request becomes the request message, and what of the response message becomes the HTTP response:
// the field side of a google.api.http rule.
//
// Compiled once a route, immutable, shared by all threads; the PlanSet must outlive them. A request's parts are
// appended as wire bytes, body first, then query, then path: protobuf's own merge rule (the last scalar wins, messages
// merge) does the binding.
//
//   auto binding = RequestBinding::Build(plans, *input, {"parent"}, "book");
//   absl::Status status = binding->Bind({"shelves/1"}, "validate_only=true", body, &wire);
#ifndef PENSTOCK_GATEWAY_TRANSCODE_BINDING_H_
#define PENSTOCK_GATEWAY_TRANSCODE_BINDING_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gateway/transcode/field_path.h"
#include "gateway/transcode/message_plan.h"

namespace penstock::transcode {

class RequestBinding {
 public:
  // `path_variables`: field paths of the template's variables, in order ("a.b"). `body`: "" for none, "*" for all the
  // message, else a field path. `input` belongs to `plans`.
  //
  // InvalidArgument names the path that is wrong: an unknown field, a list, map or message where one value is needed,
  // one field twice, two members of a oneof.
  static absl::StatusOr<RequestBinding> Build(const PlanSet& plans, const MessagePlan& input,
                                              std::vector<std::string> path_variables, absl::string_view body);

  // False: Bind ignores the body.
  bool takes_body() const { return whole_body_ || !body_.empty(); }

  // Appends the request message. `path_values`: unescaped, one a variable. `query`: raw, what stands after '?', may
  // be empty. `body`: JSON, or empty for the default message.
  //
  // Query keys are field paths in either spelling: `a.b=1`, lists by repeating the key, maps as `m[key]=1`; `+` is a
  // space and percent-encoding is strict. INVALID_ARGUMENT, with *wire cut back and the key or path named: an unknown
  // or doubled key, one that the path or the body covers, a oneof set twice, a value that does not fit, any query where
  // the body is the whole message, and a required field that no part has set.
  absl::Status Bind(absl::Span<const std::string> path_values, absl::string_view query, absl::string_view body,
                    std::string* wire) const;

 private:
  explicit RequestBinding(const MessagePlan& input) : input_(&input) {}

  absl::Status AddVariable(absl::string_view name);
  absl::Status SetBody(absl::string_view path);
  absl::Status Append(absl::Span<const std::string> path_values, absl::string_view query, absl::string_view body,
                      std::string* wire) const;

  const MessagePlan* input_;
  std::vector<FieldPath> variables_;
  bool whole_body_ = false;
  FieldPath body_;  // empty: no body, or all of it
};

class ResponseBinding {
 public:
  // `response_body`: "" for the whole message, else a field path. InvalidArgument: no such field.
  static absl::StatusOr<ResponseBinding> Build(const MessagePlan& output, absl::string_view response_body);

  // As WireToJson; an unset message field prints `null`.
  absl::Status Print(absl::string_view wire, size_t max_bytes, std::string* out) const;

 private:
  explicit ResponseBinding(const MessagePlan& output) : output_(&output) {}

  const MessagePlan* output_;
  FieldPath field_;  // empty: all of it
};

}  // namespace penstock::transcode

#endif  // PENSTOCK_GATEWAY_TRANSCODE_BINDING_H_
