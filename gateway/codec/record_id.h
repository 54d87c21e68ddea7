// The id of a record: the value of one field of the message, by which a client says after which record it goes on.
//
// Compiled once a method, immutable, shared by all threads; the PlanSet must outlive it. Read walks over the message's
// own wire bytes, not into those of fields that it passes, and allocates nothing.
//
//   absl::StatusOr<RecordId> id = RecordId::Build(*tick, "sequence");
//   RecordId::Digits digits;
//   absl::string_view text = id->Read(message, &digits);   // "7"
#ifndef PENSTOCK_GATEWAY_CODEC_RECORD_ID_H_
#define PENSTOCK_GATEWAY_CODEC_RECORD_ID_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/codec/field_path.h"
#include "gateway/codec/message_plan.h"
#include "gateway/codec/wire.h"

namespace penstock::codec {

class RecordId {
 public:
  // A longer one is none. It must come back as a header beside others, for which servers and proxies have some KiB.
  static constexpr size_t kMaxBytes = 1024;

  // Room for an id that is a number.
  using Digits = std::array<char, 20>;

  // `field`: a path of fields of `output`. InvalidArgument: it names no field, or one whose value cannot be an id: not
  // a string or an integer, a list or map, in a oneof.
  static absl::StatusOr<RecordId> Build(const MessagePlan& output, absl::string_view field);

  // The last field of the path, for its type.
  const FieldPlan& field() const { return *field_; }

  // The id of one message; a view of `wire` or of *digits. UTF-8 without control characters and without a space at
  // either end: what a header and a line of server-sent events can carry as it is. Empty: it has none, because the
  // field is not set, has its default where it has no presence, or has a text that is no such thing.
  absl::string_view Read(absl::string_view wire, Digits* digits) const;

 private:
  // The last value that the path leads to.
  struct Found {
    bool set = false;
    uint64_t number = 0;
    absl::string_view text;
  };

  explicit RecordId(const FieldPath& path);

  bool Find(size_t at, absl::string_view wire, Found* found) const;

  const FieldPlan* field_;
  std::vector<uint32_t> tags_;  // of the fields of the path
};

// True: a field of this type can hold an id.
bool HoldsId(const FieldPlan& field);

}  // namespace penstock::codec

#endif  // PENSTOCK_GATEWAY_CODEC_RECORD_ID_H_
