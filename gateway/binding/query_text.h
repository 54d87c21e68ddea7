// The text of a query: pairs, and what percent-encoding means. Pure; internal to the bindings.
#ifndef PENSTOCK_GATEWAY_BINDING_QUERY_TEXT_H_
#define PENSTOCK_GATEWAY_BINDING_QUERY_TEXT_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace penstock::binding {

// One parameter, still encoded. `?key` is the same as `?key=`.
struct QueryPair {
  absl::string_view name;
  absl::string_view value;
};

// Takes what stands before the next `&` off the front. REQUIRES: !query->empty().
absl::string_view TakeQueryPart(absl::string_view* query);

QueryPair SplitQueryPair(absl::string_view part);

// Appends `text` with percent-encoding undone and `+` as a space. Returns npos, or where a `%` stands without two hex
// digits behind it; nothing is appended then.
size_t AppendDecoded(absl::string_view text, std::string* decoded);

}  // namespace penstock::binding

#endif  // PENSTOCK_GATEWAY_BINDING_QUERY_TEXT_H_
