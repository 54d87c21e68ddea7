#include "gateway/route/most_specific_router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gateway/route/path_template.h"
#include "gateway/route/percent.h"
#include "gateway/route/router.h"

namespace penstock::route {
namespace {

using Kind = Router::Match::Kind;
using testing::ElementsAre;
using testing::HasSubstr;

struct Route {
  std::string method;
  std::string path_template;
};

absl::StatusOr<std::unique_ptr<const Router>> Build(const std::vector<Route>& routes,
                                                    Unescape unescape = Unescape::kAllExceptReserved) {
  MostSpecificRouter::Builder builder(unescape);
  for (size_t i = 0; i < routes.size(); ++i) {
    builder.Add(routes[i].method, PathTemplate::Parse(routes[i].path_template).value(), i,
                absl::StrCat("pkg.Service.Method", i));
  }
  return std::move(builder).Build();
}

// "POST /v1/{a=**}:go ← a=x/y", "404", "405 GET, HEAD, OPTIONS", "400 …".
std::string Describe(const std::vector<Route>& routes, const Router::Match& match) {
  switch (match.kind) {
    case Kind::kFound:
      return absl::StrCat(routes[match.route].method, " ", routes[match.route].path_template,
                          match.variables.empty() ? "" : " <- ", absl::StrJoin(match.variables, " | "));
    case Kind::kNotFound:
      return "404";
    case Kind::kMethodNotAllowed:
      return absl::StrCat("405 ", match.allow);
    case Kind::kBadPath:
      return absl::StrCat("400 ", match.error);
  }
  return "?";
}

struct FindRow {
  std::string method;
  std::string path;
  std::string found;
  std::string reason;
};

void ExpectFinds(const std::vector<Route>& routes, const std::vector<FindRow>& rows,
                 Unescape unescape = Unescape::kAllExceptReserved) {
  const auto router = Build(routes, unescape);
  ASSERT_TRUE(router.ok()) << router.status();
  for (const FindRow& row : rows) {
    EXPECT_EQ(Describe(routes, (*router)->Find(row.method, row.path)), row.found)
        << row.method << " " << row.path << ": " << row.reason;
  }
}

TEST(MostSpecificRouter, MostSpecificWins) {
  ExpectFinds({{"GET", "/v1/{rest=**}"},
               {"GET", "/v1/{id}"},
               {"GET", "/v1/ticks"},
               {"GET", "/v1/{id}/x"},
               {"GET", "/v1/ticks/{id}"},
               {"GET", "/v1/{name=ticks/*/y}"},
               {"PUT", "/v1/{id}"}},
              {
                  {"GET", "/v1/ticks", "GET /v1/ticks", "a literal before a star"},
                  {"GET", "/v1/tocks", "GET /v1/{id} <- tocks", "a star before everything"},
                  {"GET", "/v1/ticks/x", "GET /v1/ticks/{id} <- x", "the leftmost difference decides"},
                  {"GET", "/v1/tocks/x", "GET /v1/{id}/x <- tocks", "the other branch"},
                  {"GET", "/v1/ticks/7/y", "GET /v1/{name=ticks/*/y} <- ticks/7/y", "several segments, one value"},
                  {"GET", "/v1/ticks/7/z", "GET /v1/{rest=**} <- ticks/7/z", "back from a dead end"},
                  {"GET", "/v1/a/b/c/d", "GET /v1/{rest=**} <- a/b/c/d", "everything"},
                  {"PUT", "/v1/ticks", "PUT /v1/{id} <- ticks", "the method passes over a more specific template"},
                  {"GET", "/v2", "404", "another literal"},
                  {"GET", "/v1x", "404", "a literal is a whole segment"},
                  {"GET", "/V1/ticks", "404", "case matters"},
              });
}

TEST(MostSpecificRouter, VerbsAreExact) {
  ExpectFinds({{"POST", "/v1/ticks:subscribe"},
               {"GET", "/v1/{id}"},
               {"POST", "/v1/{id}:cancel"},
               {"POST", "/v1/{name=**}:cancel"},
               {"GET", "/v1/ticks/{id}"}},
              {
                  {"POST", "/v1/ticks:subscribe", "POST /v1/ticks:subscribe", "the plain case"},
                  {"GET", "/v1/ticks:subscribe", "GET /v1/{id} <- ticks:subscribe",
                   "no such verb for the method: a plain segment"},
                  {"GET", "/v1/x:y", "GET /v1/{id} <- x:y", "no such verb at all"},
                  {"POST", "/v1/x:cancel", "POST /v1/{id}:cancel <- x", "after a star"},
                  {"POST", "/v1/a:b:cancel", "POST /v1/{id}:cancel <- a:b", "the last colon"},
                  {"POST", "/v1/a/b:cancel", "POST /v1/{name=**}:cancel <- a/b", "after everything"},
                  {"POST", "/v1/ticks/7:cancel", "POST /v1/{name=**}:cancel <- ticks/7", "a verb goes first"},
                  {"GET", "/v1/ticks/7:cancel", "GET /v1/ticks/{id} <- 7:cancel", "but not for another method"},
                  {"POST", "/v1:cancel", "POST /v1/{name=**}:cancel <- ", "everything may be nothing"},
                  {"GET", "/v1/x:", "GET /v1/{id} <- x:", "an empty verb is none"},
                  {"GET", "/v1/:cancel", "GET /v1/{id} <- :cancel", "a star needs something before the colon"},
                  {"POST", "/v1/x%3Acancel", "405 GET, HEAD, OPTIONS", "an escaped colon separates nothing"},
                  {"POST", "/v1/x:canc%65l", "POST /v1/{id}:cancel <- x", "verbs are compared decoded"},
                  {"POST", "/v1/%74icks:subscribe", "POST /v1/ticks:subscribe", "so is what is before them"},
                  {"DELETE", "/v1/x:cancel", "405 GET, HEAD, OPTIONS, POST", "both readings are listed"},
              });
}

TEST(MostSpecificRouter, MethodsFallBackAndAreListed) {
  ExpectFinds({{"GET", "/a"},
               {"POST", "/a"},
               {"GET", "/b"},
               {"HEAD", "/b"},
               {"*", "/c"},
               {"GET", "/c"},
               {"POST", "/d"},
               {"OPTIONS", "/e"},
               {"GET", "/{any}/f"},
               {"PUT", "/a/f"}},
              {
                  {"HEAD", "/a", "GET /a", "HEAD is answered where GET is"},
                  {"HEAD", "/b", "HEAD /b", "a route of its own goes first"},
                  {"GET", "/c", "GET /c", "a method before any method"},
                  {"HEAD", "/c", "GET /c", "GET's route before any method's"},
                  {"BREW", "/c", "* /c", "any method"},
                  {"PUT", "/a", "405 GET, HEAD, OPTIONS, POST", "HEAD where GET is, and OPTIONS"},
                  {"HEAD", "/d", "405 OPTIONS, POST", "no GET, no HEAD"},
                  {"OPTIONS", "/d", "405 OPTIONS, POST", "OPTIONS is the caller's to answer, with this list"},
                  {"OPTIONS", "/e", "OPTIONS /e", "unless it is routed"},
                  {"GET", "/e", "405 OPTIONS", "listed once"},
                  {"get", "/a", "405 GET, HEAD, OPTIONS, POST", "methods are case-sensitive"},
                  {"DELETE", "/a/f", "405 GET, HEAD, OPTIONS, PUT", "of all templates that match"},
                  {"PUT", "/x/f", "405 GET, HEAD, OPTIONS", "and of no other"},
              });
}

TEST(MostSpecificRouter, SegmentsAreTakenLiterally) {
  ExpectFinds(
      {{"GET", "/v1/{id}"}, {"GET", "/f/{path=**}"}, {"GET", "/v1/ok/{id}/z"}, {"GET", "/%2e%2e/x"}, {"GET", "/"}},
      {
          {"GET", "/v1/", "404", "a star matches no empty segment: no trailing slash"},
          {"GET", "/v1/a/", "404", "no trailing slash"},
          {"GET", "/v1//a", "404", "empty segments are not removed"},
          {"GET", "//v1/a", "404", "nor at the start"},
          {"GET", "/v1/ok//z", "404", "nor in the middle"},
          {"GET", "/v1/..", "GET /v1/{id} <- ..", "dot segments are not resolved"},
          {"GET", "/v1/x/../a", "404", "not even where that would match"},
          {"GET", "/../x", "GET /%2e%2e/x", "a literal of dots"},
          {"GET", "/f", "GET /f/{path=**} <- ", "none"},
          {"GET", "/f/", "GET /f/{path=**} <- ", "one that is empty"},
          {"GET", "/f//a/./..//", "GET /f/{path=**} <- /a/./..//", "everything is kept as it is"},
          {"GET", "/", "GET /", "the root"},
          {"GET", "//", "404", "is no root"},
          {"GET", "", "404", "no path"},
          {"OPTIONS", "*", "404", "the asterisk form"},
          {"GET", "v1/a", "404", "no slash"},
      });
}

TEST(MostSpecificRouter, ValuesAreDecodedAsTheModeSays) {
  const std::vector<Route> routes = {{"GET", "/s/{id}"}, {"GET", "/m/{path=**}"}, {"GET", "/p/{name=x/*}/{id}"}};
  ExpectFinds(routes, {
                          {"GET", "/s/a%2Fb%20c", "GET /s/{id} <- a/b c", "a single segment in full"},
                          {"GET", "/m/a%2Fb/c%20d", "GET /m/{path=**} <- a%2Fb/c d", "reserved stay in several"},
                          {"GET", "/m/a%2fb", "GET /m/{path=**} <- a%2fb", "even where only one came"},
                          {"GET", "/p/x/a%3Ab/c%3Ad", "GET /p/{name=x/*}/{id} <- x/a%3Ab | c:d", "by variable"},
                          {"GET", "/p/%78/a/b", "GET /p/{name=x/*}/{id} <- x/a | b", "literals inside of variables"},
                          {"GET", "/s/%E2%82%AC", "GET /s/{id} <- \xe2\x82\xac", "UTF-8, escaped"},
                          {"GET", "/s/\xe2\x82\xac", "GET /s/{id} <- \xe2\x82\xac", "UTF-8 as it is"},
                          {"GET", "/s%2Fa", "404", "an escaped slash separates nothing"},
                      });
  ExpectFinds(routes, {{"GET", "/m/a%2Fb%3A", "GET /m/{path=**} <- a%2Fb:", "only the slash stays"}},
              Unescape::kAllExceptSlash);
  ExpectFinds(routes, {{"GET", "/m/a%2Fb%3A", "GET /m/{path=**} <- a/b:", "nothing stays"}}, Unescape::kAll);
  ExpectFinds(routes,
              {
                  {"GET", "/m/a%2Fb%3A", "GET /m/{path=**} <- a/b:", "nothing stays"},
                  {"GET", "/s%2Fa", "GET /s/{id} <- a", "decoded before it is split"},
                  {"GET", "/s/a%2Fb", "404", "so this is one segment too many"},
                  {"GET", "/s/a%252F", "GET /s/{id} <- a%2F", "decoded once"},
                  {"GET", "/s/%zz", "400 path: malformed escape at byte 3", "strict all the same"},
              },
              Unescape::kLegacy);
}

TEST(MostSpecificRouter, BadPathsSayWhatAndWhere) {
  ExpectFinds({{"GET", "/s/{id}"}}, {
                                        {"GET", "/s/%", "400 path: malformed escape at byte 3", "cut off"},
                                        {"GET", "/s/%g1", "400 path: malformed escape at byte 3", "no hex digit"},
                                        {"GET", "/s/%00", "400 path: NUL at byte 3", "NUL"},
                                        {"GET", "/s/a%ff", "400 path: invalid UTF-8 at byte 4", "escaped"},
                                        {"GET", "/s/a\xff", "400 path: invalid UTF-8 at byte 4", "as it is"},
                                        {"GET", "/s/%C3/%A9", "400 path: invalid UTF-8 at byte 3", "over a slash"},
                                        {"GET", "/nowhere/%", "400 path: malformed escape at byte 9", "any path"},
                                    });
}

TEST(MostSpecificRouter, ClashesAreRefused) {
  struct Row {
    Route a;
    Route b;
    bool clash;
    const char* reason;
  };
  for (const Row& row : std::vector<Row>{
           {{"GET", "/v1/{a}"}, {"GET", "/v1/{b}"}, true, "names do not matter"},
           {{"GET", "/v1/{a}"}, {"GET", "/v1/*"}, true, "nor whether there is one"},
           {{"GET", "/v1/x/*"}, {"GET", "/v1/{a=x/*}"}, true, "nor how far a variable reaches"},
           {{"GET", "/v1/**"}, {"GET", "/v1/{a=**}"}, true, "everything"},
           {{"GET", "/v1:go"}, {"GET", "/v1:go"}, true, "verbs"},
           {{"GET", "/v1/%61"}, {"GET", "/v1/a"}, true, "literals are compared decoded"},
           {{"*", "/v1"}, {"*", "/v1"}, true, "any method, twice"},
           {{"GET", "/v1/{a}"}, {"POST", "/v1/{a}"}, false, "methods apart"},
           {{"*", "/v1"}, {"GET", "/v1"}, false, "a method before any method"},
           {{"GET", "/v1"}, {"HEAD", "/v1"}, false, "HEAD before GET for HEAD"},
           {{"GET", "/v1:go"}, {"GET", "/v1:stop"}, false, "verbs apart"},
           {{"GET", "/v1:go"}, {"GET", "/v1"}, false, "a verb before none"},
           {{"GET", "/v1/*"}, {"GET", "/v1/**"}, false, "a star before everything"},
           {{"GET", "/v1/a"}, {"GET", "/v1/*"}, false, "a literal before a star"},
           {{"GET", "/v1/a/*"}, {"GET", "/v1/*/b"}, false, "the leftmost literal goes first"},
           {{"GET", "/v1/*"}, {"GET", "/v1/*/*"}, false, "lengths apart"},
       }) {
    for (const bool swapped : {false, true}) {
      const auto router = Build(swapped ? std::vector<Route>{row.b, row.a} : std::vector<Route>{row.a, row.b});
      ASSERT_EQ(router.ok(), !row.clash) << row.reason << ": " << router.status();
      if (!row.clash) continue;
      for (const std::string& named : {std::string("pkg.Service.Method0"), std::string("pkg.Service.Method1"),
                                       absl::StrCat("(", row.a.method, " ", row.a.path_template, ")"),
                                       absl::StrCat("(", row.b.method, " ", row.b.path_template, ")")}) {
        EXPECT_THAT(std::string(router.status().message()), HasSubstr(named)) << row.reason;
      }
    }
  }
}

TEST(MostSpecificRouter, AnEmptyOneFindsNothing) {
  const auto router = Build({});
  ASSERT_TRUE(router.ok());
  EXPECT_EQ((*router)->Find("GET", "/").kind, Kind::kNotFound);
}

// A matcher that tries every split of the path against every template would take 2^100 steps here.
TEST(MostSpecificRouter, BacktrackingIsBoundedByTheTemplates) {
  constexpr int kDepth = 100;
  std::mt19937 random(1);
  std::set<std::string> templates;
  while (templates.size() < 60) {
    std::string path_template;
    for (int i = 0; i < kDepth; ++i) path_template += random() % 2 == 0 ? "/a" : "/*";
    templates.insert(path_template + "/end");
    templates.insert(path_template + "/**:end");
  }
  std::vector<Route> routes;
  for (const std::string& path_template : templates) routes.push_back({"GET", path_template});
  const auto router = Build(routes);
  ASSERT_TRUE(router.ok()) << router.status();
  std::string path;
  for (int i = 0; i < kDepth; ++i) path += "/a";
  std::string long_path;
  for (int i = 0; i < 4000; ++i) long_path += "/a";
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ((*router)->Find("GET", path + "/no").kind, Kind::kNotFound);
    EXPECT_EQ((*router)->Find("GET", path + "/no:no").kind, Kind::kNotFound);
    EXPECT_EQ((*router)->Find("POST", path + "/end").kind, Kind::kMethodNotAllowed);
    EXPECT_EQ((*router)->Find("GET", long_path).kind, Kind::kNotFound);
    EXPECT_EQ((*router)->Find("GET", long_path + ":end").kind, Kind::kFound);
  }
}

TEST(MostSpecificRouter, IsSharedByThreads) {
  const auto router = Build({{"GET", "/v1/{id}:go"}, {"GET", "/v1/{path=**}"}});
  ASSERT_TRUE(router.ok());
  std::vector<std::thread> threads;
  std::vector<int> found(4, 0);
  for (size_t thread = 0; thread < found.size(); ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 1000; ++i) {
        const std::string id = absl::StrCat("x", thread, "%2F", i);
        const Router::Match match = (*router)->Find("GET", absl::StrCat("/v1/", id, ":go"));
        found[thread] += match.kind == Kind::kFound && match.variables[0] == absl::StrCat("x", thread, "/", i);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(found, ElementsAre(1000, 1000, 1000, 1000));
}

// The specification again, by trying every template in turn.
class NaiveRouter {
 public:
  explicit NaiveRouter(const std::vector<Route>& routes) : routes_(routes) {
    for (const Route& route : routes) templates_.push_back(PathTemplate::Parse(route.path_template).value());
  }

  std::string Find(const std::string& method, const std::string& path) const {
    if (!PercentDecode(path, Unescape::kAll, false).ok()) return "400";
    std::set<std::string> allowed;
    // Reading the last segment as segment and verb goes before reading it whole.
    std::vector<std::string> whole = absl::StrSplit(path.substr(1), '/');
    const size_t colon = whole.back().rfind(':');
    if (colon != std::string::npos && colon + 1 < whole.back().size()) {
      std::vector<std::string> cut = whole;
      cut.back() = whole.back().substr(0, colon);
      const std::string found = Best(method, cut, Decoded(whole.back().substr(colon + 1)), allowed);
      if (!found.empty()) return found;
    }
    const std::string found = Best(method, whole, "", allowed);
    if (!found.empty()) return found;
    if (allowed.empty()) return "404";
    if (allowed.count("GET") != 0) allowed.insert("HEAD");
    allowed.insert("OPTIONS");
    return absl::StrCat("405 ", absl::StrJoin(allowed, ", "));
  }

 private:
  using SegmentKind = PathTemplate::Segment::Kind;

  static std::string Decoded(const std::string& text) { return PercentDecode(text, Unescape::kAll, false).value(); }

  static bool Matches(const PathTemplate& path_template, const std::vector<std::string>& path) {
    const auto& segments = path_template.segments();
    for (size_t i = 0; i < segments.size(); ++i) {
      if (segments[i].kind == SegmentKind::kStarStar) return true;
      if (i == path.size()) return false;
      if (segments[i].kind == SegmentKind::kStar && path[i].empty()) return false;
      if (segments[i].kind == SegmentKind::kLiteral && segments[i].literal != Decoded(path[i])) return false;
    }
    return segments.size() == path.size();
  }

  static std::vector<int> Rank(const PathTemplate& path_template) {
    std::vector<int> rank;
    for (const auto& segment : path_template.segments()) rank.push_back(static_cast<int>(segment.kind));
    return rank;  // as vectors compare: leftmost first, the shorter one before "**"
  }

  std::string Best(const std::string& method, const std::vector<std::string>& path, const std::string& verb,
                   std::set<std::string>& allowed) const {
    std::set<std::vector<int>> ranks;
    for (const PathTemplate& path_template : templates_) {
      if (path_template.verb() == verb && Matches(path_template, path)) ranks.insert(Rank(path_template));
    }
    for (const std::vector<int>& rank : ranks) {
      for (const std::string& wanted : {method, std::string(method == "HEAD" ? "GET" : method), std::string("*")}) {
        for (size_t i = 0; i < routes_.size(); ++i) {
          const PathTemplate& path_template = templates_[i];
          if (path_template.verb() != verb || Rank(path_template) != rank || !Matches(path_template, path)) continue;
          allowed.insert(routes_[i].method);
          if (routes_[i].method == wanted) return Found(i, path);
        }
      }
    }
    return "";
  }

  std::string Found(size_t route, const std::vector<std::string>& path) const {
    Router::Match match;
    match.kind = Kind::kFound;
    match.route = route;
    const PathTemplate& path_template = templates_[route];
    for (const PathTemplate::Variable& variable : path_template.variables()) {
      const size_t end = variable.end == path_template.segments().size() ? path.size() : variable.end;
      const size_t begin = std::min(variable.begin, end);
      const std::vector<std::string> part(path.begin() + static_cast<long>(begin),
                                          path.begin() + static_cast<long>(end));
      match.variables.push_back(
          PercentDecode(absl::StrJoin(part, "/"), Unescape::kAllExceptReserved, variable.multi_segment).value());
    }
    return Describe(routes_, match);
  }

  const std::vector<Route>& routes_;
  std::vector<PathTemplate> templates_;
};

class RandomRoutes {
 public:
  explicit RandomRoutes(uint32_t seed) : random_(seed) {}

  template <typename Choices>
  std::string Pick(const Choices& choices) {
    return *(std::begin(choices) + random_() % std::size(choices));
  }
  size_t UpTo(size_t most) { return random_() % (most + 1); }

  std::string Template() {
    static constexpr const char* kSegments[] = {"a", "b", "a", "*", "*", "%63"};
    static constexpr const char* kVerbs[] = {"", "", "", ":v", ":w"};
    std::string text;
    size_t names = 0;
    bool open = true;  // no "**" yet
    for (size_t i = 0, count = 1 + UpTo(3); i < count && open; ++i) {
      if (UpTo(2) != 0) {
        absl::StrAppend(&text, "/", Segment(kSegments, open));
        continue;
      }
      absl::StrAppend(&text, "/{f", names++, "=", Segment(kSegments, open));
      for (size_t more = UpTo(2); more > 0 && open; --more) absl::StrAppend(&text, "/", Segment(kSegments, open));
      absl::StrAppend(&text, "}");
    }
    return text + Pick(kVerbs);
  }

  std::string Path() {
    static constexpr const char* kSegments[] = {"a",   "b",  "c",  "a",     "b",   "",      "x",     "..",
                                                "a:v", ":v", "a:", "a:v:w", "%61", "a%2Fb", "b%3Av", "%63:%76"};
    static constexpr const char* kEnds[] = {"", "", "", ":v", ":w", ":x", ":", "/", "%2", "%ff"};
    std::string path;
    for (size_t i = 0, count = 1 + UpTo(4); i < count; ++i) absl::StrAppend(&path, "/", Pick(kSegments));
    return path + Pick(kEnds);
  }

  std::string Method() {
    static constexpr const char* kMethods[] = {"GET", "POST", "HEAD", "*", "PUT"};
    return Pick(kMethods);
  }

 private:
  template <typename Choices>
  std::string Segment(const Choices& choices, bool& open) {
    if (UpTo(7) != 0) return Pick(choices);
    open = false;
    return "**";
  }

  std::mt19937 random_;
};

TEST(MostSpecificRouter, AgreesWithTheSpecificationOnRandomRoutes) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  RandomRoutes random(seed);
  std::set<std::string> kinds;
  for (int round = 0; round < 200; ++round) {
    std::vector<Route> routes;
    for (size_t i = 0, count = 1 + random.UpTo(15); i < count; ++i) {
      routes.push_back({random.Method(), random.Template()});
      if (!Build(routes).ok()) routes.pop_back();  // a clash
    }
    const auto router = Build(routes);
    ASSERT_TRUE(router.ok()) << router.status();
    const NaiveRouter naive(routes);
    for (int i = 0; i < 100; ++i) {
      const std::string method = random.Method();
      const std::string path = random.Path();
      const Router::Match match = (*router)->Find(method, path);
      const std::string found = match.kind == Kind::kBadPath ? "400" : Describe(routes, match);
      ASSERT_EQ(found, naive.Find(method, path))
          << method << " " << path << " in\n"
          << absl::StrJoin(routes, "\n", [](std::string* out, const Route& route) {
               absl::StrAppend(out, route.method, " ", route.path_template);
             });
      kinds.insert(match.kind == Kind::kFound ? "found" : found.substr(0, 3));
    }
  }
  EXPECT_THAT(kinds, ElementsAre("400", "404", "405", "found")) << "the paths are no longer worth trying";
}

// Routes are refused as a clash exactly where the specification cannot tell them apart.
TEST(MostSpecificRouter, RandomClashesAreThoseOfEqualShape) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  RandomRoutes random(seed);
  const auto shape = [](const std::string& text) {
    const PathTemplate path_template = PathTemplate::Parse(text).value();
    std::string shape = path_template.verb();
    for (const auto& segment : path_template.segments()) {
      absl::StrAppend(&shape, "/", static_cast<int>(segment.kind), segment.literal);
    }
    return shape;
  };
  int clashes = 0;
  for (int round = 0; round < 5000; ++round) {
    const Route a = {"GET", random.Template()};
    const Route b = {"GET", random.Template()};
    const bool same = shape(a.path_template) == shape(b.path_template);
    ASSERT_EQ(Build({a, b}).ok(), !same) << a.path_template << " " << b.path_template;
    clashes += same;
  }
  EXPECT_GT(clashes, 0);
}

}  // namespace
}  // namespace penstock::route
