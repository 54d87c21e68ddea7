// Paths of fields, "a.b.c", as templates, bodies and query keys name them. Pure; used by the bindings.
#ifndef PENSTOCK_GATEWAY_TRANSCODE_FIELD_PATH_H_
#define PENSTOCK_GATEWAY_TRANSCODE_FIELD_PATH_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/transcode/message_plan.h"
#include "gateway/transcode/wire.h"

namespace penstock::transcode {

// Fields from a message down to the one that is meant. Never empty where a field is meant; all but the last are
// singular messages.
using FieldPath = std::vector<const FieldPlan*>;

// Finds the fields of `text`, names in either spelling. InvalidArgument says which name is wrong and why.
absl::StatusOr<FieldPath> ResolveFieldPath(const MessagePlan& plan, absl::string_view text);

// "a.b", JSON names.
std::string FieldPathText(const FieldPath& path);

// One is the other, or lies inside it.
bool Overlap(const FieldPath& a, const FieldPath& b);

// The field of `a` that cannot be set together with `b`, as both lie in members of one oneof. Null: there is none.
const FieldPlan* OneofConflict(const FieldPath& a, const FieldPath& b);

// Appends what `append_last` appends (the last field with its tag) inside the messages that the path leads through.
// Returns what `append_last` returns.
template <typename AppendLast>
auto AppendNested(const FieldPath& path, std::string* wire, const AppendLast& append_last, size_t at = 0)
    -> decltype(append_last()) {
  if (at + 1 == path.size()) return append_last();
  const FieldPlan& field = *path[at];
  AppendTag(field.number, field.wire_type, wire);
  if (field.wire_type == WireType::kStartGroup) {
    auto result = AppendNested(path, wire, append_last, at + 1);
    AppendTag(field.number, WireType::kEndGroup, wire);
    return result;
  }
  const size_t start = BeginLengthDelimited(wire);
  auto result = AppendNested(path, wire, append_last, at + 1);
  EndLengthDelimited(start, wire);
  return result;
}

}  // namespace penstock::transcode

#endif  // PENSTOCK_GATEWAY_TRANSCODE_FIELD_PATH_H_
