#include "gateway/grpc_gateway/last_registered_router.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace penstock::grpc_gateway {
namespace {

using SegmentKind = route::PathTemplate::Segment::Kind;

constexpr size_t kEscapeLength = 3;  // "%2F"

// What Go's net/url leaves as it is when it writes a path.
bool IsPlainInGo(char c) {
  constexpr absl::string_view kOthers = "-_.~$&+,/:;=@";
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || kOthers.find(c) != absl::string_view::npos;
}

// Whether Go would escape the decoded `path` just so. It then forgets how the path was written, and so its decoded form
// is all that grpc-gateway sees, whatever the mode. REQUIRES: every escape in `path` is well-formed.
bool IsEscapedAsGoDoes(absl::string_view path) {
  for (size_t at = 0; at < path.size(); ++at) {
    if (path[at] != '%') {
      if (!IsPlainInGo(path[at])) return false;
      continue;
    }
    const absl::string_view escape = path.substr(at, kEscapeLength);
    const bool lower_case = std::any_of(escape.begin(), escape.end(), [](char c) { return c >= 'a' && c <= 'f'; });
    const std::string byte = PercentDecodeBytes(escape, route::Unescape::kAll, /*multi_segment=*/false).value();
    if (lower_case || IsPlainInGo(byte.front())) return false;
    at += kEscapeLength - 1;
  }
  return true;
}

bool IsEscapedSlash(absl::string_view text) { return absl::StartsWithIgnoreCase(text, "%2f"); }

}  // namespace

// A request's path in segments. Views point into it or into what it was made of: it does not move.
class LastRegisteredRouter::Path {
 public:
  // REQUIRES: `raw` begins with "/" and outlives this.
  Path(absl::string_view raw, route::Unescape unescape) : unescape_(unescape), text_(raw.substr(1)) {
    if (absl::StrContains(raw, "%")) {
      absl::StatusOr<std::string> decoded = PercentDecodeBytes(raw, route::Unescape::kAll, /*multi_segment=*/false);
      if (!decoded.ok()) {
        error_ = absl::StrCat("path: ", decoded.status().message());
        return;
      }
      if (unescape == route::Unescape::kLegacy || IsEscapedAsGoDoes(raw)) {
        unescape_ = route::Unescape::kLegacy;
        decoded_ = *std::move(decoded);
        text_ = absl::string_view(decoded_).substr(1);
      }
    }
    Split();
  }
  Path(const Path&) = delete;
  Path& operator=(const Path&) = delete;

  const std::string& error() const { return error_; }  // empty: none
  size_t size() const { return segments_.size(); }

  bool Matches(const Entry& entry) const {
    const auto& segments = entry.path_template.segments();
    if (entry.star_star == kNone ? size() != segments.size() : size() + 1 < segments.size()) return false;
    const absl::string_view last = segments_.back();
    // The verb needs something before it. Whatever the verb, the other templates still have their turn.
    if (!absl::EndsWith(last, entry.verb_suffix) || (last.size() == entry.verb_suffix.size() && !last.empty())) {
      return false;
    }
    for (size_t i = 0; i < segments.size(); ++i) {
      if (segments[i].kind != SegmentKind::kLiteral) continue;
      if (Segment(entry, i) != absl::string_view(segments[i].literal)) return false;
    }
    return true;
  }

  // The value of a variable of a template that matches: each of its segments decoded, with slashes between them.
  std::string Value(const Entry& entry, const route::PathTemplate::Variable& variable) const {
    std::string value;
    for (size_t i = variable.begin; i < variable.end; ++i) {
      if (i > variable.begin) value.push_back('/');
      switch (entry.path_template.segments()[i].kind) {
        case SegmentKind::kLiteral:
          absl::StrAppend(&value, entry.path_template.segments()[i].literal);
          break;
        case SegmentKind::kStar:
          value += Decoded(Segment(entry, i), /*multi_segment=*/false);
          break;
        case SegmentKind::kStarStar:
          value += Decoded(StarStar(entry), /*multi_segment=*/true);
          break;
      }
    }
    return value;
  }

 private:
  void Split() {
    size_t begin = 0;
    for (size_t at = 0; at < text_.size();) {
      size_t separator = text_[at] == '/' ? 1 : 0;
      if (unescape_ == route::Unescape::kAll && IsEscapedSlash(text_.substr(at, kEscapeLength)))
        separator = kEscapeLength;
      if (separator != 0) {
        segments_.push_back(text_.substr(begin, at - begin));
        begin = at + separator;
      }
      at += std::max<size_t>(separator, 1);
    }
    segments_.push_back(text_.substr(begin));
  }

  // The place in the path of what comes at `index` of the template: from the end, where "**" has come before.
  size_t PlaceOf(const Entry& entry, size_t index) const {
    if (entry.star_star == kNone || index <= entry.star_star) return index;
    return size() - (entry.path_template.segments().size() - index);
  }

  absl::string_view WithoutVerb(const Entry& entry, size_t place) const {
    absl::string_view segment = segments_[place];
    if (place + 1 == size()) segment.remove_suffix(entry.verb_suffix.size());
    return segment;
  }

  // What stands in the path for a literal or a "*".
  absl::string_view Segment(const Entry& entry, size_t index) const {
    return WithoutVerb(entry, PlaceOf(entry, index));
  }

  // What stands in the path for the template's "**", slashes included.
  absl::string_view StarStar(const Entry& entry) const {
    const size_t begin = entry.star_star;
    const size_t end = PlaceOf(entry, begin + 1);
    if (begin == end) return "";
    const absl::string_view last = WithoutVerb(entry, end - 1);
    const char* const first = segments_[begin].data();
    return absl::string_view(first, static_cast<size_t>(last.data() + last.size() - first));
  }

  std::string Decoded(absl::string_view text, bool multi_segment) const {
    if (unescape_ == route::Unescape::kLegacy) return std::string(text);
    return PercentDecodeBytes(text, unescape_, multi_segment).value();  // the path's escapes are known to be good
  }

  route::Unescape unescape_;  // kLegacy: text_ is decoded already
  std::string decoded_;
  absl::string_view text_;  // without the first slash
  absl::InlinedVector<absl::string_view, 16> segments_;
  std::string error_;
};

route::Router::Match LastRegisteredRouter::Find(absl::string_view method, absl::string_view raw,
                                                bool is_form_post) const {
  Match match;
  if (!absl::StartsWith(raw, "/")) return match;
  const Path path(raw, unescape_);
  match.error = path.error();
  if (!match.error.empty()) {
    match.kind = Match::Kind::kBadPath;
    return match;
  }
  const Entry* entry = FindEntry(method, path);
  if (entry == nullptr && is_form_post) entry = FindEntry("GET", path);
  if (entry == nullptr) entry = FindEntry("*", path);
  if (entry == nullptr) {
    if (MatchesAnyMethod(path)) match.kind = Match::Kind::kMethodNotAllowed;
    return match;
  }
  match.kind = Match::Kind::kFound;
  match.route = entry->route;
  for (const route::PathTemplate::Variable& variable : entry->path_template.variables()) {
    match.variables.push_back(path.Value(*entry, variable));  // of any bytes: what is a string is told by who binds it
  }
  return match;
}

const LastRegisteredRouter::Entry* LastRegisteredRouter::FindEntry(absl::string_view method, const Path& path) const {
  const auto routes = by_method_.find(method);
  return routes == by_method_.end() ? nullptr : FindEntry(routes->second, path);
}

const LastRegisteredRouter::Entry* LastRegisteredRouter::FindEntry(const Routes& routes, const Path& path) {
  const auto& candidates = routes.by_length[std::min(path.size(), routes.by_length.size() - 1)];
  const auto found =
      std::find_if(candidates.begin(), candidates.end(), [&](const Entry* entry) { return path.Matches(*entry); });
  return found == candidates.end() ? nullptr : *found;
}

bool LastRegisteredRouter::MatchesAnyMethod(const Path& path) const {
  return std::any_of(by_method_.begin(), by_method_.end(),
                     [&](const auto& routes) { return FindEntry(routes.second, path) != nullptr; });
}

void LastRegisteredRouter::Routes::Index() {
  size_t longest = 0;
  for (const Entry& entry : entries) longest = std::max(longest, entry.path_template.segments().size());
  by_length.resize(longest + 2);
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    const size_t length = entry->path_template.segments().size();
    if (entry->star_star == kNone) {
      by_length[length].push_back(&*entry);
      continue;
    }
    for (size_t n = length - 1; n < by_length.size(); ++n) by_length[n].push_back(&*entry);
  }
}

LastRegisteredRouter::Builder::Builder(route::Unescape unescape) : router_(new LastRegisteredRouter(unescape)) {}

void LastRegisteredRouter::Builder::Add(absl::string_view method, const route::PathTemplate& path_template,
                                        size_t route, absl::string_view /*owner*/) {
  const auto& segments = path_template.segments();
  const auto star_star = std::find_if(segments.begin(), segments.end(),
                                      [](const auto& segment) { return segment.kind == SegmentKind::kStarStar; });
  Entry entry{path_template, route, "", kNone};
  if (!path_template.verb().empty()) entry.verb_suffix = absl::StrCat(":", path_template.verb());
  if (star_star != segments.end()) entry.star_star = static_cast<size_t>(star_star - segments.begin());
  router_->by_method_[std::string(method)].entries.push_back(std::move(entry));
}

absl::StatusOr<std::unique_ptr<const route::Router>> LastRegisteredRouter::Builder::Build() && {
  for (auto& [method, routes] : router_->by_method_) routes.Index();
  return std::unique_ptr<const route::Router>(std::move(router_));
}

}  // namespace penstock::grpc_gateway
