#include "gateway/codec/json_values.h"

#include <algorithm>
#include <utility>

namespace penstock::codec {
namespace {

constexpr absl::string_view kSpace = " \t\n\r";
// What ends a number or a literal, and belongs to what follows.
constexpr absl::string_view kWordEnds = " \t\n\r{}[],:\"";
// What no value begins with.
constexpr absl::string_view kNoBeginning = "}],:";

bool IsOneOf(char c, absl::string_view set) { return set.find(c) != absl::string_view::npos; }

}  // namespace

JsonValues::Result JsonValues::Next(absl::string_view* input, absl::string_view* value) {
  finished_.clear();
  if (inside_ == Inside::kNothing) {
    const size_t space = std::min(input->find_first_not_of(kSpace), input->size());
    input->remove_prefix(space);
    at_ += space;
    if (input->empty()) return Result::kNeedMore;
    offset_ = at_;
    if (!Begin(input->front())) return Result::kMalformed;
  }
  bool ended = false;
  const size_t count = Scan(*input, &ended);
  if (held_.size() + count > max_value_bytes_) return Result::kTooLong;
  const absl::string_view taken = input->substr(0, count);
  input->remove_prefix(count);
  at_ += count;
  if (!ended) {
    held_.append(taken.data(), taken.size());
    return Result::kNeedMore;
  }
  inside_ = Inside::kNothing;
  *value = taken;
  if (held_.empty()) return Result::kValue;
  held_.append(taken.data(), taken.size());
  finished_ = std::exchange(held_, std::string());
  *value = finished_;
  return Result::kValue;
}

JsonValues::Result JsonValues::End(absl::string_view* value) {
  if (inside_ == Inside::kNothing) return Result::kNeedMore;
  offset_ = at_;
  if (inside_ != Inside::kWord) return Result::kMalformed;
  inside_ = Inside::kNothing;
  finished_ = std::exchange(held_, std::string());
  offset_ -= finished_.size();
  *value = finished_;
  return Result::kValue;
}

// Sets what the first byte of a value puts us into, that byte not counted yet.
bool JsonValues::Begin(char c) {
  if (IsOneOf(c, kNoBeginning)) return false;
  depth_ = 0;
  inside_ = IsOneOf(c, "{[\"") ? Inside::kBrackets : Inside::kWord;
  return true;
}

size_t JsonValues::Scan(absl::string_view input, bool* ended) {
  if (inside_ == Inside::kWord) {
    const size_t end = input.find_first_of(kWordEnds);
    *ended = end != absl::string_view::npos;
    return std::min(end, input.size());
  }
  for (size_t i = 0; i < input.size(); ++i) {
    if (Step(input[i])) {
      *ended = true;
      return i + 1;
    }
  }
  return input.size();
}

bool JsonValues::Step(char c) {
  switch (inside_) {
    case Inside::kEscape:
      inside_ = Inside::kString;
      return false;
    case Inside::kString:
      if (c == '\\') inside_ = Inside::kEscape;
      if (c != '"') return false;
      inside_ = Inside::kBrackets;
      return depth_ == 0;
    default:
      break;
  }
  if (c == '"') inside_ = Inside::kString;
  if (c == '{' || c == '[') ++depth_;
  return (c == '}' || c == ']') && --depth_ == 0;
}

}  // namespace penstock::codec
