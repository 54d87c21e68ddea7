#include "gateway/resume.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gateway/transcode/query_text.h"
#include "gateway/transcode/scalar_text.h"

namespace penstock {
namespace {

constexpr absl::string_view kKey = "last_event_id";

}  // namespace

absl::Status TakeLastEventId(const http::Headers& headers, std::string* query, absl::optional<std::string>* id) {
  std::string rest;
  bool found = false;
  absl::string_view left = *query;
  while (!left.empty()) {
    const absl::string_view part = transcode::TakeQueryPart(&left);
    const transcode::QueryPair pair = transcode::SplitQueryPair(part);
    if (pair.name != kKey) {
      absl::StrAppend(&rest, rest.empty() ? "" : "&", part);
      continue;
    }
    if (found) return absl::InvalidArgumentError(absl::StrCat("query parameter ", kKey, ": comes twice"));
    found = true;
    std::string decoded;
    if (transcode::AppendDecoded(pair.value, &decoded) != absl::string_view::npos) {
      return absl::InvalidArgumentError(
          absl::StrCat("query parameter ", kKey, ": a % needs two hexadecimal digits behind it"));
    }
    if (!decoded.empty()) *id = std::move(decoded);
  }
  if (found) *query = std::move(rest);
  const std::string* header = http::FindHeader(headers, "last-event-id");
  if (header != nullptr && !header->empty()) *id = *header;
  return absl::OkStatus();
}

absl::Status AppendLastEventId(const transcode::FieldPath& path, absl::string_view id, std::string* wire) {
  const transcode::Fault fault = transcode::AppendNested(
      path, wire, [&] { return transcode::AppendFieldFromText(*path.back(), id, transcode::TextForm::kUrl, wire); });
  if (fault.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("Last-Event-ID \"", absl::CHexEscape(id.substr(0, 64)),
                                                 "\": ", transcode::FieldPathText(path), ": ", fault));
}

}  // namespace penstock
