// What of an HTTP request becomes the request message: the field side of a google.api.http rule.
//
// Compiled once per route, immutable, shared by all threads; the PlanSet must outlive it. A request's parts are
// appended as wire bytes: protobuf's own merge rule (the last scalar wins, messages merge) does the binding, and where
// it would not, as of a list that the path replaces, the bytes are edited. How texts are read and what is refused is
// the implementation's.
//
//   absl::Status status = binding.Bind({.path_values = {"shelves/1"}, .queries = {query}, .body = body}, &wire);
#ifndef PENSTOCK_GATEWAY_BINDING_REQUEST_BINDING_H_
#define PENSTOCK_GATEWAY_BINDING_REQUEST_BINDING_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace penstock::binding {

// The rule.
struct RequestRule {
  std::vector<std::string> path_variables = {};  // field paths of the template's variables, in order ("a.b")
  absl::string_view body = {};                   // "" for none, "*" for all the message, else a field path
  bool patch = false;                            // the HTTP method is PATCH
};

class RequestBinding {
 public:
  // A request taken apart. Nothing is copied.
  struct Parts {
    absl::Span<const std::string> path_values = {};    // unescaped, one a variable
    absl::Span<const absl::string_view> queries = {};  // raw: what stands behind '?', what a form posted; count as one
    // One JSON value, empty for the default message; or, for an HttpBody, any bytes, and their type.
    absl::string_view body = {};
    absl::string_view content_type = {};
  };

  virtual ~RequestBinding() = default;

  // False: Bind ignores the body.
  virtual bool takes_body() const = 0;

  // True: the body becomes a google.api.HttpBody as it is, with its type, and is no JSON.
  virtual bool takes_http_body() const = 0;

  // Appends the request message. Not OK, with *wire cut back, on anything wrong, a required field that no part has set
  // included. A PATCH whose body is a message field, and whose request has one FieldMask field that nothing else fills,
  // gets the mask of what the body sets.
  virtual absl::Status Bind(const Parts& request, std::string* wire) const = 0;
};

}  // namespace penstock::binding

#endif  // PENSTOCK_GATEWAY_BINDING_REQUEST_BINDING_H_
