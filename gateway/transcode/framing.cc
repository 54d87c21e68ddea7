#include "gateway/transcode/framing.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "gateway/transcode/status_json.h"

namespace penstock::transcode {
namespace {

// Event names of the browser's client and of EventSource: a record that took one would forge a lifecycle event.
constexpr absl::string_view kReservedTypes[] = {"end", "error", "open", "close", "retry", "message", "start", "abort"};

}  // namespace

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
  const bool reserved = std::find(std::begin(kReservedTypes), std::end(kReservedTypes), absl::string_view(type)) !=
                        std::end(kReservedTypes);
  return type.empty() || reserved ? "message" : type;
}

std::string RecordPrefix(absl::string_view type) { return absl::StrCat("{\"type\":\"", type, "\",\"data\":"); }

void AppendEnding(const absl::Status& status, absl::Span<const PlanSet* const> types, std::string* out) {
  if (status.ok()) {
    absl::StrAppend(out, "{\"end\":{\"code\":0}}\n");
    return;
  }
  absl::StrAppend(out, "{\"error\":");
  AppendStatusJson(status, types, out);
  absl::StrAppend(out, kRecordSuffix);
}

}  // namespace penstock::transcode
