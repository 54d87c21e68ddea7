#include "gateway/route/most_specific_router.h"

#include <algorithm>

#include "absl/container/inlined_vector.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace penstock::route {
namespace {

using Segments = absl::InlinedVector<absl::string_view, 16>;

bool NeedsDecoding(absl::string_view path) {
  return std::any_of(path.begin(), path.end(), [](char c) { return c == '%' || c == '\0' || (c & 0x80) != 0; });
}

// `text` is known to decode.
std::string Decode(absl::string_view text, Unescape mode, bool multi_segment) {
  return PercentDecode(text, mode, multi_segment).value();
}

}  // namespace

// One Find: walks the tree from the root, most specific child first, until a template with a route for the method
// ends where the path does.
//
// A node stands at one depth and is reached in one way, so a walk visits each node once at most: what backtracking can
// cost is bounded by the size of the tree.
class MostSpecificRouter::Search {
 public:
  Search(const MostSpecificRouter& router, absl::string_view method, absl::string_view path)
      : router_(router), method_(method), escaped_(NeedsDecoding(path) && router.unescape_ != Unescape::kLegacy) {
    raw_ = absl::StrSplit(path.substr(1), '/');
    text_ = raw_;
    if (!escaped_) return;
    decoded_.reserve(raw_.size());  // views point into it
    for (absl::string_view& segment : text_) {
      decoded_.push_back(Decode(segment, Unescape::kAll, false));
      segment = decoded_.back();
    }
  }

  Match Run() {
    if (!FindWithVerb()) {
      verb_ = "";
      Descend(0, 0);
    }
    if (match_.kind != Match::Kind::kFound && !methods_.empty()) Refuse();
    return std::move(match_);
  }

 private:
  // Reads the last segment's "x:y" as segment x with verb y.
  bool FindWithVerb() {
    const absl::string_view last = raw_.back();
    const size_t colon = last.rfind(':');
    if (colon == absl::string_view::npos || colon + 1 == last.size()) return false;
    const absl::string_view last_text = text_.back();
    raw_.back() = text_.back() = last.substr(0, colon);
    verb_ = last.substr(colon + 1);
    std::string decoded_last;
    std::string decoded_verb;
    if (escaped_) {
      text_.back() = decoded_last = Decode(raw_.back(), Unescape::kAll, false);
      verb_ = decoded_verb = Decode(verb_, Unescape::kAll, false);
    }
    const bool found = Descend(0, 0);
    raw_.back() = last;
    text_.back() = last_text;
    return found;
  }

  bool Descend(size_t index, size_t depth) {
    const Node& node = router_.nodes_[index];
    if (depth == raw_.size()) {
      if (Offer(node.ends, raw_.size())) return true;
    } else {
      const auto literal = node.literals.find(text_[depth]);
      if (literal != node.literals.end() && Descend(literal->second, depth + 1)) return true;
      if (node.star != 0 && !raw_[depth].empty() && Descend(node.star, depth + 1)) return true;
    }
    return Offer(node.star_star_ends, depth + 1);
  }

  // Templates of `length` segments match the path: takes their route for the method, or notes the methods they have.
  bool Offer(const Verbs& ends, size_t length) {
    const auto routes = ends.find(verb_);
    if (routes == ends.end()) return false;
    const Entry* entry = EntryFor(routes->second, method_);
    if (entry == nullptr && method_ == "HEAD") entry = EntryFor(routes->second, "GET");
    if (entry == nullptr) entry = EntryFor(routes->second, "*");
    if (entry == nullptr) {
      for (const Entry& other : routes->second) methods_.push_back(other.method);
      return false;
    }
    match_.kind = Match::Kind::kFound;
    match_.route = entry->route;
    match_.variables.reserve(entry->variables.size());
    for (const PathTemplate::Variable& variable : entry->variables) {
      // What reaches the end of the template reaches the end of the path: "**" may stand for none or many.
      const size_t end = variable.end == length ? raw_.size() : variable.end;
      match_.variables.push_back(Value(variable.begin, end, variable.multi_segment));
    }
    return true;
  }

  static const Entry* EntryFor(const std::vector<Entry>& entries, absl::string_view method) {
    for (const Entry& entry : entries) {
      if (absl::string_view(entry.method) == method) return &entry;
    }
    return nullptr;
  }

  std::string Value(size_t begin, size_t end, bool multi_segment) const {
    if (begin >= end) return "";
    const char* const first = raw_[begin].data();
    const absl::string_view raw(first, static_cast<size_t>(raw_[end - 1].data() + raw_[end - 1].size() - first));
    return escaped_ ? Decode(raw, router_.unescape_, multi_segment) : std::string(raw);
  }

  // RFC 9110 section 15.5.6: Allow lists the methods that the resource has.
  void Refuse() {
    match_.kind = Match::Kind::kMethodNotAllowed;
    methods_.push_back("OPTIONS");
    if (std::find(methods_.begin(), methods_.end(), "GET") != methods_.end()) methods_.push_back("HEAD");
    std::sort(methods_.begin(), methods_.end());
    methods_.erase(std::unique(methods_.begin(), methods_.end()), methods_.end());
    match_.allow = absl::StrJoin(methods_, ", ");
  }

  const MostSpecificRouter& router_;
  const absl::string_view method_;
  const bool escaped_;                // the path has what must be decoded, and it has not been
  Segments raw_;                      // views into the path, next to each other
  Segments text_;                     // the same, decoded: what literals are compared with
  std::vector<std::string> decoded_;  // what text_ points to where it differs
  absl::string_view verb_;
  std::vector<absl::string_view> methods_;  // what the templates that match have instead
  Match match_;
};

Router::Match MostSpecificRouter::Find(absl::string_view method, absl::string_view path, bool /*is_form_post*/) const {
  Match match;
  if (!absl::StartsWith(path, "/")) return match;
  if (!NeedsDecoding(path)) return Search(*this, method, path).Run();
  const absl::StatusOr<std::string> decoded = PercentDecode(path, Unescape::kAll, /*multi_segment=*/false);
  if (!decoded.ok()) {
    match.kind = Match::Kind::kBadPath;
    match.error = absl::StrCat("path: ", decoded.status().message());
    return match;
  }
  return Search(*this, method, unescape_ == Unescape::kLegacy ? absl::string_view(*decoded) : path).Run();
}

MostSpecificRouter::Verbs& MostSpecificRouter::Place(const PathTemplate& path_template) {
  size_t index = 0;
  for (const PathTemplate::Segment& segment : path_template.segments()) {
    size_t next = 0;
    switch (segment.kind) {
      case PathTemplate::Segment::Kind::kStarStar:
        return nodes_[index].star_star_ends;  // it comes last
      case PathTemplate::Segment::Kind::kStar:
        if (nodes_[index].star == 0) nodes_[index].star = nodes_.size();
        next = nodes_[index].star;
        break;
      case PathTemplate::Segment::Kind::kLiteral:
        next = nodes_[index].literals.try_emplace(segment.literal, nodes_.size()).first->second;
        break;
    }
    if (next == nodes_.size()) nodes_.emplace_back();
    index = next;
  }
  return nodes_[index].ends;
}

MostSpecificRouter::Builder::Builder(Unescape unescape) : router_(new MostSpecificRouter(unescape)) {}

void MostSpecificRouter::Builder::Add(absl::string_view method, const PathTemplate& path_template, size_t route,
                                      absl::string_view owner) {
  std::vector<Entry>& entries = router_->Place(path_template)[path_template.verb()];
  for (const Entry& other : entries) {
    if (clash_.ok() && absl::string_view(other.method) == method) {
      clash_ = absl::InvalidArgumentError(absl::StrCat(other.owner, " (", other.method, " ", other.path_template,
                                                       ") and ", owner, " (", method, " ", path_template.text(),
                                                       ") match the same paths: change one of the templates"));
    }
  }
  entries.push_back({std::string(method), route, path_template.variables(), path_template.text(), std::string(owner)});
}

absl::StatusOr<std::unique_ptr<const Router>> MostSpecificRouter::Builder::Build() && {
  if (!clash_.ok()) return clash_;
  return std::unique_ptr<const Router>(std::move(router_));
}

}  // namespace penstock::route
