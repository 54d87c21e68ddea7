#include "gateway/grpc_gateway/go_body.h"

#include <cstddef>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "gateway/codec/json_tokens.h"
#include "gateway/codec/scalar_text.h"
#include "gateway/codec/wire.h"
#include "gateway/grpc_gateway/go_base64.h"
#include "gateway/grpc_gateway/go_error.h"
#include "gateway/grpc_gateway/go_text.h"

namespace penstock::grpc_gateway {
namespace {

using google::protobuf::FieldDescriptor;

// Walks the JSON once.
class GoBodyReader {
 public:
  GoBodyReader(const codec::FieldPlan& field, std::string* wire) : field_(field), wire_(*wire) {}

  absl::Status Read(absl::string_view json) {
    if (!tokens_.Start(json)) return Syntax(tokens_.fault_offset(), tokens_.fault());
    absl::Status status = Value();
    return !status.ok() || tokens_.AtEnd() ? status : Syntax(tokens_.offset(), "there is something behind the value");
  }

 private:
  static absl::Status Syntax(size_t offset, absl::string_view fault) {
    return absl::InvalidArgumentError(absl::StrCat("invalid JSON at byte ", offset, ": ", fault));
  }
  absl::Status Fail(absl::string_view fault) const {
    return absl::InvalidArgumentError(absl::StrCat(field_.name, " ", fault));
  }

  bool AtNull() const { return tokens_.Peek() == 'n' && tokens_.Text() == "null"; }

  absl::Status Value() {
    if (AtNull() && (field_.repeated || field_.enumeration == nullptr)) {
      tokens_.Next();
      return absl::OkStatus();
    }
    if (field_.is_map) return Map();
    return field_.repeated ? List() : Tagged(field_);
  }

  absl::Status List() {
    if (tokens_.Peek() != '[') return Fail("must be a list");
    tokens_.Next();
    while (tokens_.Peek() != ']') {
      if (AtNull() && field_.enumeration == nullptr) {
        Zero(field_);
      } else if (absl::Status status = Tagged(field_); !status.ok()) {
        return status;
      }
      if (absl::Status status = Separator(']'); !status.ok()) return status;
    }
    tokens_.Next();
    return absl::OkStatus();
  }

  absl::Status Map() {
    if (tokens_.Peek() != '{') return Fail("must be an object");
    tokens_.Next();
    while (tokens_.Peek() != '}') {
      if (absl::Status status = Entry(); !status.ok()) return status;
      if (absl::Status status = Separator('}'); !status.ok()) return status;
    }
    tokens_.Next();
    return absl::OkStatus();
  }

  // A comma with something behind it, or the end before the closing bracket.
  absl::Status Separator(char closing) {
    if (tokens_.Peek() == closing) return absl::OkStatus();
    if (tokens_.Peek() != ',') return Syntax(tokens_.offset(), "expected , or the closing bracket");
    tokens_.Next();
    return tokens_.Peek() != closing ? absl::OkStatus() : Syntax(tokens_.offset(), "a value is missing here");
  }

  absl::Status Entry() {
    std::string key;
    if (absl::Status status = String(&key); !status.ok()) return status;
    if (tokens_.Peek() != ':') return Syntax(tokens_.offset(), "expected :");
    tokens_.Next();
    codec::AppendTag(field_.number, codec::WireType::kLengthDelimited, &wire_);
    const size_t start = codec::BeginLengthDelimited(&wire_);
    const codec::FieldPlan& value = field_.message->fields()[1];
    const size_t key_start = wire_.size();
    absl::Status status = AppendFieldFromGoText(field_.message->fields()[0], key, GoPlace::kQuery, &wire_);
    if (!status.ok()) return status;
    // Compared as they are on the wire, where one key has one spelling.
    if (const auto [at, is_new] = keys_.emplace(wire_.substr(key_start), key); !is_new) {
      return absl::InvalidArgumentError(absl::StrCat("duplicate map key ", GoQuote(at->second)));
    }
    if (AtNull()) {
      Zero(value);
    } else if (status = Tagged(value); !status.ok()) {
      return status;
    }
    codec::EndLengthDelimited(start, &wire_);
    return absl::OkStatus();
  }

  // What `null` stands for beside other values. Passes over it.
  void Zero(const codec::FieldPlan& field) {
    codec::AppendTag(field.number, field.wire_type, &wire_);
    const size_t width = field.wire_type == codec::WireType::kFixed64   ? 8
                         : field.wire_type == codec::WireType::kFixed32 ? 4
                                                                        : 1;
    wire_.append(width, '\0');
    tokens_.Next();
  }

  absl::Status String(std::string* text) {
    if (tokens_.Peek() != '"') return Fail("must be a string");
    size_t offset = 0;
    if (!codec::Unescape(tokens_.RawString(), text, &offset)) {
      return Syntax(tokens_.offset() + 1 + offset, "this is no escape sequence, or half a surrogate pair");
    }
    tokens_.Next();
    return absl::OkStatus();
  }

  // One value of `field`, tag and all.
  absl::Status Tagged(const codec::FieldPlan& field) {
    codec::AppendTag(field.number, field.wire_type, &wire_);
    if (field.type == FieldDescriptor::TYPE_STRING || field.type == FieldDescriptor::TYPE_BYTES) return Text(field);
    if (tokens_.AtEnd()) return Syntax(tokens_.offset(), "a value is missing here");
    const absl::string_view text = tokens_.Text();
    if (field.type == FieldDescriptor::TYPE_BOOL) {
      if (text != "true" && text != "false") return Fail("must be true or false");
      wire_.push_back(text == "true" ? '\1' : '\0');
    } else if (const codec::Fault fault = AppendNumber(field, text); !fault.empty()) {
      return Fail(fault);
    }
    tokens_.Next();
    return absl::OkStatus();
  }

  absl::Status Text(const codec::FieldPlan& field) {
    std::string text;
    if (absl::Status status = String(&text); !status.ok()) return status;
    if (field.type == FieldDescriptor::TYPE_STRING) {
      codec::AppendLengthDelimited(text, &wire_);
      return absl::OkStatus();
    }
    std::string bytes;
    if (GoError error = DecodeGoBase64(text, GoBase64::kPadded, &bytes); !error.empty()) return Fail("is no base64");
    codec::AppendLengthDelimited(bytes, &wire_);
    return absl::OkStatus();
  }

  codec::Fault AppendNumber(const codec::FieldPlan& field, absl::string_view text) {
    if (!codec::IsJsonNumber(text)) return "must be a number";
    if (field.enumeration != nullptr) return codec::AppendEnumNumber(field, text, /*any_number=*/true, &wire_);
    const bool real = field.type == FieldDescriptor::TYPE_DOUBLE || field.type == FieldDescriptor::TYPE_FLOAT;
    if (!real && text.find_first_of(".eE") != absl::string_view::npos) return "is not a whole number";
    return codec::AppendScalarFromText(field, text, codec::TextForm::kJson, &wire_);
  }

  const codec::FieldPlan& field_;
  std::string& wire_;
  codec::JsonTokens tokens_;
  absl::flat_hash_map<std::string, std::string> keys_;  // on the wire, as they first came
};

}  // namespace

bool IsGoBody(const codec::FieldPlan& field) {
  return (field.is_map ? field.message->fields()[1] : field).message == nullptr;
}

absl::Status AppendGoBody(const codec::FieldPlan& field, absl::string_view json, std::string* wire) {
  return GoBodyReader(field, wire).Read(json);
}

}  // namespace penstock::grpc_gateway
