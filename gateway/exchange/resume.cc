#include "gateway/exchange/resume.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gateway/binding/query_text.h"
#include "gateway/codec/scalar_text.h"

namespace penstock {
namespace {

constexpr absl::string_view kKey = "last_event_id";

}  // namespace

absl::Status TakeLastEventId(const http::Headers& headers, std::string* query, absl::optional<std::string>* id) {
  std::string rest;
  bool found = false;
  absl::string_view left = *query;
  while (!left.empty()) {
    const absl::string_view part = binding::TakeQueryPart(&left);
    const binding::QueryPair pair = binding::SplitQueryPair(part);
    if (pair.name != kKey) {
      absl::StrAppend(&rest, rest.empty() ? "" : "&", part);
      continue;
    }
    if (found) return absl::InvalidArgumentError(absl::StrCat("query parameter ", kKey, ": comes twice"));
    found = true;
    std::string decoded;
    if (binding::AppendDecoded(pair.value, &decoded) != absl::string_view::npos) {
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

absl::Status AppendLastEventId(const codec::FieldPath& path, absl::string_view id, std::string* wire) {
  const codec::Fault fault = codec::AppendNested(
      path, wire, [&] { return codec::AppendFieldFromText(*path.back(), id, codec::TextForm::kUrl, wire); });
  if (fault.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("Last-Event-ID \"", absl::CHexEscape(id.substr(0, 64)),
                                                 "\": ", codec::FieldPathText(path), ": ", fault));
}

}  // namespace penstock
