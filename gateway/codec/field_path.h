// Paths of fields, "a.b.c", as templates, bodies and query keys name them. Pure; used by the bindings.
#ifndef PENSTOCK_GATEWAY_CODEC_FIELD_PATH_H_
#define PENSTOCK_GATEWAY_CODEC_FIELD_PATH_H_

#include <cstddef>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/codec/message_plan.h"
#include "gateway/codec/wire.h"

namespace penstock::codec {

// Fields from a message down to the one that is meant. Never empty where a field is meant; all but the last are
// singular messages, and there are at most kMaxDepth: no service takes deeper nesting.
using FieldPath = std::vector<const FieldPlan*>;

// Finds the fields of `text`, names in either spelling. InvalidArgument says which name is wrong and why.
absl::StatusOr<FieldPath> ResolveFieldPath(const MessagePlan& plan, absl::string_view text);

// "a.b", JSON names; the same with the names of the .proto file.
std::string FieldPathText(const FieldPath& path);
std::string ProtoPathText(const FieldPath& path);

// One is the other, or lies inside it.
bool Overlap(const FieldPath& a, const FieldPath& b);

// `inner` is `outer`, or lies inside it.
bool Contains(const FieldPath& outer, const FieldPath& inner);

// The field of `a` that cannot be set together with `b`, as both lie in members of one oneof. Null: there is none.
const FieldPlan* OneofConflict(const FieldPath& a, const FieldPath& b);

// Appends a field of a message type, not a list: its tag, and as its content what `append_content` appends. Returns
// what that returns.
template <typename AppendContent>
auto AppendMessage(const FieldPlan& field, std::string* wire, const AppendContent& append_content)
    -> decltype(append_content()) {
  AppendTag(field.number, field.wire_type, wire);
  const bool group = field.wire_type == WireType::kStartGroup;
  const size_t start = group ? 0 : BeginLengthDelimited(wire);
  const auto end = [&] {
    if (group) {
      AppendTag(field.number, WireType::kEndGroup, wire);
    } else {
      EndLengthDelimited(start, wire);
    }
  };
  if constexpr (std::is_void_v<decltype(append_content())>) {
    append_content();
    end();
  } else {
    auto result = append_content();
    end();
    return result;
  }
}

// Appends what `append_last` appends (the last field with its tag) inside the messages that the path leads through.
// Returns what `append_last` returns.
template <typename AppendLast>
auto AppendNested(const FieldPath& path, std::string* wire, const AppendLast& append_last, size_t at = 0)
    -> decltype(append_last()) {
  if (at + 1 == path.size()) return append_last();
  return AppendMessage(*path[at], wire, [&] { return AppendNested(path, wire, append_last, at + 1); });
}

}  // namespace penstock::codec

#endif  // PENSTOCK_GATEWAY_CODEC_FIELD_PATH_H_
