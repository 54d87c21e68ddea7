#include "gateway/codec/field_path.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace penstock::codec {

absl::StatusOr<FieldPath> ResolveFieldPath(const MessagePlan& plan, absl::string_view text) {
  FieldPath path;
  const MessagePlan* message = &plan;
  for (const absl::string_view name : absl::StrSplit(text, '.')) {
    if (path.size() == kMaxDepth) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", text.substr(0, 64), "...\" leads more than ", kMaxDepth, " messages deep"));
    }
    if (!path.empty()) {
      const FieldPlan& outer = *path.back();
      if (outer.message == nullptr || outer.repeated) {
        return absl::InvalidArgumentError(
            absl::StrCat("\"", text, "\": ", outer.name, " is no single message, so it has no fields to name"));
      }
      message = outer.message;
    }
    const FieldPlan* field = message->FindByName(name);
    if (field == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", text, "\": \"", name, "\" is no field of ", message->full_name()));
    }
    path.push_back(field);
  }
  return path;
}

std::string FieldPathText(const FieldPath& path) {
  return absl::StrJoin(path, ".", [](std::string* out, const FieldPlan* field) { out->append(field->name); });
}

std::string ProtoPathText(const FieldPath& path) {
  return absl::StrJoin(path, ".",
                       [](std::string* out, const FieldPlan* field) { out->append(field->descriptor->name()); });
}

bool Overlap(const FieldPath& a, const FieldPath& b) {
  return std::equal(a.begin(), a.begin() + static_cast<ptrdiff_t>(std::min(a.size(), b.size())), b.begin());
}

bool Contains(const FieldPath& outer, const FieldPath& inner) {
  return outer.size() <= inner.size() && Overlap(outer, inner);
}

const FieldPlan* OneofConflict(const FieldPath& a, const FieldPath& b) {
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (a[i] != b[i]) return a[i]->oneof >= 0 && a[i]->oneof == b[i]->oneof ? a[i] : nullptr;
  }
  return nullptr;
}

}  // namespace penstock::codec
