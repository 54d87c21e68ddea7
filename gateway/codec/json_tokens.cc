#include "gateway/codec/json_tokens.h"

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "gateway/codec/json_text.h"

namespace penstock::codec {
namespace {

using Stage1 = std::unique_ptr<simdjson::internal::dom_parser_implementation>;

// Bytes of JSON that a thread's list of tokens is first made for: nearly all bodies.
constexpr size_t kFirstCapacity = 16 * 1024;
// A larger list, at four bytes for a byte of JSON, is given back after use.
constexpr size_t kKeptCapacity = 256 * 1024;

Stage1& ThreadStage1() {
  thread_local Stage1 stage1;
  return stage1;
}

bool Reserve(size_t size) {
  Stage1& stage1 = ThreadStage1();
  if (stage1 != nullptr && stage1->capacity() >= size) return true;
  stage1.reset();
  // The depth only sizes the second stage, which is not used.
  return simdjson::get_active_implementation()->create_dom_parser_implementation(std::max(size, kFirstCapacity), 1,
                                                                                 stage1) == simdjson::SUCCESS;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The four hex digits at the front of `text`; -1: there are none.
int32_t HexUnit(absl::string_view text) {
  if (text.size() < 4) return -1;
  int32_t unit = 0;
  for (size_t i = 0; i < 4; ++i) {
    const int digit = HexDigit(text[i]);
    if (digit < 0) return -1;
    unit = unit << 4 | digit;
  }
  return unit;
}

void AppendUtf8(uint32_t c, std::string* text) {
  const auto tail = [text, c](int shift) { text->push_back(static_cast<char>(0x80 | (c >> shift & 0x3f))); };
  if (c < 0x80) {
    text->push_back(static_cast<char>(c));
  } else if (c < 0x800) {
    text->push_back(static_cast<char>(0xc0 | c >> 6));
    tail(0);
  } else if (c < 0x10000) {
    text->push_back(static_cast<char>(0xe0 | c >> 12));
    tail(6);
    tail(0);
  } else {
    text->push_back(static_cast<char>(0xf0 | c >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

// What stands behind `\u`: one unit or a surrogate pair. Returns how many bytes it took; 0: broken.
size_t AppendUnicodeEscape(absl::string_view rest, std::string* text) {
  const int32_t unit = HexUnit(rest);
  if (unit < 0 || (unit >= 0xdc00 && unit < 0xe000)) return 0;
  if (unit < 0xd800 || unit >= 0xe000) {
    AppendUtf8(static_cast<uint32_t>(unit), text);
    return 4;
  }
  if (rest.size() < 10 || rest[4] != '\\' || rest[5] != 'u') return 0;
  const int32_t low = HexUnit(rest.substr(6));
  if (low < 0xdc00 || low >= 0xe000) return 0;
  AppendUtf8(0x10000 + (static_cast<uint32_t>(unit - 0xd800) << 10) + static_cast<uint32_t>(low - 0xdc00), text);
  return 10;
}

}  // namespace

bool Unescape(absl::string_view raw, std::string* text, size_t* offset) {
  size_t at = 0;
  while (at < raw.size()) {
    const size_t backslash = std::min(raw.find('\\', at), raw.size());
    text->append(raw.data() + at, backslash - at);
    if (backslash == raw.size()) return true;
    *offset = backslash;
    if (backslash + 1 == raw.size()) return false;
    static constexpr char kEscapes[] = "\"\\/bfnrt";
    static constexpr char kMeanings[] = "\"\\/\b\f\n\r\t";
    const char escape = raw[backslash + 1];
    at = backslash + 2;
    if (escape == 'u') {
      const size_t taken = AppendUnicodeEscape(raw.substr(at), text);
      if (taken == 0) return false;
      at += taken;
    } else if (const char* found = escape == '\0' ? nullptr : std::strchr(kEscapes, escape); found != nullptr) {
      text->push_back(kMeanings[found - kEscapes]);
    } else {
      return false;
    }
  }
  return true;
}

JsonTokens::~JsonTokens() {
  Stage1& stage1 = ThreadStage1();
  if (stage1 != nullptr && stage1->capacity() > kKeptCapacity) stage1.reset();
}

bool JsonTokens::Fail(size_t offset, absl::string_view fault) {
  fault_offset_ = offset;
  fault_ = fault;
  return false;
}

bool JsonTokens::Start(absl::string_view json) {
  json_ = json.data();
  size_ = json.size();
  if (json.empty()) return Fail(0, "there is no value");
  if (size_ >= UINT32_MAX || !Reserve(size_)) return Fail(0, "there is no memory for a text of this size");
  simdjson::internal::dom_parser_implementation& stage1 = *ThreadStage1();
  const simdjson::error_code error =
      stage1.stage1(reinterpret_cast<const uint8_t*>(json_), size_, simdjson::stage1_mode::regular);
  if (error == simdjson::EMPTY) return Fail(size_, "there is no value");
  if (error == simdjson::UTF8_ERROR) return Fail(Utf8Prefix(json), "this is not UTF-8");
  if (error != simdjson::SUCCESS) return FailInString();
  starts_ = stage1.structural_indexes.get();
  count_ = stage1.n_structural_indexes;
  return true;
}

// Finds what simdjson's first stage only says the existence of: an unescaped control character in a string, or a
// string without an end.
bool JsonTokens::FailInString() {
  bool in_string = false;
  size_t begin = 0;
  for (size_t i = 0; i < size_; ++i) {
    if (json_[i] == '\\') {
      ++i;
    } else if (json_[i] == '"') {
      in_string = !in_string;
      begin = i;
    } else if (in_string && static_cast<unsigned char>(json_[i]) < 0x20) {
      return Fail(i, "a control character in a string must be escaped");
    }
  }
  return Fail(begin, in_string ? "this string has no end" : "this is not JSON");
}

void JsonTokens::MatchBrackets() {
  behind_.assign(count_, 0);
  std::vector<uint32_t> open;
  for (size_t place = 0; place < count_; ++place) {
    const char c = json_[starts_[place]];
    if (c == '{' || c == '[') open.push_back(static_cast<uint32_t>(place));
    if ((c != '}' && c != ']') || open.empty()) continue;
    behind_[open.back()] = static_cast<uint32_t>(place + 1);
    open.pop_back();
  }
  // What is never closed reaches to the end, where the caller misses the rest.
  for (const uint32_t place : open) behind_[place] = static_cast<uint32_t>(count_);
}

void JsonTokens::SkipValue() {
  const char c = Peek();
  if (c != '{' && c != '[') return Next();
  if (behind_.empty()) MatchBrackets();
  at_ = behind_[at_];
}

}  // namespace penstock::codec
