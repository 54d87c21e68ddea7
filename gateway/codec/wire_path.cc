#include "gateway/codec/wire_path.h"

namespace penstock::codec {
namespace {

bool IsSetFrom(const FieldPath& path, size_t at, absl::string_view wire) {
  bool found = false;
  ForEachRecord(wire, [&](const WireRecord& record) {
    if (TagNumber(record.tag) != path[at]->number) return true;
    found = at + 1 == path.size() || IsSetFrom(path, at + 1, record.content);
    return !found;
  });
  return found;
}

const FieldPlan* OtherMemberFrom(const MessagePlan& plan, const FieldPath& path, size_t at, absl::string_view wire) {
  const FieldPlan& field = *path[at];
  const FieldPlan* found = nullptr;
  ForEachRecord(wire, [&](const WireRecord& record) {
    if (TagNumber(record.tag) == field.number) {
      if (at + 1 < path.size()) found = OtherMemberFrom(*field.message, path, at + 1, record.content);
    } else if (field.oneof >= 0) {
      const FieldPlan* const other = plan.FindByNumber(TagNumber(record.tag));
      if (other != nullptr && other->oneof == field.oneof) found = other;
    }
    return found == nullptr;
  });
  return found;
}

void AppendWithout(const FieldPath& path, size_t at, absl::string_view wire, std::string* out) {
  ForEachRecord(wire, [&](const WireRecord& record) {
    if (TagNumber(record.tag) != path[at]->number) {
      out->append(record.whole.data(), record.whole.size());
    } else if (at + 1 < path.size()) {
      AppendMessage(*path[at], out, [&] { AppendWithout(path, at + 1, record.content, out); });
    }
    return true;
  });
}

}  // namespace

bool IsSet(const FieldPath& path, absl::string_view wire) { return IsSetFrom(path, 0, wire); }

const FieldPlan* OneofSetByOther(const MessagePlan& plan, const FieldPath& path, absl::string_view wire) {
  return OtherMemberFrom(plan, path, 0, wire);
}

void EraseField(const FieldPath& path, size_t begin, std::string* wire) {
  const absl::string_view bytes = absl::string_view(*wire).substr(begin);
  if (!IsSet(path, bytes)) return;
  std::string kept;
  kept.reserve(bytes.size());
  AppendWithout(path, 0, bytes, &kept);
  wire->replace(begin, std::string::npos, kept);
}

}  // namespace penstock::codec
