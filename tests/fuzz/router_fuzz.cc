// Both routers, compared to a direct implementation of the rules that matches each template separately and picks the
// winner.
//
// Input: a line per route, a letter for its method, then its template; the last line is the request.
//   G/v1/{name=a/*}
//   *G/v1/a/b
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/types/optional.h"
#include "gateway/grpc_gateway/last_registered_router.h"
#include "gateway/route/most_specific_router.h"
#include "gateway/route/path_template.h"
#include "gateway/route/percent.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/input.h"

namespace penstock::fuzz {
namespace {

using route::PathTemplate;
using route::Router;
using route::TemplateSyntax;
using route::Unescape;
using MatchKind = Router::Match::Kind;
using SegmentKind = PathTemplate::Segment::Kind;

constexpr size_t kMaxRoutes = 32;

struct Route {
  std::string method;
  PathTemplate path_template;
};

std::string MethodOf(char letter) {
  switch (letter) {
    case 'P':
      return "POST";
    case 'H':
      return "HEAD";
    case '*':
      return "*";
    default:
      return "GET";
  }
}

// A path in segments, read for a template with a verb or for one without.
struct Path {
  std::vector<std::string> raw, text;  // as written, decoded
};

// Whether segments [i, …) of the template match those of the path from n on; "**" as many as it takes.
bool Matches(const std::vector<PathTemplate::Segment>& segments, size_t i, const Path& path, size_t n,
             bool star_takes_empty) {
  if (i == segments.size()) return n == path.text.size();
  if (segments[i].kind == SegmentKind::kStarStar) {
    for (size_t end = n; end <= path.text.size(); ++end) {
      if (Matches(segments, i + 1, path, end, star_takes_empty)) return true;
    }
    return false;
  }
  if (n == path.text.size()) return false;
  const bool fits = segments[i].kind == SegmentKind::kLiteral ? segments[i].literal == path.text[n]
                                                              : star_takes_empty || !path.raw[n].empty();
  return fits && Matches(segments, i + 1, path, n + 1, star_takes_empty);
}

absl::optional<Path> Decoded(const std::vector<std::string>& raw) {
  Path path;
  path.raw = raw;
  for (const std::string& segment : raw) {
    const auto text = PercentDecode(segment, Unescape::kAll, false);
    if (!text.ok()) return absl::nullopt;
    path.text.push_back(*text);
  }
  return path;
}

// Native: the verb is what follows the last segment's last colon.
bool NativeMatches(const PathTemplate& path_template, absl::string_view written) {
  std::vector<std::string> raw = absl::StrSplit(written.substr(1), '/');
  if (!path_template.verb().empty()) {
    const size_t colon = raw.back().rfind(':');
    if (colon == std::string::npos) return false;
    const auto verb = PercentDecode(raw.back().substr(colon + 1), Unescape::kAll, false);
    if (!verb.ok() || *verb != path_template.verb()) return false;
    raw.back().resize(colon);
  }
  const absl::optional<Path> path = Decoded(raw);
  return path && Matches(path_template.segments(), 0, *path, 0, /*star_takes_empty=*/false);
}

// How specific a template is: compared element by element, less is more.
std::vector<int> Rank(const PathTemplate& path_template) {
  std::vector<int> rank = {path_template.verb().empty() ? 1 : 0};
  for (const auto& segment : path_template.segments()) rank.push_back(static_cast<int>(segment.kind));
  return rank;
}

bool NativeTakes(const std::string& route, const std::string& method) {
  return route == method || route == "*" || (method == "HEAD" && route == "GET");
}

void RunNative(const std::vector<Route>& routes, const std::string& method, absl::string_view path) {
  route::MostSpecificRouter::Builder builder(Unescape::kAllExceptReserved);
  for (size_t i = 0; i < routes.size(); ++i) {
    builder.Add(routes[i].method, routes[i].path_template, i, absl::StrCat("pkg.Service.Method", i));
  }
  const auto router = std::move(builder).Build();
  if (!router.ok()) {
    FUZZ_EXPECT(absl::StrContains(router.status().message(), "match the same paths"));
    return;
  }
  const Router::Match match = (*router)->Find(method, path);
  if (match.kind == MatchKind::kBadPath) {
    FUZZ_EXPECT(!PercentDecode(path, Unescape::kAll, false).ok() && !match.error.empty());
    return;
  }
  bool known = false;
  const Route* best = nullptr;
  for (const Route& candidate : routes) {
    if (!absl::StartsWith(path, "/") || !NativeMatches(candidate.path_template, path)) continue;
    known = true;
    if (!NativeTakes(candidate.method, method)) continue;
    if (best == nullptr || Rank(candidate.path_template) < Rank(best->path_template)) best = &candidate;
  }
  FUZZ_EXPECT((match.kind == MatchKind::kFound) == (best != nullptr), path);
  FUZZ_EXPECT((match.kind == MatchKind::kMethodNotAllowed) == (best == nullptr && known), path);
  FUZZ_EXPECT(match.kind != MatchKind::kMethodNotAllowed || absl::StrContains(match.allow, "OPTIONS"));
  if (best == nullptr) return;
  const Route& found = routes[match.route];
  FUZZ_EXPECT(Rank(found.path_template) == Rank(best->path_template), found.path_template.text(), " but ",
              best->path_template.text(), " for ", path);
  FUZZ_EXPECT(NativeMatches(found.path_template, path) && NativeTakes(found.method, method));
  FUZZ_EXPECT(match.variables.size() == found.path_template.variables().size());
  for (const std::string& value : match.variables) {
    FUZZ_EXPECT(route::FindInvalidUtf8(value) == std::string::npos && value.find('\0') == std::string::npos, value);
  }
}

// grpc-gateway: the last segment ends in the verb, with something before.
bool GatewayMatches(const PathTemplate& path_template, absl::string_view decoded) {
  Path path;
  path.text = absl::StrSplit(decoded.substr(1), '/');
  if (!path_template.verb().empty()) {
    const std::string suffix = absl::StrCat(":", path_template.verb());
    std::string& last = path.text.back();
    if (!absl::EndsWith(last, suffix) || last.size() == suffix.size()) return false;
    last.resize(last.size() - suffix.size());
  }
  path.raw = path.text;
  return Matches(path_template.segments(), 0, path, 0, /*star_takes_empty=*/true);
}

void RunGateway(const std::vector<Route>& routes, const std::string& method, absl::string_view path) {
  grpc_gateway::LastRegisteredRouter::Builder builder(Unescape::kLegacy);
  for (size_t i = 0; i < routes.size(); ++i) builder.Add(routes[i].method, routes[i].path_template, i, "");
  const auto router = *std::move(builder).Build();
  const Router::Match match = router->Find(method, path);
  const auto decoded = route::PercentDecodeBytes(path, Unescape::kAll, false);
  if (match.kind == MatchKind::kBadPath) {
    FUZZ_EXPECT(!decoded.ok() && !match.error.empty());
    return;
  }
  if (!absl::StartsWith(path, "/")) {
    FUZZ_EXPECT(match.kind == MatchKind::kNotFound);
    return;
  }
  FUZZ_EXPECT(decoded.ok());
  bool known = false;
  absl::optional<size_t> own, any;
  for (size_t i = 0; i < routes.size(); ++i) {
    if (!GatewayMatches(routes[i].path_template, *decoded)) continue;
    known = true;
    if (routes[i].method == method) own = i;
    if (routes[i].method == "*") any = i;
  }
  const absl::optional<size_t> best = own ? own : any;
  FUZZ_EXPECT((match.kind == MatchKind::kFound) == best.has_value(), path);
  FUZZ_EXPECT((match.kind == MatchKind::kMethodNotAllowed) == (!best && known), path);
  if (!best) return;
  FUZZ_EXPECT(match.route == *best, routes[match.route].path_template.text(), " but ",
              routes[*best].path_template.text(), " for ", path);
  FUZZ_EXPECT(match.variables.size() == routes[*best].path_template.variables().size());
}

std::vector<Route> RoutesOf(const std::vector<absl::string_view>& lines, TemplateSyntax syntax) {
  std::vector<Route> routes;
  for (const absl::string_view line : lines) {
    if (line.empty() || routes.size() == kMaxRoutes) continue;
    auto parsed = PathTemplate::Parse(line.substr(1), syntax);
    if (parsed.ok()) routes.push_back({MethodOf(line.front()), *std::move(parsed)});
  }
  return routes;
}

void Run(absl::string_view text) {
  std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  const absl::string_view request = lines.back();
  lines.pop_back();
  if (request.empty()) return;
  const std::string method = MethodOf(request.front());
  RunNative(RoutesOf(lines, TemplateSyntax()), method, request.substr(1));
  RunGateway(RoutesOf(lines, grpc_gateway::LastRegisteredRouter::kSyntax), method, request.substr(1));
}

}  // namespace
}  // namespace penstock::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  penstock::fuzz::Run(absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
