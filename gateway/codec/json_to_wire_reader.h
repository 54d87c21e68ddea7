// Reads tokens as a message type asks for them, and appends wire bytes. Internal to json_to_wire.
#ifndef PENSTOCK_GATEWAY_CODEC_JSON_TO_WIRE_READER_H_
#define PENSTOCK_GATEWAY_CODEC_JSON_TO_WIRE_READER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/base/optimization.h"
#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gateway/codec/json_to_wire.h"
#include "gateway/codec/json_tokens.h"
#include "gateway/codec/message_plan.h"
#include "gateway/codec/scalar_text.h"

namespace penstock::codec {

// Every function that reads returns false on a fault, of which Error() tells; what was appended is of no use then.
class JsonReader {
 public:
  JsonReader(absl::string_view json, const JsonReadOptions& options, std::string* wire)
      : options_(options), wire_(*wire) {
    started_ = tokens_.Start(json);
  }

  // Reads the whole text as a message, or as the value of a field (tag included).
  bool WholeMessage(const MessagePlan& plan);
  bool WholeField(const FieldPlan& field);

  absl::Status Error() const;

 private:
  // Which fields and oneofs of one message were set.
  struct Seen {
    explicit Seen(const MessagePlan& plan)
        : fields((plan.fields().size() + 63) / 64), oneofs((static_cast<size_t>(plan.oneof_count()) + 63) / 64) {}
    absl::InlinedVector<uint64_t, 2> fields;
    absl::InlinedVector<uint64_t, 1> oneofs;
  };
  // Whether an object is the JSON of an Any, whose "@type" was read before.
  enum class Within { kMessage, kAny };
  // Where in the wire bytes the keys of a map stand.
  using MapKeys = absl::InlinedVector<std::pair<size_t, size_t>, 8>;

  bool End();
  bool Message(const MessagePlan& plan);
  bool Object(const MessagePlan& plan, Within within);
  bool Member(const MessagePlan& plan, absl::string_view key, Seen* seen, size_t* expected);
  bool Unknown(const MessagePlan& plan, absl::string_view key);
  bool SkipJson();
  bool Field(const FieldPlan& field, Seen* seen);
  bool FieldValue(const FieldPlan& field);
  bool Singular(const FieldPlan& field);
  bool Scalar(const FieldPlan& field);
  bool List(const FieldPlan& field);
  bool ListElement(const FieldPlan& field);
  bool Map(const FieldPlan& field);
  bool MapEntry(const FieldPlan& field, absl::string_view key, MapKeys* keys);
  bool CheckMapKeys(MapKeys* keys, bool text);

  bool WellKnownMessage(const MessagePlan& plan);
  bool TextMessage(const MessagePlan& plan);
  bool Value();
  bool PlainValue();
  bool Struct();
  bool StructEntry(absl::string_view key, MapKeys* keys);
  bool ListValue();
  bool Any(const PlanSet& plans);
  bool FindType(std::string* url);
  bool AnyValue(const MessagePlan& plan);

  // Calls `member(key)` for each member of the object that begins here, the tokens standing at its value; the key is
  // valid until the next. Passes over the object. `element(index)` likewise for a list.
  template <typename Each>
  bool ForEachMember(const Each& member);
  template <typename Each>
  bool ForEachElement(const Each& element);

  // The string that begins here, unescaped; valid until the next call with the same `buffer`. Passes over it.
  bool ReadString(std::string* buffer, absl::string_view* text);
  bool ReadKey(std::string* buffer, absl::string_view* key);
  bool AppendString();

  // True at the literal; a token that only begins like it is a fault, found where it is read.
  bool AtLiteral(absl::string_view literal) const { return tokens_.Peek() == literal[0] && tokens_.Text() == literal; }
  // True: the value here is an enum name that nobody knows and the options say to drop it: it has been passed over.
  bool DropsName(const FieldPlan& field) {
    return ABSL_PREDICT_FALSE(options_.ignore_unknown) && field.enumeration != nullptr && PassUnknownName(field);
  }
  bool PassUnknownName(const FieldPlan& field);
  // True: `null` is a value of this field, not its absence.
  static bool TakesNull(const FieldPlan& field);

  bool Syntax(absl::string_view fault);
  bool Fail(absl::string_view fault);
  // The token here is not what the field needs: says what it needs, or that it is no JSON at all.
  bool Mismatch(absl::string_view fault);
  // Puts the place before the path, on the way back from a fault; returns false.
  bool At(absl::string_view name);
  bool AtKey(absl::string_view key);
  bool AtIndex(size_t index);

  const JsonReadOptions& options_;
  JsonTokens tokens_;
  std::string& wire_;
  bool started_;
  int depth_ = 0;  // objects and lists
  std::string fault_;
  std::string path_;
  bool is_syntax_ = false;
  size_t offset_ = 0;
};

template <typename Each>
bool JsonReader::ForEachMember(const Each& member) {
  if (depth_ == kMaxDepth) return Fail("is nested too deeply");
  ++depth_;
  tokens_.Next();
  if (tokens_.Peek() != '}') {
    std::string buffer;
    while (true) {
      absl::string_view key;
      if (!ReadKey(&buffer, &key) || !member(key)) return false;
      if (tokens_.Peek() == '}') break;
      if (tokens_.Peek() != ',') return Syntax("expected , or }");
      tokens_.Next();
    }
  }
  tokens_.Next();
  --depth_;
  return true;
}

template <typename Each>
bool JsonReader::ForEachElement(const Each& element) {
  if (depth_ == kMaxDepth) return Fail("is nested too deeply");
  ++depth_;
  tokens_.Next();
  if (tokens_.Peek() != ']') {
    for (size_t index = 0;; ++index) {
      if (!element(index)) return false;
      if (tokens_.Peek() == ']') break;
      if (tokens_.Peek() != ',') return Syntax("expected , or ]");
      tokens_.Next();
    }
  }
  tokens_.Next();
  --depth_;
  return true;
}

}  // namespace penstock::codec

#endif  // PENSTOCK_GATEWAY_CODEC_JSON_TO_WIRE_READER_H_
