// The native RequestBinding: strict, so that whatever cannot be bound is an error that names the key or path.
//
// Query keys are field paths in either spelling: `a.b=1`, lists by repeating the key, maps as `m[key]=1`; `+` is a
// space and percent-encoding is strict. Refused: an unknown or doubled key, one that the path or the body covers, a
// oneof set twice, a value that does not fit, any query where the body is the whole message.
//
//   auto binding = NativeRequestBinding::Build(*input, {.path_variables = {"parent"}, .body = "book"});
#ifndef PENSTOCK_GATEWAY_BINDING_NATIVE_REQUEST_BINDING_H_
#define PENSTOCK_GATEWAY_BINDING_NATIVE_REQUEST_BINDING_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gateway/binding/request_binding.h"
#include "gateway/binding/request_fields.h"
#include "gateway/codec/field_path.h"
#include "gateway/codec/message_plan.h"

namespace penstock::binding {

class NativeRequestBinding final : public RequestBinding {
 public:
  // InvalidArgument names the path that is wrong: an unknown field, a list, map or message where one value is needed,
  // one field twice, two members of a oneof.
  static absl::StatusOr<NativeRequestBinding> Build(const codec::MessagePlan& input, const RequestRule& rule);

  bool takes_body() const override { return !body_.empty(); }
  bool takes_http_body() const override { return body_.http_body; }
  absl::Status Bind(const Parts& request, std::string* wire) const override;

 private:
  // What a variable must undo or find of the body.
  struct OnBody {
    bool replaces = false;      // the body may have set the field, to what does not merge away
    bool checks_oneof = false;  // the body may have set another member of a oneof on the way
  };

  explicit NativeRequestBinding(const codec::MessagePlan& input) : input_(&input) {}

  absl::Status CheckRule(const RequestRule& rule) const;
  absl::Status Append(const Parts& request, std::string* wire) const;
  absl::Status AppendBody(const Parts& request, std::string* wire) const;
  absl::Status AppendQueries(const Parts& request, std::string* wire) const;
  absl::Status AppendMask(absl::string_view body, size_t query_begin, std::string* wire) const;
  absl::Status AppendVariable(size_t index, absl::string_view value, size_t begin, std::string* wire) const;
  absl::Status CheckOneof(const codec::FieldPath& path, absl::string_view message) const;

  const codec::MessagePlan* input_;
  std::vector<codec::FieldPath> variables_;
  std::vector<OnBody> on_body_;  // of each variable
  BodyTarget body_;
  const codec::FieldPlan* mask_ = nullptr;  // to be filled from the body
};

}  // namespace penstock::binding

#endif  // PENSTOCK_GATEWAY_BINDING_NATIVE_REQUEST_BINDING_H_
