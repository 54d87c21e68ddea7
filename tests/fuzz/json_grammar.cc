#include "tests/fuzz/json_grammar.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "gateway/route/percent.h"
#include "tests/fuzz/expect.h"

namespace penstock::fuzz {
namespace {

// Without recursion: depth is a client's to choose.
class Grammar {
 public:
  explicit Grammar(absl::string_view text) : text_(text) {}

  bool IsValue() {
    do {
      if (!Begin()) return false;
      // A value has ended: so may what it stands in.
      for (bool ended = true; ended && !open_.empty();) {
        if (!After(&ended)) return false;
      }
    } while (!open_.empty());
    Space();
    return text_.empty();
  }

 private:
  bool Take(absl::string_view token) {
    if (text_.substr(0, token.size()) != token) return false;
    text_.remove_prefix(token.size());
    return true;
  }
  void Space() { text_.remove_prefix(std::min(text_.find_first_not_of(" \t\n\r"), text_.size())); }

  // A value up to its end, or into the first value that it holds. What is empty is whole.
  bool Begin() {
    for (;;) {
      Space();
      if (Take("{")) {
        Space();
        if (Take("}")) return true;
        open_.push_back('}');
        if (!Key()) return false;
      } else if (Take("[")) {
        Space();
        if (Take("]")) return true;
        open_.push_back(']');
      } else {
        if (absl::StartsWith(text_, "\"")) return String();
        return Take("true") || Take("false") || Take("null") || Number();
      }
    }
  }

  // Behind a value: a comma, and *ended is false, or the end of what holds it.
  bool After(bool* ended) {
    Space();
    const char close = open_.back();
    if (Take(",")) {
      *ended = false;
      return close == ']' || Key();
    }
    open_.pop_back();
    return Take(absl::string_view(&close, 1));
  }

  bool Key() {
    Space();
    if (!String()) return false;
    Space();
    return Take(":");
  }

  bool String() {
    if (!Take("\"")) return false;
    while (!text_.empty()) {
      const char c = text_.front();
      text_.remove_prefix(1);
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < 0x20 || (c == '\\' && !Escape())) return false;
    }
    return false;
  }

  bool Escape() {
    if (!Take("u")) {
      const bool known =
          !text_.empty() && absl::string_view("\"\\/bfnrt").find(text_.front()) != absl::string_view::npos;
      if (known) text_.remove_prefix(1);
      return known;
    }
    constexpr size_t kDigits = 4;
    const absl::string_view digits = text_.substr(0, kDigits);
    text_.remove_prefix(digits.size());
    return digits.size() == kDigits && std::all_of(digits.begin(), digits.end(), absl::ascii_isxdigit);
  }

  bool Digits() {
    const size_t count = std::min(text_.find_first_not_of("0123456789"), text_.size());
    text_.remove_prefix(count);
    return count > 0;
  }

  bool Number() {
    Take("-");
    if (!Take("0") && !Digits()) return false;
    if (Take(".") && !Digits()) return false;
    if (!Take("e") && !Take("E")) return true;
    if (!Take("+")) Take("-");
    return Digits();
  }

  absl::string_view text_;
  std::string open_;  // what closes each object and list that is open
};

}  // namespace

bool IsJson(absl::string_view text) {
  return route::FindInvalidUtf8(text) == absl::string_view::npos && Grammar(text).IsValue();
}

void CheckLine(absl::string_view text) {
  FUZZ_EXPECT(IsJson(text), text);
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
  FUZZ_EXPECT(std::none_of(text.begin(), text.end(), is_control), text);
}

}  // namespace penstock::fuzz
