#include "gateway/binding/required_fields.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gateway/codec/map_key.h"
#include "gateway/codec/wire.h"
#include "gateway/codec/wire_scan.h"

namespace penstock::binding {
namespace {

// Every function returns false on a fault, of which Error() tells.
class RequiredChecker {
 public:
  bool Message(const codec::MessagePlan& plan, const codec::Piece& pieces) {
    if (!plan.has_required()) return true;
    if (depth_ == codec::kMaxDepth) return Fail("is nested too deeply");
    ++depth_;
    const codec::ScratchArena::Mark mark = arena_.mark();
    const codec::Slot* const slots = codec::Scan(plan, pieces, arena_);
    if (slots == nullptr) return Fail("has a broken wire format");
    for (const codec::FieldPlan& field : plan.fields()) {
      if (!Field(field, slots[field.index])) return false;
    }
    arena_.Rewind(mark);
    --depth_;
    return true;
  }

  absl::Status Error() const {
    return absl::InvalidArgumentError(absl::StrCat(path_.empty() ? "the message" : path_, " ", fault_));
  }

 private:
  bool Field(const codec::FieldPlan& field, const codec::Slot& slot) {
    if (!slot.set) return !field.descriptor->is_required() || Fail("is required and not set") || At(field.name);
    if (field.message == nullptr || !field.message->has_required()) return true;
    return (field.repeated ? Records(field, slot) : Message(*field.message, slot.first)) || At(field.name);
  }

  bool Records(const codec::FieldPlan& field, const codec::Slot& slot) {
    size_t index = 0;
    for (const codec::Piece* piece = &slot.first; piece != nullptr; piece = piece->next) {
      codec::WireReader reader(piece->data, piece->data + piece->size);
      for (; !reader.AtEnd(); ++index) {
        uint32_t tag;
        absl::string_view bytes;
        const bool read = reader.ReadTag(&tag) && (codec::TagType(tag) == codec::WireType::kStartGroup
                                                       ? reader.ReadGroup(codec::TagNumber(tag), &bytes)
                                                       : reader.ReadBytes(&bytes));
        if (!read) return Fail("has a broken wire format");
        const codec::Piece element = {bytes.data(), bytes.size(), nullptr};
        if (field.is_map) {
          if (!MapEntry(*field.message, element)) return false;
        } else if (!Message(*field.message, element)) {
          return At(absl::StrCat("[", index, "]"));
        }
      }
    }
    return true;
  }

  bool MapEntry(const codec::MessagePlan& entry, const codec::Piece& piece) {
    codec::Slot* const slots = codec::Scan(entry, piece, arena_);
    if (slots == nullptr) return Fail("has a broken wire format");
    codec::SetDefault(&slots[0]);
    codec::SetDefault(&slots[1]);
    if (Message(*entry.fields()[1].message, slots[1].first)) return true;
    return At(absl::StrCat("[", codec::MapKeyText(entry.fields()[0].type, slots[0]), "]"));
  }

  bool Fail(absl::string_view fault) {
    fault_ = fault;
    return false;
  }
  bool At(absl::string_view name) {
    const bool joined = path_.empty() || path_[0] == '[';
    path_ = absl::StrCat(name, joined ? "" : ".", path_);
    return false;
  }

  codec::ScratchArena arena_;
  int depth_ = 0;
  absl::string_view fault_;
  std::string path_;
};

}  // namespace

absl::Status CheckRequired(const codec::MessagePlan& plan, absl::string_view wire) {
  if (!plan.has_required()) return absl::OkStatus();
  RequiredChecker checker;
  return checker.Message(plan, {wire.data(), wire.size(), nullptr}) ? absl::OkStatus() : checker.Error();
}

}  // namespace penstock::binding
