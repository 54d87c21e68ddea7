// The tokens of a JSON text, found by simdjson, walked one by one. Internal to json_to_wire.
//
// simdjson's first stage checks UTF-8 and control characters in strings and lists where each token begins, at
// gigabytes a second and without recursion. Its second stage is not used: it builds a document that nobody needs,
// loses the digits of numbers and cannot say where an error is. What the tokens are and how they follow each other is
// for the caller to check.
//
//   JsonTokens tokens;
//   if (!tokens.Start(json)) return Syntax(tokens.fault_offset(), tokens.fault());
//   while (!tokens.AtEnd()) tokens.Next();
#ifndef PENSTOCK_GATEWAY_CODEC_JSON_TOKENS_H_
#define PENSTOCK_GATEWAY_CODEC_JSON_TOKENS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace penstock::codec {

// One at a time a thread: the list of tokens is the thread's.
class JsonTokens {
 public:
  JsonTokens() = default;
  JsonTokens(const JsonTokens&) = delete;
  JsonTokens& operator=(const JsonTokens&) = delete;
  ~JsonTokens();

  // Finds the tokens of `json`, which must outlive this; nothing behind its end is read. False: fault() says why not.
  bool Start(absl::string_view json);
  absl::string_view fault() const { return fault_; }
  size_t fault_offset() const { return fault_offset_; }

  bool AtEnd() const { return at_ == count_; }
  void Next() { ++at_; }

  // The first byte of the token: one of {}[]:, or `"` or what begins a number, literal or nonsense. NUL at the end.
  char Peek() const { return at_ < count_ ? json_[starts_[at_]] : '\0'; }

  // Where the token begins, in bytes; at the end the size of the text.
  size_t offset() const { return at_ < count_ ? starts_[at_] : size_; }

  // The token without the white space behind it. REQUIRES: !AtEnd().
  absl::string_view Text() const {
    const size_t begin = starts_[at_];
    size_t end = at_ + 1 < count_ ? starts_[at_ + 1] : size_;
    while (IsSpace(json_[end - 1])) --end;
    return absl::string_view(json_ + begin, end - begin);
  }

  // What stands between the quotes of a string, escapes and all. REQUIRES: Peek() is `"`.
  absl::string_view RawString() const {
    const absl::string_view text = Text();
    return text.substr(1, text.size() - 2);
  }

  // Places to come back to.
  size_t place() const { return at_; }
  void GoTo(size_t place) { at_ = place; }

  // Passes over a value, in constant time even if it is large. What is inside is not checked.
  void SkipValue();

 private:
  static bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
  bool Fail(size_t offset, absl::string_view fault);
  bool FailInString();
  void MatchBrackets();

  const char* json_ = nullptr;
  size_t size_ = 0;
  const uint32_t* starts_ = nullptr;
  size_t count_ = 0;
  size_t at_ = 0;
  // By place of an opening bracket: the place behind its closing one. Made at the first SkipValue.
  std::vector<uint32_t> behind_;
  absl::string_view fault_;
  size_t fault_offset_ = 0;
};

// Appends the text that `raw`, what stands between the quotes of a JSON string, means. False: a broken escape or half
// a surrogate pair; *offset is where in `raw`.
bool Unescape(absl::string_view raw, std::string* text, size_t* offset);

}  // namespace penstock::codec

#endif  // PENSTOCK_GATEWAY_CODEC_JSON_TOKENS_H_
