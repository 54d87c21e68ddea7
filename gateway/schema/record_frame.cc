#include "gateway/schema/record_frame.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "gateway/base/json_string.h"

namespace penstock {
namespace {

// Event names of the browser's client and of EventSource.
constexpr absl::string_view kReservedTypes[] = {"end", "error", "open", "close", "retry", "message", "start", "abort"};

constexpr absl::string_view kData = ",\"data\":";

}  // namespace

bool IsReservedType(absl::string_view type) {
  return std::find(std::begin(kReservedTypes), std::end(kReservedTypes), type) != std::end(kReservedTypes);
}

std::string RecordType(absl::string_view message_name) {
  std::string type;
  bool upper = false;
  for (const char c : message_name) {
    if (c == '_') {
      upper = !type.empty();
      continue;
    }
    type.push_back(type.empty() ? absl::ascii_tolower(c) : upper ? absl::ascii_toupper(c) : c);
    upper = false;
  }
  return type.empty() || IsReservedType(type) ? "message" : type;
}

RecordFrame::RecordFrame(absl::string_view type)
    : type_(type),
      plain_(absl::StrCat("{\"type\":\"", type, "\"", kData)),
      with_id_(absl::StrCat("{\"type\":\"", type, "\",\"id\":")) {}

void RecordFrame::AppendPrefix(absl::string_view id, std::string* out) const {
  if (id.empty()) {
    out->append(plain_);
    return;
  }
  out->append(with_id_);
  AppendJsonString(id, out);
  out->append(kData.data(), kData.size());
}

}  // namespace penstock
