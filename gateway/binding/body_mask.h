// The FieldMask of a PATCH that names none: what its body sets. Pure.
//
// A PATCH changes the fields that its body has; a service learns which those were from a google.protobuf.FieldMask, and
// a client should not have to say it twice. Names are those of the .proto file, whichever the JSON had; lists, maps and
// Any are named as a whole, a Struct or Value member by member.
//
//   {"title":"t","author":{"name":"n"}}  →  author.name, title
#ifndef PENSTOCK_GATEWAY_BINDING_BODY_MASK_H_
#define PENSTOCK_GATEWAY_BINDING_BODY_MASK_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gateway/binding/request_fields.h"
#include "gateway/codec/field_path.h"
#include "gateway/codec/message_plan.h"

namespace penstock::binding {

// The field that gets the mask: the message's only FieldMask, unless the path fills it or the body holds it. Null: none
// gets it; so too for a body that is no message, or one whose JSON is not an object of its fields: it has no paths.
const codec::FieldPlan* FindMask(const codec::MessagePlan& input, const BodyTarget& body,
                                 absl::Span<const codec::FieldPath> variables);

// What the paths of one mask may hold: each repeats what is above it, so that a small body can mean a huge mask.
inline constexpr size_t kMaxBodyMaskBytes = 1024 * 1024;

// The paths, sorted, of `json`, which has been read as a message of this type before. INVALID_ARGUMENT: a key that is
// no field (which the reader may have passed over), or a mask too large.
absl::Status BodyMaskPaths(const codec::MessagePlan& plan, absl::string_view json, std::vector<std::string>* paths);

// Appends the FieldMask of these paths as this field, tag and all.
void AppendMaskPaths(const codec::FieldPlan& mask, absl::Span<const std::string> paths, std::string* wire);

}  // namespace penstock::binding

#endif  // PENSTOCK_GATEWAY_BINDING_BODY_MASK_H_
