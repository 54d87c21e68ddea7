// One path template, in both syntaxes: a parsed template can be written again, and each syntax's router finds the
// paths built from it, with the values that were inserted.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
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
using Kind = PathTemplate::Segment::Kind;

constexpr absl::string_view kStarValue = "x";
constexpr absl::string_view kStarStarValue = "y/z";

// Everything but letters and digits as escapes, where the syntax decodes literals.
std::string Written(absl::string_view literal, TemplateSyntax syntax) {
  if (!syntax.decode_literals) return std::string(literal);
  std::string text;
  for (const char c : literal) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c))) {
      text.push_back(c);
    } else {
      absl::StrAppendFormat(&text, "%%%02X", static_cast<unsigned char>(c));
    }
  }
  return text;
}

std::string Written(const PathTemplate::Segment& segment, TemplateSyntax syntax, absl::string_view star,
                    absl::string_view star_star) {
  switch (segment.kind) {
    case Kind::kLiteral:
      return Written(segment.literal, syntax);
    case Kind::kStar:
      return std::string(star);
    case Kind::kStarStar:
      return std::string(star_star);
  }
  return "";
}

std::string Join(const PathTemplate& parsed, size_t begin, size_t end, TemplateSyntax syntax, absl::string_view star,
                 absl::string_view star_star) {
  std::string text;
  for (size_t i = begin; i < end; ++i) {
    absl::StrAppend(&text, i == begin ? "" : "/", Written(parsed.segments()[i], syntax, star, star_star));
  }
  return text;
}

// The template, written anew.
std::string Rewritten(const PathTemplate& parsed, TemplateSyntax syntax) {
  std::string text;
  size_t at = 0;
  for (const PathTemplate::Variable& variable : parsed.variables()) {
    for (; at < variable.begin; ++at) absl::StrAppend(&text, "/", Join(parsed, at, at + 1, syntax, "*", "**"));
    absl::StrAppend(&text, "/{", variable.field_path, "=",
                    Join(parsed, variable.begin, variable.end, syntax, "*", "**"), "}");
    at = variable.end;
  }
  for (; at < parsed.segments().size(); ++at) absl::StrAppend(&text, "/", Join(parsed, at, at + 1, syntax, "*", "**"));
  if (!parsed.verb().empty()) absl::StrAppend(&text, ":", Written(parsed.verb(), syntax));
  return text;
}

void CheckShape(const PathTemplate& parsed) {
  FUZZ_EXPECT(!parsed.segments().empty());
  size_t at = 0;
  for (const PathTemplate::Variable& variable : parsed.variables()) {
    FUZZ_EXPECT(at <= variable.begin && variable.begin < variable.end && variable.end <= parsed.segments().size());
    at = variable.end;
  }
}

void CheckSame(const PathTemplate& a, const PathTemplate& b) {
  FUZZ_EXPECT(a.verb() == b.verb() && a.segments().size() == b.segments().size(), a.text(), " and ", b.text());
  for (size_t i = 0; i < a.segments().size(); ++i) {
    FUZZ_EXPECT(a.segments()[i].kind == b.segments()[i].kind && a.segments()[i].literal == b.segments()[i].literal);
  }
  FUZZ_EXPECT(a.variables().size() == b.variables().size());
  for (size_t i = 0; i < a.variables().size(); ++i) {
    const PathTemplate::Variable &x = a.variables()[i], &y = b.variables()[i];
    FUZZ_EXPECT(x.field_path == y.field_path && x.begin == y.begin && x.end == y.end &&
                x.multi_segment == y.multi_segment);
  }
}

template <typename Builder>
std::unique_ptr<const Router> RouterOf(const PathTemplate& parsed, Unescape unescape) {
  Builder builder(unescape);
  builder.Add("GET", parsed, 7, "pkg.Service.Method");
  auto router = std::move(builder).Build();
  FUZZ_EXPECT(router.ok());
  return *std::move(router);
}

void CheckFinds(const Router& router, const PathTemplate& parsed, TemplateSyntax syntax, Unescape unescape,
                absl::string_view star_star) {
  std::string path = absl::StrCat("/", Join(parsed, 0, parsed.segments().size(), syntax, kStarValue, star_star));
  if (!parsed.verb().empty()) absl::StrAppend(&path, ":", Written(parsed.verb(), syntax));
  const Router::Match match = router.Find("GET", path);
  FUZZ_EXPECT(match.kind == Router::Match::Kind::kFound && match.route == 7, parsed.text(), " and ", path, " ",
              match.error);
  FUZZ_EXPECT(match.variables.size() == parsed.variables().size());
  for (size_t i = 0; i < match.variables.size(); ++i) {
    const PathTemplate::Variable& variable = parsed.variables()[i];
    std::string value = Join(parsed, variable.begin, variable.end, syntax, kStarValue, star_star);
    if (syntax.decode_literals) value = PercentDecode(value, unescape, variable.multi_segment).value();
    FUZZ_EXPECT(match.variables[i] == value, parsed.text(), ": ", match.variables[i], " is not ", value);
  }
  FUZZ_EXPECT(router.Find("PUT", path).kind == Router::Match::Kind::kMethodNotAllowed);
}

void Run(absl::string_view text, TemplateSyntax syntax) {
  const absl::StatusOr<PathTemplate> parsed = PathTemplate::Parse(text, syntax);
  if (!parsed.ok()) {
    FUZZ_EXPECT(absl::StrContains(parsed.status().message(), ": column "), parsed.status().ToString());
    return;
  }
  CheckShape(*parsed);
  const std::string rewritten = Rewritten(*parsed, syntax);
  const absl::StatusOr<PathTemplate> again = PathTemplate::Parse(rewritten, syntax);
  FUZZ_EXPECT(again.ok(), text, " as ", rewritten, ": ", again.status().ToString());
  CheckSame(*parsed, *again);

  if (syntax.decode_literals) {
    for (const Unescape unescape : {Unescape::kAllExceptReserved, Unescape::kAllExceptSlash, Unescape::kAll}) {
      const auto router = RouterOf<route::MostSpecificRouter::Builder>(*parsed, unescape);
      CheckFinds(*router, *parsed, syntax, unescape, kStarStarValue);
    }
    return;
  }
  // A literal with an escape matches no path that means it: grpc-gateway compares it with the decoded path.
  if (absl::StrContains(text, "%")) return;
  for (const Unescape unescape : {Unescape::kLegacy, Unescape::kAllExceptReserved, Unescape::kAll}) {
    const auto router = RouterOf<grpc_gateway::LastRegisteredRouter::Builder>(*parsed, unescape);
    CheckFinds(*router, *parsed, syntax, unescape, kStarStarValue);
    CheckFinds(*router, *parsed, syntax, unescape, kStarValue);
  }
}

}  // namespace
}  // namespace penstock::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  penstock::fuzz::Run(text, penstock::route::TemplateSyntax());
  penstock::fuzz::Run(text, penstock::grpc_gateway::LastRegisteredRouter::kSyntax);
  return 0;
}
