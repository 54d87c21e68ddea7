#include "gateway/binding/query_text.h"

namespace penstock::binding {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

absl::string_view TakeQueryPart(absl::string_view* query) {
  const size_t end = query->find('&');
  const absl::string_view part = query->substr(0, end);
  query->remove_prefix(end == absl::string_view::npos ? query->size() : end + 1);
  return part;
}

QueryPair SplitQueryPair(absl::string_view part) {
  const size_t equals = part.find('=');
  if (equals == absl::string_view::npos) return {part, absl::string_view()};
  return {part.substr(0, equals), part.substr(equals + 1)};
}

size_t AppendDecoded(absl::string_view text, std::string* decoded) {
  const size_t before = decoded->size();
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded->push_back(text[i] == '+' ? ' ' : text[i]);
      continue;
    }
    const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? HexDigit(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      decoded->resize(before);
      return i;
    }
    decoded->push_back(static_cast<char>(high << 4 | low));
    i += 2;
  }
  return absl::string_view::npos;
}

}  // namespace penstock::binding
