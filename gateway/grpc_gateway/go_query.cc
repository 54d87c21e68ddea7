#include "gateway/grpc_gateway/go_query.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gateway/binding/query_text.h"
#include "gateway/codec/wire.h"
#include "gateway/grpc_gateway/go_error.h"
#include "gateway/grpc_gateway/go_text.h"

namespace penstock::grpc_gateway {
namespace {

// More parameters in one query Go refuses.
constexpr ptrdiff_t kMaxParameters = 10000;

absl::Status Invalid(absl::string_view fault) { return absl::InvalidArgumentError(fault); }

const std::string& ProtoName(const codec::FieldPlan& field) { return field.descriptor->name(); }

// Puts what was being read before a value's fault.
absl::Status While(absl::string_view what, absl::string_view name, const absl::Status& status) {
  if (status.code() != absl::StatusCode::kInvalidArgument) return status;
  return Invalid(absl::StrCat("parsing ", what, " \"", name, "\": ", status.message()));
}

const codec::FieldPlan* FindField(const codec::MessagePlan& plan, absl::string_view name) {
  const codec::FieldPlan* const field = plan.FindByName(name);
  return field == nullptr || field->extension ? nullptr : field;
}

// `name[key]`, with the last bracket as Go's expression finds it. False: not of that form.
bool SplitMapKey(absl::string_view name, absl::string_view* field, absl::string_view* key) {
  if (name.empty() || name.back() != ']' || name.find('\n') != absl::string_view::npos) return false;
  const size_t bracket = name.rfind('[');
  if (bracket == absl::string_view::npos) return false;
  *field = name.substr(0, bracket);
  *key = name.substr(bracket + 1, name.size() - bracket - 2);
  return true;
}

absl::Status AppendList(const codec::FieldPlan& field, absl::Span<const std::string> values, std::string* wire) {
  for (const std::string& value : values) {
    const absl::Status status = AppendFieldFromGoText(field, value, GoPlace::kQuery, wire);
    if (!status.ok()) return While("list", ProtoName(field), status);
  }
  return absl::OkStatus();
}

// The key and the value of one entry.
absl::Status AppendMapEntry(const codec::FieldPlan& field, absl::Span<const std::string> values, std::string* wire) {
  if (values.size() != 2) {
    return Invalid(absl::StrCat("more than one value provided for key ", GoQuote(values[0]), " in map \"",
                                field.descriptor->full_name(), "\""));
  }
  return codec::AppendMessage(field, wire, [&]() -> absl::Status {
    const std::vector<codec::FieldPlan>& entry = field.message->fields();
    absl::Status status = AppendFieldFromGoText(entry[0], values[0], GoPlace::kQuery, wire);
    if (!status.ok()) return While("map key", ProtoName(field), status);
    status = AppendFieldFromGoText(entry[1], values[1], GoPlace::kQuery, wire);
    return status.ok() ? status : While("map value", ProtoName(field), status);
  });
}

absl::Status AppendValues(const codec::FieldPlan& field, absl::Span<const std::string> values, std::string* wire) {
  if (field.is_map) return AppendMapEntry(field, values, wire);
  if (field.repeated) return AppendList(field, values, wire);
  if (values.size() > 1) {
    return Invalid(absl::StrCat("too many values for field \"", ProtoName(field), "\": ", absl::StrJoin(values, ", ")));
  }
  const absl::Status status = AppendFieldFromGoText(field, values[0], GoPlace::kQuery, wire);
  return status.ok() ? status : While("field", ProtoName(field), status);
}

// The fields that all of `names` lead to; empty: a name is unknown, or one before the last is no single message.
codec::FieldPath FindPath(const codec::MessagePlan& plan, absl::Span<const absl::string_view> names) {
  codec::FieldPath path;
  const codec::MessagePlan* message = &plan;
  for (const absl::string_view name : names) {
    if (!path.empty()) {
      if (path.back()->message == nullptr || path.back()->repeated) return {};
      message = path.back()->message;
    }
    const codec::FieldPlan* const field = FindField(*message, name);
    if (field == nullptr) return {};
    path.push_back(field);
  }
  return path;
}

}  // namespace

absl::Status AppendGoNestedVariable(const codec::FieldPath& path, absl::string_view value, std::string* wire) {
  const std::string values[] = {std::string(value)};
  return codec::AppendNested(path, wire, [&] { return AppendValues(*path.back(), values, wire); });
}

absl::Status GoQueryReader::Read(absl::Span<const absl::string_view> queries) {
  absl::Status first = absl::OkStatus();
  for (const absl::string_view query : queries) first.Update(Collect(query));
  if (!first.ok()) return first;
  for (Parameter& parameter : parameters_) {
    if (absl::Status status = Populate(parameter); !status.ok()) return status;
  }
  return absl::OkStatus();
}

// Decodes the pairs of one query and joins those of one name. All of it is read before an error is told, as a semicolon
// is told of in preference.
absl::Status GoQueryReader::Collect(absl::string_view query) {
  if (std::count(query.begin(), query.end(), '&') >= kMaxParameters) {
    return Invalid("number of URL query parameters exceeded limit");
  }
  absl::Status fault = absl::OkStatus();
  while (!query.empty()) {
    const absl::string_view part = binding::TakeQueryPart(&query);
    if (part.find(';') != absl::string_view::npos) {
      fault = Invalid("invalid semicolon separator in query");
      continue;
    }
    if (part.empty()) continue;
    const binding::QueryPair pair = binding::SplitQueryPair(part);
    std::string name, value;
    absl::string_view broken = pair.name;
    size_t at = binding::AppendDecoded(pair.name, &name);
    if (at == absl::string_view::npos) {
      broken = pair.value;
      at = binding::AppendDecoded(pair.value, &value);
    }
    if (at != absl::string_view::npos) {
      fault.Update(Invalid(absl::StrCat("invalid URL escape ", GoQuote(broken.substr(at, 3)))));
      continue;
    }
    const auto [known, added] = by_name_.emplace(name, parameters_.size());
    if (added) parameters_.push_back(Parameter{std::move(name), {}});
    parameters_[known->second].values.push_back(std::move(value));
  }
  return fault;
}

absl::Status GoQueryReader::Populate(Parameter& parameter) {
  absl::string_view field = parameter.name, key;
  const bool has_key = SplitMapKey(parameter.name, &field, &key);
  if (has_key) parameter.values.insert(parameter.values.begin(), std::string(key));
  Names names;
  for (const absl::string_view name : absl::StrSplit(field, '.')) {
    if (names.size() == codec::kMaxDepth) return Invalid("a query parameter leads too many messages deep");
    names.push_back(name);
  }
  // One field has two spellings, and is known by that of the .proto file where all of the name is known.
  const codec::FieldPath path = FindPath(plan_, names);
  for (size_t i = 0; i < path.size(); ++i) names[i] = ProtoName(*path[i]);
  if (IsBound(names)) return absl::OkStatus();
  std::string spelled = absl::StrJoin(names, ".");
  if (has_key) absl::StrAppend(&spelled, "[", key, "]");
  if (!set_.insert(spelled).second) return Invalid(absl::StrCat("duplicate field ", GoQuote(spelled)));
  return PopulatePath(names, parameter.values, has_key);
}

// One of the bound paths begins with these names, or they begin with it.
bool GoQueryReader::IsBound(const Names& names) const {
  return std::any_of(bound_.begin(), bound_.end(), [&](const codec::FieldPath& path) {
    const size_t common = std::min(path.size(), names.size());
    return std::equal(path.begin(), path.begin() + static_cast<ptrdiff_t>(common), names.begin(),
                      [](const codec::FieldPlan* field, absl::string_view name) { return ProtoName(*field) == name; });
  });
}

absl::Status GoQueryReader::PopulatePath(const Names& names, absl::Span<const std::string> values, bool has_key) {
  codec::FieldPath path;
  const codec::MessagePlan* message = &plan_;
  for (size_t i = 0; i < names.size(); ++i) {
    const codec::FieldPlan* const field = FindField(*message, names[i]);
    if (field == nullptr) {
      // Not an error; but the messages before the unknown name have been made.
      if (!path.empty()) codec::AppendNested(path, &wire_, [&] { codec::AppendMessage(*path.back(), &wire_, [] {}); });
      return absl::OkStatus();
    }
    if (absl::Status status = CheckOneof(path, *field); !status.ok()) return status;
    path.push_back(field);
    if (i + 1 == names.size()) break;
    if (field->message == nullptr || field->repeated) {
      return Invalid(absl::StrCat("invalid path: ", GoQuote(names[i]), " is not a message"));
    }
    message = field->message;
  }
  const codec::FieldPlan& last = *path.back();
  if (has_key && !last.is_map) return Invalid(absl::StrCat("field \"", ProtoName(last), "\" is not a map"));
  if (path.size() == 1 && !last.repeated) replaced_.insert(&last);
  return codec::AppendNested(path, &wire_, [&] { return AppendValues(last, values, &wire_); });
}

// A oneof may be set once, and gone into only through the message that it is set to.
absl::Status GoQueryReader::CheckOneof(const codec::FieldPath& outer, const codec::FieldPlan& field) {
  if (field.oneof < 0) return absl::OkStatus();
  std::string place;
  for (const codec::FieldPlan* step : outer) absl::StrAppend(&place, step->number, ".");
  absl::StrAppend(&place, ":", field.oneof);
  auto known = oneofs_.find(place);
  if (known == oneofs_.end()) {
    uint32_t number = 0;
    for (const codec::FieldPath& path : bound_) {
      if (path.size() <= outer.size() || !codec::Contains(outer, path)) continue;
      if (path[outer.size()]->oneof == field.oneof) number = path[outer.size()]->number;
    }
    known = oneofs_.emplace(std::move(place), number).first;
  }
  const bool set = known->second != 0;
  if (set && (field.message == nullptr || known->second != field.number)) {
    return Invalid(absl::StrCat("field already set for oneof \"", field.descriptor->containing_oneof()->name(), "\""));
  }
  known->second = field.number;
  return absl::OkStatus();
}

}  // namespace penstock::grpc_gateway
