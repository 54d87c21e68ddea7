#include "gateway/binding/body_mask.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gateway/codec/json_tokens.h"
#include "gateway/codec/wire.h"

namespace penstock::binding {
namespace {

// Walks the JSON once. Functions return false on a fault, which status() tells.
class MaskReader {
 public:
  MaskReader(absl::string_view json, std::vector<std::string>* paths) : paths_(*paths) {
    if (!tokens_.Start(json)) Fail(tokens_.fault());
  }

  absl::Status Read(const codec::MessagePlan& plan) {
    if (status_.ok() && tokens_.Peek() == '{') Object(&plan);
    return status_;
  }

 private:
  bool Fail(absl::string_view what) {
    status_ = absl::InvalidArgumentError(what);
    return false;
  }

  // The members of the object that begins here; `plan` null: of any names, as in a Struct. Passes over the object.
  bool Object(const codec::MessagePlan* plan) {
    if (++depth_ > codec::kMaxDepth) return Fail("the body is nested too deeply");
    tokens_.Next();
    while (tokens_.Peek() == '"') {
      const size_t outer = path_.size();
      if (!Key() || !(plan == nullptr ? FreeMember() : Member(*plan))) return false;
      path_.resize(outer);
      if (tokens_.Peek() == ',') tokens_.Next();
    }
    if (tokens_.Peek() != '}') return Fail("the body is no JSON");
    tokens_.Next();
    --depth_;
    return true;
  }

  // Reads a key into key_; the tokens then stand at the value.
  bool Key() {
    key_.clear();
    size_t offset = 0;
    if (!codec::Unescape(tokens_.RawString(), &key_, &offset)) return Fail("the body is no JSON");
    tokens_.Next();
    if (tokens_.Peek() != ':') return Fail("the body is no JSON");
    tokens_.Next();
    return !tokens_.AtEnd() || Fail("the body is no JSON");
  }

  void Step(absl::string_view name) { absl::StrAppend(&path_, path_.empty() ? "" : ".", name); }

  bool Member(const codec::MessagePlan& plan) {
    const codec::FieldPlan* const field = plan.FindByName(key_);
    if (field == nullptr || field->extension) {
      return Fail(absl::StrCat("could not find field \"", key_, "\" in \"", plan.full_name(), "\""));
    }
    Step(field->descriptor->name());
    if (field->repeated || field->message == nullptr || tokens_.Peek() != '{') return Leaf();
    const codec::WellKnown type = field->message->well_known();
    if (type == codec::WellKnown::kAny) {
      const std::string name = key_;  // goes with the next that is read
      if (HasType()) return Leaf();
      if (!status_.ok()) return false;
      return Fail(absl::StrCat("could not find field @type in \"", name, "\" in message \"", plan.full_name(), "\""));
    }
    if (!AtFullObject()) return Leaf();
    return Object(type == codec::WellKnown::kStruct || type == codec::WellKnown::kValue ? nullptr : field->message);
  }

  bool FreeMember() {
    Step(key_);
    return AtFullObject() ? Object(nullptr) : Leaf();
  }

  // At an object that is not `{}`.
  bool AtFullObject() {
    if (tokens_.Peek() != '{') return false;
    const size_t place = tokens_.place();
    tokens_.Next();
    const bool full = tokens_.Peek() != '}';
    tokens_.GoTo(place);
    return full;
  }

  // The object here has a member "@type". Comes back to it.
  bool HasType() {
    const size_t place = tokens_.place();
    bool found = false;
    tokens_.Next();
    while (!found && tokens_.Peek() == '"') {
      if (!Key()) return false;
      found = key_ == "@type";
      tokens_.SkipValue();
      if (tokens_.Peek() == ',') tokens_.Next();
    }
    tokens_.GoTo(place);
    return found;
  }

  bool Leaf() {
    bytes_ += path_.size();
    if (bytes_ > kMaxBodyMaskBytes) return Fail("the body sets too many fields to name in a mask: send the mask, too");
    paths_.push_back(path_);
    tokens_.SkipValue();
    return true;
  }

  codec::JsonTokens tokens_;
  std::vector<std::string>& paths_;
  absl::Status status_;
  std::string key_;
  std::string path_;
  size_t bytes_ = 0;
  int depth_ = 0;
};

// The one FieldMask of the message; null: it has none, or several.
const codec::FieldPlan* OnlyMask(const codec::MessagePlan& plan) {
  const codec::FieldPlan* mask = nullptr;
  for (const codec::FieldPlan& field : plan.fields()) {
    if (field.extension || field.message == nullptr || field.message->well_known() != codec::WellKnown::kFieldMask)
      continue;
    if (mask != nullptr || field.repeated) return nullptr;
    mask = &field;
  }
  return mask;
}

}  // namespace

const codec::FieldPlan* FindMask(const codec::MessagePlan& input, const BodyTarget& body,
                                 absl::Span<const codec::FieldPath> variables) {
  if (body.field.empty() || body.http_body) return nullptr;
  const codec::FieldPlan& field = *body.field.back();
  if (field.message == nullptr || field.repeated) return nullptr;
  if (field.message->well_known() != codec::WellKnown::kNone) return nullptr;
  const codec::FieldPlan* const mask = OnlyMask(input);
  if (mask == nullptr || codec::Overlap({mask}, body.field)) return nullptr;
  const bool in_path = std::any_of(variables.begin(), variables.end(),
                                   [&](const codec::FieldPath& path) { return codec::Overlap({mask}, path); });
  return in_path ? nullptr : mask;
}

absl::Status BodyMaskPaths(const codec::MessagePlan& plan, absl::string_view json, std::vector<std::string>* paths) {
  absl::Status status = MaskReader(json, paths).Read(plan);
  std::sort(paths->begin(), paths->end());
  return status;
}

void AppendMaskPaths(const codec::FieldPlan& mask, absl::Span<const std::string> paths, std::string* wire) {
  codec::AppendMessage(mask, wire, [&] {
    for (const std::string& path : paths) {
      codec::AppendTag(1, codec::WireType::kLengthDelimited, wire);
      codec::AppendLengthDelimited(path, wire);
    }
  });
}

}  // namespace penstock::binding
