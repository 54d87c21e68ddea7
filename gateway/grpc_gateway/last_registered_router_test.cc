#include "gateway/grpc_gateway/last_registered_router.h"

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
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gateway/route/path_template.h"
#include "gateway/route/percent.h"
#include "gateway/route/router.h"

namespace penstock::grpc_gateway {
namespace {

using Kind = route::Router::Match::Kind;
using testing::ElementsAre;

struct Route {
  std::string method;
  std::string path_template;
};

route::PathTemplate Template(const std::string& text) {
  return route::PathTemplate::Parse(text, LastRegisteredRouter::kSyntax).value();
}

std::unique_ptr<const route::Router> Build(const std::vector<Route>& routes,
                                           route::Unescape unescape = route::Unescape::kLegacy) {
  LastRegisteredRouter::Builder builder(unescape);
  for (size_t i = 0; i < routes.size(); ++i) {
    builder.Add(routes[i].method, Template(routes[i].path_template), i, absl::StrCat("pkg.Service.Method", i));
  }
  return std::move(builder).Build().value();
}

// "POST /v1/{a=**}:go <- x/y", "404", "501", "400 …".
std::string Describe(const std::vector<Route>& routes, const route::Router::Match& match) {
  switch (match.kind) {
    case Kind::kFound:
      return absl::StrCat(routes[match.route].method, " ", routes[match.route].path_template,
                          match.variables.empty() ? "" : " <- ", absl::StrJoin(match.variables, " | "));
    case Kind::kNotFound:
      return "404";
    case Kind::kMethodNotAllowed:
      return absl::StrCat("501", match.allow);
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
                 route::Unescape unescape = route::Unescape::kLegacy) {
  const auto router = Build(routes, unescape);
  for (const FindRow& row : rows) {
    EXPECT_EQ(Describe(routes, router->Find(row.method, row.path)), row.found)
        << row.method << " " << row.path << ": " << row.reason;
  }
}

TEST(LastRegisteredRouter, TheLastOneWinsHoweverSpecificTheOthersAre) {
  ExpectFinds({{"GET", "/v1/ticks"}, {"GET", "/v1/{id}"}, {"GET", "/v2/{id}"}, {"GET", "/v2/ticks"}},
              {
                  {"GET", "/v1/ticks", "GET /v1/{id} <- ticks", "a variable that came later"},
                  {"GET", "/v2/ticks", "GET /v2/ticks", "a literal that came later"},
                  {"GET", "/v2/tocks", "GET /v2/{id} <- tocks", "where it does not match the one before"},
              });
  ExpectFinds({{"GET", "/v1/{a}/x"}, {"GET", "/{rest=**}"}, {"GET", "/v1/{b}"}},
              {
                  {"GET", "/v1/a/x", "GET /{rest=**} <- v1/a/x", "everything, later"},
                  {"GET", "/v1/a", "GET /v1/{b} <- a", "everything, earlier"},
                  {"GET", "/", "GET /{rest=**} <- ", "one empty segment"},
              });
  ExpectFinds({{"GET", "/v1/{a}"}, {"GET", "/v1/{b}"}}, {{"GET", "/v1/x", "GET /v1/{b} <- x", "no clash: the last"}});
}

TEST(LastRegisteredRouter, VerbsMatchBySuffix) {
  ExpectFinds(
      {{"POST", "/v1/{id}:cancel"}, {"POST", "/v1/{name=**}:purge"}, {"POST", "/w/{id}:a:b"}, {"GET", "/x/{id}"}},
      {
          {"POST", "/v1/x:cancel", "POST /v1/{id}:cancel <- x", "the plain case"},
          {"POST", "/v1/a:b:cancel", "POST /v1/{id}:cancel <- a:b", "what comes before may have colons"},
          {"POST", "/v1/x:%63ancel", "POST /v1/{id}:cancel <- x", "decoded first"},
          {"POST", "/v1/x%3Acancel", "POST /v1/{id}:cancel <- x", "the colon, too"},
          {"POST", "/v1/:cancel", "404", "nothing before the verb"},
          {"POST", "/v1/x:", "404", "no verb"},
          {"POST", "/v1/x:y", "404", "another verb"},
          {"POST", "/v1/a/b:purge", "POST /v1/{name=**}:purge <- a/b", "after everything"},
          {"POST", "/v1:purge", "POST /v1/{name=**}:purge <- ", "everything may be nothing"},
          {"POST", "/w/x:a:b", "POST /w/{id}:a:b <- x", "a verb with a colon"},
          {"POST", "/w/x:b", "404", "but not its end alone"},
          {"GET", "/x/a:cancel", "GET /x/{id} <- a:cancel", "a template without a verb takes it all"},
          {"GET", "/x/:cancel", "GET /x/{id} <- :cancel", "even that"},
      });
  ExpectFinds({{"POST", "/v1/{id}:go"}, {"POST", "/v1/{id}"}},
              {{"POST", "/v1/x:go", "POST /v1/{id} <- x:go", "a template without a verb that came later"}});
  ExpectFinds({{"POST", "/v1/{id}"}, {"POST", "/v1/{id}:go"}},
              {{"POST", "/v1/:go", "POST /v1/{id} <- :go", "a bare verb does not end the search"}});
}

TEST(LastRegisteredRouter, SegmentsMayBeEmpty) {
  ExpectFinds({{"GET", "/v1/{id}"}, {"GET", "/v1/{id}/x"}, {"GET", "/f/{path=**}"}, {"GET", "/"}, {"GET", "/lit"}},
              {
                  {"GET", "/v1/", "GET /v1/{id} <- ", "a star matches nothing, too"},
                  {"GET", "/v1//x", "GET /v1/{id}/x <- ", "in the middle as well"},
                  {"GET", "/v1", "404", "but the segment must be there"},
                  {"GET", "/v1/a/", "404", "a trailing slash is another segment"},
                  {"GET", "/lit/", "404", "after a literal as well"},
                  {"GET", "/f", "GET /f/{path=**} <- ", "none"},
                  {"GET", "/f/", "GET /f/{path=**} <- ", "one that is empty"},
                  {"GET", "/f//a/./..//", "GET /f/{path=**} <- /a/./..//", "everything is kept as it is"},
                  {"GET", "/", "GET /", "the root"},
                  {"GET", "//", "404", "is no root"},
                  {"GET", "", "404", "no path"},
                  {"OPTIONS", "*", "404", "the asterisk form"},
              });
}

TEST(LastRegisteredRouter, EverythingMayStandInTheMiddle) {
  ExpectFinds({{"GET", "/a/{m=**}/z"}, {"GET", "/b/{m=x/**/y/*}/{n}:go"}, {"GET", "/c/**"}},
              {
                  {"GET", "/a/z", "GET /a/{m=**}/z <- ", "none"},
                  {"GET", "/a/1/z", "GET /a/{m=**}/z <- 1", "one"},
                  {"GET", "/a/1/z/2/z", "GET /a/{m=**}/z <- 1/z/2", "as many as there are"},
                  {"GET", "/a/1/2", "404", "what follows must match"},
                  {"GET", "/a", "404", "and be there"},
                  {"GET", "/b/x/y/1/2:go", "GET /b/{m=x/**/y/*}/{n}:go <- x//y/1 | 2", "none, between its slashes"},
                  {"GET", "/b/x/p/q/y/1/2:go", "GET /b/{m=x/**/y/*}/{n}:go <- x/p/q/y/1 | 2", "two"},
                  {"GET", "/b/x/y/1/:go", "404", "the verb needs something before it"},
                  {"GET", "/c", "GET /c/**", "without a variable"},
              });
}

TEST(LastRegisteredRouter, MethodsAreWhatTheyAre) {
  const std::vector<Route> routes = {{"GET", "/a"},     {"POST", "/a"},  {"GET", "/b"},    {"HEAD", "/c"},
                                     {"OPTIONS", "/c"}, {"TRACE", "/c"}, {"*", "/d"},      {"PUT", "/d"},
                                     {"*", "/a"},       {"PUT", "/e"},   {"PURGE", "/{x}"}};
  ExpectFinds(routes, {
                          {"HEAD", "/b", "501", "HEAD is not GET"},
                          {"OPTIONS", "/b", "501", "nor is OPTIONS answered"},
                          {"HEAD", "/c", "HEAD /c", "unless it is routed"},
                          {"OPTIONS", "/c", "OPTIONS /c", "unless it is routed"},
                          {"TRACE", "/c", "TRACE /c", "any name will do"},
                          {"get", "/b", "501", "methods are case-sensitive"},
                          {"POST", "/a", "POST /a", "a method before any method, whatever the order"},
                          {"BREW", "/a", "* /a", "any method"},
                          {"GET", "/d", "* /d", "any method, where the path has another one"},
                          {"GET", "/e", "501", "known path, wrong method"},
                          {"GET", "/e/f", "404", "unknown path"},
                      });
  EXPECT_EQ(Build({})->Find("GET", "/").kind, Kind::kNotFound) << "no routes at all";
}

TEST(LastRegisteredRouter, FormsFallBackToGet) {
  const std::vector<Route> routes = {{"GET", "/a/{x}"}, {"PUT", "/a/{x}"}, {"GET", "/b"}, {"POST", "/b"},
                                     {"DELETE", "/c"},  {"*", "/d"},       {"GET", "/d"}, {"GET", "/e/{x}:go"}};
  const auto router = Build(routes);
  struct Row {
    const char* path;
    bool is_form_post;
    const char* found;
    const char* reason;
  };
  for (const Row& row : {
           Row{"/a/1", true, "GET /a/{x} <- 1", "GET goes first among other methods"},
           Row{"/a/1", false, "501", "only for forms"},
           Row{"/b", true, "POST /b", "POST has a route of its own"},
           Row{"/c", true, "501", "no other method is safe"},
           Row{"/d", true, "GET /d", "before any method"},
           Row{"/d", false, "* /d", "where GET is none of its business"},
           Row{"/e/1:go", true, "GET /e/{x}:go <- 1", "with a verb"},
           Row{"/f", true, "404", "no path"},
       }) {
    EXPECT_EQ(Describe(routes, router->Find("POST", row.path, row.is_form_post)), row.found) << row.reason;
  }
}

TEST(LastRegisteredRouter, LegacyDecodesBeforeItSplits) {
  ExpectFinds({{"GET", "/s/{id}"}, {"GET", "/m/{path=**}"}, {"GET", "/lit!a/x"}, {"GET", "/raw%20/x"}},
              {
                  {"GET", "/s/a%20b", "GET /s/{id} <- a b", "decoded"},
                  {"GET", "/s/a%2Fb", "404", "an escaped slash separates"},
                  {"GET", "/m/a%2Fb%3F", "GET /m/{path=**} <- a/b?", "and is no longer to be told apart"},
                  {"GET", "/s/a%252F", "GET /s/{id} <- a%2F", "decoded once"},
                  {"GET", "/s/a+b", "GET /s/{id} <- a+b", "a plus is a plus"},
                  {"GET", "/%73/x", "GET /s/{id} <- x", "literals"},
                  {"GET", "/lit%21a/x", "GET /lit!a/x", "a literal is compared with what was decoded"},
                  {"GET", "/raw%20/x", "404", "and is not decoded itself"},
                  {"GET", "/raw%2520/x", "GET /raw%20/x", "so this is what it matches"},
                  {"GET", "/s/a%00b", absl::StrCat("GET /s/{id} <- a", std::string(1, '\0'), "b"), "NUL is text"},
                  {"GET", "/s/%", "400 path: malformed escape at byte 3", "cut off"},
                  {"GET", "/nowhere/%zz", "400 path: malformed escape at byte 9", "whatever the path"},
                  {"GET", "/s/%ff", "GET /s/{id} <- \xff", "whatever the bytes"},
                  {"GET", "/%ff", "404", "where nobody wants it"},
              });
}

// Go forgets how a path was written where it would have written it the same way: then every mode is the legacy one.
TEST(LastRegisteredRouter, ModesHoldForWhatGoWouldHaveWrittenOtherwise) {
  const std::vector<Route> routes = {{"GET", "/s/{id}"}, {"GET", "/m/{path=**}"}, {"GET", "/n/{name=x/*}"}};
  ExpectFinds(routes,
              {
                  {"GET", "/m/a%3Fb", "GET /m/{path=**} <- a?b", "Go escapes a question mark: decoded"},
                  {"GET", "/m/a%3fb", "GET /m/{path=**} <- a%3fb", "but not in lower case: reserved, stays"},
                  {"GET", "/m/a%3Fb%2F", "GET /m/{path=**} <- a%3Fb%2F", "nor does it escape a slash"},
                  {"GET", "/m/a%3Fb!", "GET /m/{path=**} <- a%3Fb!", "and it would have escaped this one"},
                  {"GET", "/m/a%20b%2Fc", "GET /m/{path=**} <- a b%2Fc", "what is not reserved is decoded"},
                  {"GET", "/m/a%252Fb", "GET /m/{path=**} <- a%2Fb", "decoded once"},
                  {"GET", "/s/a%2Fb%3F", "GET /s/{id} <- a/b?", "a single segment in full"},
                  {"GET", "/n/x/a%2Fb", "GET /n/{name=x/*} <- x/a/b", "so too inside of a longer variable"},
                  {"GET", "/%73/a%2F", "404", "literals are compared as they came"},
                  {"GET", "/%73/a", "404", "Go would not have escaped the letter"},
                  {"GET", "/s/%2F%zz", "400 path: malformed escape at byte 6", "bad escapes"},
                  {"GET", "/s/a%2F%ff", "GET /s/{id} <- a/\xff", "whatever the bytes"},
              },
              route::Unescape::kAllExceptReserved);
  ExpectFinds(routes,
              {
                  {"GET", "/m/a%2Fb%3A", "GET /m/{path=**} <- a%2Fb:", "only the slash stays"},
                  {"GET", "/m/a%2fb", "GET /m/{path=**} <- a%2fb", "as it was written"},
              },
              route::Unescape::kAllExceptSlash);
  ExpectFinds(routes,
              {
                  {"GET", "/m/a%2Fb%3A/c", "GET /m/{path=**} <- a/b:/c", "nothing stays"},
                  {"GET", "/s/a%2Fb", "404", "an escaped slash separates"},
                  {"GET", "/s%2fa", "GET /s/{id} <- a", "in either case"},
                  {"GET", "/n%2Fx/a%3A", "GET /n/{name=x/*} <- x/a:", "the separator becomes a slash"},
              },
              route::Unescape::kAll);
}

// The specification again: every route in turn, the last one first, by building what it would have to be.
class NaiveRouter {
 public:
  explicit NaiveRouter(const std::vector<Route>& routes) : routes_(routes) {
    for (const Route& route : routes) templates_.push_back(Template(route.path_template));
  }

  std::string Find(const std::string& method, const std::string& path, bool is_form_post) const {
    const auto decoded = PercentDecodeBytes(path, route::Unescape::kAll, false);
    if (!decoded.ok()) return "400";
    const std::vector<std::string> segments = absl::StrSplit(decoded->substr(1), '/');
    std::vector<std::string> methods = {method};
    if (is_form_post) methods.push_back("GET");
    methods.push_back("*");
    for (const std::string& candidate : methods) {
      for (size_t i = routes_.size(); i-- > 0;) {
        std::vector<std::string> values;
        if (routes_[i].method != candidate || !Matches(templates_[i], segments, values)) continue;
        return absl::StrCat(candidate, " ", routes_[i].path_template, values.empty() ? "" : " <- ",
                            absl::StrJoin(values, " | "));
      }
    }
    std::vector<std::string> values;
    return std::any_of(templates_.begin(), templates_.end(),
                       [&](const auto& t) { return Matches(t, segments, values); })
               ? "501"
               : "404";
  }

 private:
  using SegmentKind = route::PathTemplate::Segment::Kind;

  static bool Matches(const route::PathTemplate& path_template, std::vector<std::string> path,
                      std::vector<std::string>& values) {
    if (!path_template.verb().empty()) {
      const std::string suffix = absl::StrCat(":", path_template.verb());
      if (!absl::EndsWith(path.back(), suffix) || path.back() == suffix) return false;
      path.back().resize(path.back().size() - suffix.size());
    }
    // What each segment of the template stands for.
    std::vector<std::string> texts;
    const auto& segments = path_template.segments();
    size_t at = 0;
    for (size_t i = 0; i < segments.size(); ++i) {
      const size_t after = segments.size() - i - 1;
      if (segments[i].kind == SegmentKind::kStarStar) {
        if (path.size() < at + after) return false;
        const size_t end = path.size() - after;
        texts.push_back(
            absl::StrJoin(path.begin() + static_cast<long>(at), path.begin() + static_cast<long>(end), "/"));
        at = end;
        continue;
      }
      if (at == path.size()) return false;
      if (segments[i].kind == SegmentKind::kLiteral && segments[i].literal != path[at]) return false;
      texts.push_back(path[at++]);
    }
    if (at != path.size()) return false;
    for (const route::PathTemplate::Variable& variable : path_template.variables()) {
      values.push_back(absl::StrJoin(texts.begin() + static_cast<long>(variable.begin),
                                     texts.begin() + static_cast<long>(variable.end), "/"));
    }
    return true;
  }

  const std::vector<Route>& routes_;
  std::vector<route::PathTemplate> templates_;
};

class RandomRoutes {
 public:
  explicit RandomRoutes(uint32_t seed) : random_(seed) {}

  template <typename Choices>
  std::string Pick(const Choices& choices) {
    return *(std::begin(choices) + random_() % std::size(choices));
  }
  size_t UpTo(size_t most) { return random_() % (most + 1); }

  std::string PathTemplateText() {
    static constexpr const char* kVerbs[] = {"", "", "", ":v", ":w", ":v:w"};
    std::string text;
    has_star_star_ = false;
    for (size_t i = 0, count = 1 + UpTo(3); i < count; ++i) {
      if (UpTo(2) != 0) {
        absl::StrAppend(&text, "/", Segment());
        continue;
      }
      absl::StrAppend(&text, "/{f", i, "=", Segment());
      for (size_t more = UpTo(2); more > 0; --more) absl::StrAppend(&text, "/", Segment());
      absl::StrAppend(&text, "}");
    }
    const std::string verb = Pick(kVerbs);
    // After a wildcard the parser takes no verb with a colon.
    return text + (text.back() == '*' && verb == ":v:w" ? ":v" : verb);
  }

  std::string Path() {
    static constexpr const char* kSegments[] = {"a",   "b",  "a:b", "a",     "b",   "",      "x",     "..",
                                                "a:v", ":v", "a:",  "a:v:w", "%61", "a%2Fb", "b%3Av", "%63:%76"};
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
  std::string Segment() {
    static constexpr const char* kSegments[] = {"a", "b", "a", "*", "*", "a:b"};
    if (has_star_star_ || UpTo(7) != 0) return Pick(kSegments);
    has_star_star_ = true;
    return "**";
  }

  std::mt19937 random_;
  bool has_star_star_ = false;
};

TEST(LastRegisteredRouter, AgreesWithTheSpecificationOnRandomRoutes) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  RandomRoutes random(seed);
  std::set<std::string> kinds;
  for (int round = 0; round < 200; ++round) {
    std::vector<Route> routes;
    for (size_t i = 0, count = 1 + random.UpTo(15); i < count; ++i) {
      routes.push_back({random.Method(), random.PathTemplateText()});
    }
    const auto router = Build(routes);
    const NaiveRouter naive(routes);
    for (int i = 0; i < 100; ++i) {
      const std::string method = random.Method();
      const std::string path = random.Path();
      const bool is_form_post = method == "POST" && random.UpTo(1) == 0;
      const route::Router::Match match = router->Find(method, path, is_form_post);
      const std::string found = match.kind == Kind::kBadPath ? "400" : Describe(routes, match);
      ASSERT_EQ(found, naive.Find(method, path, is_form_post))
          << method << " " << path << " in\n"
          << absl::StrJoin(routes, "\n", [](std::string* out, const Route& route) {
               absl::StrAppend(out, route.method, " ", route.path_template);
             });
      kinds.insert(match.kind == Kind::kFound ? "found" : found.substr(0, 3));
    }
  }
  EXPECT_THAT(kinds, ElementsAre("400", "404", "501", "found")) << "the paths are no longer worth trying";
}

// Joining what "**" stands for at every candidate would move some 40 GB here, and the test would run out of time.
TEST(LastRegisteredRouter, LongPathsCostNoMoreThanTheirLengthAndTheTemplates) {
  std::vector<Route> routes;
  for (int i = 0; i < 1000; ++i) routes.push_back({"GET", absl::StrCat("/v1/{rest=**}/end", i)});
  routes.push_back({"POST", "/{rest=**}:go"});
  const auto router = Build(routes);
  std::string path = "/v1";
  for (int i = 0; i < 100000; ++i) path += "/:";
  for (int i = 0; i < 200; ++i) EXPECT_EQ(router->Find("GET", path).kind, Kind::kNotFound);
  EXPECT_EQ(router->Find("GET", path + "/end7").route, 7u);
  EXPECT_EQ(router->Find("POST", path + ":go").kind, Kind::kFound);
}

}  // namespace
}  // namespace penstock::grpc_gateway
