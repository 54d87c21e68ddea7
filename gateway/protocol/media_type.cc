#include "gateway/protocol/media_type.h"

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace penstock {
namespace {

// How well a media range fits a type: 0 not at all, then */*, type/*, type/subtype.
int Specificity(absl::string_view range, absl::string_view type) {
  if (range == "*/*") return 1;
  if (absl::EndsWith(range, "/*")) {
    return absl::StartsWithIgnoreCase(type, range.substr(0, range.size() - 1)) ? 2 : 0;
  }
  return absl::EqualsIgnoreCase(range, type) ? 3 : 0;
}

// The weight of "type/subtype;a=b;q=0.5"; 1 where there is none, negative where it is malformed.
double Quality(absl::Span<const absl::string_view> parameters) {
  for (absl::string_view parameter : parameters) {
    parameter = absl::StripAsciiWhitespace(parameter);
    if (!absl::StartsWithIgnoreCase(parameter, "q=")) continue;
    double quality = 0;
    if (!absl::SimpleAtod(parameter.substr(2), &quality) || !(quality >= 0 && quality <= 1)) return -1;
    return quality;
  }
  return 1;
}

// What one Accept value says about `type`: the most specific range wins, whatever its weight.
struct Opinion {
  int specificity = 0;
  double quality = 0;
};

void Hear(absl::string_view accept, absl::string_view type, Opinion* opinion) {
  for (absl::string_view element : absl::StrSplit(accept, ',')) {
    const std::vector<absl::string_view> parts = absl::StrSplit(element, ';');
    const int specificity = Specificity(absl::StripAsciiWhitespace(parts[0]), type);
    const double quality = Quality(absl::MakeConstSpan(parts).subspan(1));
    if (specificity == 0 || quality < 0 || specificity <= opinion->specificity) continue;
    *opinion = {specificity, quality};
  }
}

// A media type without its parameters.
absl::string_view BareType(absl::string_view content_type) {
  return absl::StripAsciiWhitespace(content_type.substr(0, content_type.find(';')));
}

}  // namespace

absl::optional<size_t> Negotiate(const http::Headers& headers, absl::Span<const absl::string_view> offered) {
  if (http::FindHeader(headers, "accept") == nullptr) return size_t{0};
  absl::optional<size_t> best;
  double best_quality = 0;
  for (size_t i = 0; i < offered.size(); ++i) {
    Opinion opinion;
    for (const http::Header& header : headers) {
      if (header.name == "accept") Hear(header.value, offered[i], &opinion);
    }
    if (opinion.quality > best_quality) {
      best = i;
      best_quality = opinion.quality;
    }
  }
  return best;
}

bool IsJsonBody(const http::Headers& headers) {
  const std::string* value = http::FindHeader(headers, "content-type");
  if (value == nullptr) return true;
  const absl::string_view type = BareType(*value);
  return absl::EqualsIgnoreCase(type, "application/json") ||
         (absl::StartsWithIgnoreCase(type, "application/") && absl::EndsWithIgnoreCase(type, "+json"));
}

bool IsJsonLinesBody(const http::Headers& headers) {
  const std::string* value = http::FindHeader(headers, "content-type");
  if (value == nullptr) return false;
  const absl::string_view type = BareType(*value);
  return absl::EqualsIgnoreCase(type, "application/x-ndjson") || absl::EqualsIgnoreCase(type, "application/ndjson") ||
         absl::EqualsIgnoreCase(type, "application/jsonl");
}

bool IsFormBody(const http::Headers& headers) {
  const std::string* value = http::FindHeader(headers, "content-type");
  return value != nullptr && absl::EqualsIgnoreCase(BareType(*value), "application/x-www-form-urlencoded");
}

}  // namespace penstock
