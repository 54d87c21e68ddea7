#include "gateway/binding/query.h"

#include <cstddef>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gateway/binding/query_text.h"
#include "gateway/codec/json_text.h"
#include "gateway/codec/scalar_text.h"

namespace penstock::binding {
namespace {

absl::Status Invalid(absl::string_view fault) { return absl::InvalidArgumentError(fault); }

// A path as the numbers on the way: one spelling for one field.
std::string NumberPath(const codec::FieldPath& path) {
  std::string text;
  for (const codec::FieldPlan* field : path) absl::StrAppend(&text, field->number, ".");
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
    if (codec::Utf8Prefix(name) != name.size()) {
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
  const absl::StatusOr<codec::FieldPath> path = codec::ResolveFieldPath(plan_, name.substr(0, bracket));
  if (!path.ok()) return Invalid(absl::StrCat("is unknown: ", path.status().message()));
  if (absl::Status status = CheckCovered(*path); !status.ok()) return status;
  if (absl::Status status = CheckOneofs(*path); !status.ok()) return status;
  const codec::FieldPlan& field = *path->back();
  if (bracket == absl::string_view::npos) return SingleValue(*path, value);
  if (!field.is_map || name.back() != ']') return Invalid("is written as a map's entry, m[key], but is none");
  return MapEntry(*path, name.substr(bracket + 1, name.size() - bracket - 2), value);
}

absl::Status QueryReader::CheckCovered(const codec::FieldPath& path) const {
  constexpr absl::string_view kOneof = "is set while another member of its oneof is set too";
  for (const codec::FieldPath& variable : covered_) {
    if (codec::Overlap(path, variable)) return Invalid("is unknown: the URL's path sets it");
    if (codec::OneofConflict(path, variable) != nullptr) return Invalid(kOneof);
  }
  if (body_.empty()) return absl::OkStatus();
  if (codec::Overlap(path, body_)) return Invalid("is unknown: it belongs into the body");
  return has_body_ && codec::OneofConflict(path, body_) != nullptr ? Invalid(kOneof) : absl::OkStatus();
}

absl::Status QueryReader::CheckOneofs(const codec::FieldPath& path) {
  std::string outer;
  for (const codec::FieldPlan* field : path) {
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

absl::Status QueryReader::SingleValue(const codec::FieldPath& path, absl::string_view value) {
  const codec::FieldPlan& field = *path.back();
  if (field.is_map) return Invalid("is a map: write name[key]=value");
  if (!codec::HasTextForm(field)) return Invalid("is a message: name one of its fields");
  if (!field.repeated && !set_.insert(NumberPath(path)).second) return Invalid("is given twice");
  const codec::Fault fault = codec::AppendNested(
      path, &wire_, [&] { return codec::AppendFieldFromText(field, value, codec::TextForm::kUrl, &wire_); });
  return fault.empty() ? absl::OkStatus() : Invalid(fault);
}

absl::Status QueryReader::MapEntry(const codec::FieldPath& path, absl::string_view key, absl::string_view value) {
  const codec::FieldPlan& field = *path.back();
  const codec::FieldPlan& key_field = field.message->fields()[0];
  const codec::FieldPlan& value_field = field.message->fields()[1];
  if (!codec::HasTextForm(value_field)) return Invalid("is a map of messages, which a query cannot hold");
  std::string entry;
  if (const codec::Fault fault = codec::AppendFieldFromText(key_field, key, codec::TextForm::kUrl, &entry);
      !fault.empty()) {
    return Invalid(absl::StrCat("has a key that ", fault));
  }
  if (!set_.insert(absl::StrCat(NumberPath(path), "[", entry)).second) return Invalid("is given twice");
  if (const codec::Fault fault = codec::AppendFieldFromText(value_field, value, codec::TextForm::kUrl, &entry);
      !fault.empty()) {
    return Invalid(fault);
  }
  return codec::AppendNested(path, &wire_, [&] {
    codec::AppendTag(field.number, codec::WireType::kLengthDelimited, &wire_);
    codec::AppendLengthDelimited(entry, &wire_);
    return absl::OkStatus();
  });
}

}  // namespace penstock::binding
