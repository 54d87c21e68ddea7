#include "gateway/transcode/query.h"

#include <cstddef>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gateway/transcode/json_text.h"
#include "gateway/transcode/query_text.h"
#include "gateway/transcode/scalar_text.h"

namespace penstock::transcode {
namespace {

absl::Status Invalid(absl::string_view fault) { return absl::InvalidArgumentError(fault); }

// A path as the numbers on the way: one spelling for one field.
std::string NumberPath(const FieldPath& path) {
  std::string text;
  for (const FieldPlan* field : path) absl::StrAppend(&text, field->number, ".");
  return text;
}

}  // namespace

absl::Status QueryReader::Read(absl::string_view query) {
  constexpr size_t kAll = absl::string_view::npos;
  std::string name, value;
  while (!query.empty()) {
    const absl::string_view part = TakeQueryPart(&query);
    if (part.empty()) continue;
    const QueryPair pair = SplitQueryPair(part);
    name.clear();
    value.clear();
    if (AppendDecoded(pair.name, &name) != kAll || AppendDecoded(pair.value, &value) != kAll) {
      return Invalid(
          absl::StrCat("query parameter \"", absl::CHexEscape(part), "\": a % without two hex digits behind it"));
    }
    // Names go into messages, which must stay UTF-8.
    if (Utf8Prefix(name) != name.size()) {
      return Invalid(absl::StrCat("query parameter \"", absl::CHexEscape(name), "\" is not UTF-8"));
    }
    if (absl::Status status = Parameter(name, value); !status.ok()) {
      return Invalid(absl::StrCat("query parameter ", name.empty() ? "\"\"" : name, " ", status.message()));
    }
  }
  return absl::OkStatus();
}

absl::Status QueryReader::Parameter(absl::string_view name, absl::string_view value) {
  const size_t bracket = name.find('[');
  const absl::StatusOr<FieldPath> path = ResolveFieldPath(plan_, name.substr(0, bracket));
  if (!path.ok()) return Invalid(absl::StrCat("is unknown: ", path.status().message()));
  if (absl::Status status = CheckCovered(*path); !status.ok()) return status;
  if (absl::Status status = CheckOneofs(*path); !status.ok()) return status;
  const FieldPlan& field = *path->back();
  if (bracket == absl::string_view::npos) return SingleValue(*path, value);
  if (!field.is_map || name.back() != ']') return Invalid("is written as a map's entry, m[key], but is none");
  return MapEntry(*path, name.substr(bracket + 1, name.size() - bracket - 2), value);
}

absl::Status QueryReader::CheckCovered(const FieldPath& path) const {
  constexpr absl::string_view kOneof = "is set while another member of its oneof is set too";
  for (const FieldPath& variable : covered_) {
    if (Overlap(path, variable)) return Invalid("is unknown: the URL's path sets it");
    if (OneofConflict(path, variable) != nullptr) return Invalid(kOneof);
  }
  if (body_.empty()) return absl::OkStatus();
  if (Overlap(path, body_)) return Invalid("is unknown: it belongs into the body");
  return has_body_ && OneofConflict(path, body_) != nullptr ? Invalid(kOneof) : absl::OkStatus();
}

absl::Status QueryReader::CheckOneofs(const FieldPath& path) {
  std::string outer;
  for (const FieldPlan* field : path) {
    if (field->oneof >= 0) {
      const auto [known, added] = oneofs_.emplace(absl::StrCat(outer, ":", field->oneof), field->number);
      if (!added && known->second != field->number) {
        return Invalid(absl::StrCat("is set while another member of the oneof ",
                                    field->descriptor->containing_oneof()->name(), " is set too"));
      }
    }
    absl::StrAppend(&outer, field->number, ".");
  }
  return absl::OkStatus();
}

absl::Status QueryReader::SingleValue(const FieldPath& path, absl::string_view value) {
  const FieldPlan& field = *path.back();
  if (field.is_map) return Invalid("is a map: write name[key]=value");
  if (!HasTextForm(field)) return Invalid("is a message: name one of its fields");
  if (!field.repeated && !set_.insert(NumberPath(path)).second) return Invalid("is given twice");
  const Fault fault =
      AppendNested(path, &wire_, [&] { return AppendFieldFromText(field, value, TextForm::kUrl, &wire_); });
  return fault.empty() ? absl::OkStatus() : Invalid(fault);
}

absl::Status QueryReader::MapEntry(const FieldPath& path, absl::string_view key, absl::string_view value) {
  const FieldPlan& field = *path.back();
  const FieldPlan& key_field = field.message->fields()[0];
  const FieldPlan& value_field = field.message->fields()[1];
  if (!HasTextForm(value_field)) return Invalid("is a map of messages, which a query cannot hold");
  std::string entry;
  if (const Fault fault = AppendFieldFromText(key_field, key, TextForm::kUrl, &entry); !fault.empty()) {
    return Invalid(absl::StrCat("has a key that ", fault));
  }
  if (!set_.insert(absl::StrCat(NumberPath(path), "[", entry)).second) return Invalid("is given twice");
  if (const Fault fault = AppendFieldFromText(value_field, value, TextForm::kUrl, &entry); !fault.empty()) {
    return Invalid(fault);
  }
  return AppendNested(path, &wire_, [&] {
    AppendTag(field.number, WireType::kLengthDelimited, &wire_);
    AppendLengthDelimited(entry, &wire_);
    return absl::OkStatus();
  });
}

}  // namespace penstock::transcode
