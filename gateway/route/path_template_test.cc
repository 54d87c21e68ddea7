#include "gateway/route/path_template.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace penstock::route {
namespace {

std::string Shape(const PathTemplate& path_template) {
  std::string shape;
  for (const PathTemplate::Segment& segment : path_template.segments()) {
    switch (segment.kind) {
      case PathTemplate::Segment::Kind::kLiteral:
        absl::StrAppend(&shape, "/", segment.literal);
        break;
      case PathTemplate::Segment::Kind::kStar:
        absl::StrAppend(&shape, "/*");
        break;
      case PathTemplate::Segment::Kind::kStarStar:
        absl::StrAppend(&shape, "/**");
        break;
    }
  }
  if (!path_template.verb().empty()) absl::StrAppend(&shape, ":", path_template.verb());
  return shape;
}

std::string Variables(const PathTemplate& path_template) {
  return absl::StrJoin(path_template.variables(), " ", [](std::string* out, const PathTemplate::Variable& variable) {
    absl::StrAppend(out, variable.field_path, "[", variable.begin, ",", variable.end, ")",
                    variable.multi_segment ? "+" : "");
  });
}

TEST(PathTemplate, ReadsTheWholeGrammar) {
  struct Row {
    const char* text;
    const char* shape;
    const char* variables;
    const char* reason;
  };
  for (const Row& row : {
           Row{"/v1", "/v1", "", "one literal"},
           Row{"/", "/", "", "the root: one empty literal"},
           Row{"/v1/ticks:subscribe", "/v1/ticks:subscribe", "", "literals and a verb"},
           Row{"/penstock.tick.v1.TickService/Subscribe", "/penstock.tick.v1.TickService/Subscribe", "", "dots"},
           Row{"/*", "/*", "", "a star that binds nothing"},
           Row{"/**", "/**", "", "everything"},
           Row{"/**:go", "/**:go", "", "a verb after everything"},
           Row{"/*/a/*/**", "/*/a/*/**", "", "all kinds"},
           Row{"/v1/{a}", "/v1/*", "a[1,2)", "the short form of {a=*}"},
           Row{"/v1/{a=*}", "/v1/*", "a[1,2)", "the long form"},
           Row{"/v1/{a=x}", "/v1/x", "a[1,2)", "a variable of one literal"},
           Row{"/v1/{a=**}", "/v1/**", "a[1,2)+", "everything is several segments"},
           Row{"/v1/{a.b_2.C=x/*/**}:go", "/v1/x/*/**:go", "a.b_2.C[1,4)+", "field path, segments, verb"},
           Row{"/{a}/{b=y/*}/z/{_c}", "/*/y/*/z/*", "a[0,1) b[1,3)+ _c[4,5)", "several variables"},
           Row{"/{a}/{a.b}", "/*/*", "a[0,1) a.b[1,2)", "a field and one inside it are two field paths"},
           Row{"/{a}:go", "/*:go", "a[0,1)", "a verb after a variable"},
           Row{"/a=b", "/a=b", "", "an equals sign outside of variables is text"},
           Row{"/a%20b/%e2%82%ac", "/a b/\xe2\x82\xac", "", "literals are compared decoded"},
           Row{"/\xe2\x82\xac", "/\xe2\x82\xac", "", "UTF-8 as it is"},
           Row{"/a%3Ab:c%2Fd", "/a:b:c/d", "", "escaped separators are text"},
           Row{"/./..", "/./..", "", "dot segments are literals like others"},
       }) {
    const auto parsed = PathTemplate::Parse(row.text);
    ASSERT_TRUE(parsed.ok()) << row.reason << ": " << parsed.status();
    EXPECT_EQ(Shape(*parsed), row.shape) << row.reason;
    EXPECT_EQ(Variables(*parsed), row.variables) << row.reason;
    EXPECT_EQ(parsed->text(), row.text);
  }
}

TEST(PathTemplate, ErrorsNameTheColumnAndWhatWasExpected) {
  struct Row {
    const char* text;
    int column;
    const char* what;
  };
  for (const Row& row : {
           Row{"", 1, "expected \"/\", found the end"},
           Row{"v1", 1, "expected \"/\", found \"v\""},
           Row{"//a", 2, "expected a literal, \"*\", \"**\" or \"{\", found \"/\""},
           Row{"/a/", 4, "expected a literal, \"*\", \"**\" or \"{\", found the end"},
           Row{"/:go", 2, "expected a literal, \"*\", \"**\" or \"{\", found \":\""},
           Row{"/a:", 4, "expected a verb, found the end"},
           Row{"/a:*", 4, "expected a verb, found \"*\""},
           Row{"/a:b:c", 5, "expected the end after the verb, found \":\""},
           Row{"/a:b/c", 5, "expected the end after the verb, found \"/\""},
           Row{"/a*", 3, "expected \"/\", \":\" or the end, found \"*\""},
           Row{"/*a", 3, "expected \"/\", \":\" or the end, found \"a\""},
           Row{"/a{b}", 3, "expected \"/\", \":\" or the end, found \"{\""},
           Row{"/{b}a", 5, "expected \"/\", \":\" or the end, found \"a\""},
           Row{"/a}", 3, "expected \"/\", \":\" or the end, found \"}\""},
           Row{"/a?b", 3, "expected \"/\", \":\" or the end, found \"?\""},
           Row{"/a b", 3, "expected \"/\", \":\" or the end, found \" \""},
           Row{"/***", 4, "expected \":\" or the end (\"**\" comes last), found \"*\""},
           Row{"/**/a", 4, "expected \":\" or the end (\"**\" comes last), found \"/\""},
           Row{"/{a=**}/b", 8, "expected \":\" or the end (\"**\" comes last), found \"/\""},
           Row{"/{a=**/b}", 7, "expected \"}\" (\"**\" comes last), found \"/\""},
           Row{"/{a=**}/{b=**}", 8, "expected \":\" or the end (\"**\" comes last), found \"/\""},
           Row{"/v1/{name", 5, "the variable is not closed, expected \".\", \"=\" or \"}\""},
           Row{"/v1/{name=", 5, "the variable is not closed, expected a literal, \"*\", \"**\" or \"{\""},
           Row{"/v1/{name=a", 5, "the variable is not closed, expected \"/\" or \"}\""},
           Row{"/v1/{name=**", 5, "the variable is not closed, expected \"}\" (\"**\" comes last)"},
           Row{"/{", 2, "the variable is not closed, expected a field name"},
           Row{"/{}", 3, "expected a field name, found \"}\""},
           Row{"/{=a}", 3, "expected a field name, found \"=\""},
           Row{"/{1a}", 3, "expected a field name, found \"1\""},
           Row{"/{a.}", 5, "expected a field name, found \"}\""},
           Row{"/{a..b}", 5, "expected a field name, found \".\""},
           Row{"/{a-b}", 4, "expected \".\", \"=\" or \"}\", found \"-\""},
           Row{"/{a=}", 5, "expected a literal, \"*\", \"**\" or \"{\", found \"}\""},
           Row{"/{a=/b}", 5, "expected a literal, \"*\", \"**\" or \"{\", found \"/\""},
           Row{"/{a=b:c}", 6, "expected \"/\" or \"}\", found \":\""},
           Row{"/{a={b}}", 5, "a variable cannot hold another variable"},
           Row{"/{a=x/{b}}", 7, "a variable cannot hold another variable"},
           Row{"/{a}/b/{a}", 8, "the field \"a\" is bound twice"},
           Row{"/{a.b}/{a.b=c/*}", 8, "the field \"a.b\" is bound twice"},
           Row{"/a/b%2", 4, "literal \"b%2\": malformed escape at byte 1"},
           Row{"/a%00", 2, "literal \"a%00\": NUL at byte 1"},
           Row{"/\xff", 2, "literal \"\xff\": invalid UTF-8 at byte 0"},
       }) {
    const auto parsed = PathTemplate::Parse(row.text);
    ASSERT_FALSE(parsed.ok()) << row.text;
    EXPECT_EQ(std::string(parsed.status().message()),
              absl::StrCat("template \"", row.text, "\": column ", row.column, ": ", row.what));
  }
}

// All that a syntax may take.
constexpr TemplateSyntax kLenient = {
    .segments_after_star_star = true, .colons_in_literals = true, .decode_literals = false};

TEST(PathTemplate, ReadsWhatALenientSyntaxTakes) {
  struct Row {
    const char* text;
    const char* shape;
    const char* variables;
    const char* reason;
  };
  for (const Row& row : {
           Row{"/", "/", "", "the root"},
           Row{"/v1/{a.b=x/*}:go", "/v1/x/*:go", "a.b[1,3)+", "what every syntax takes"},
           Row{"/v1/{name=**}:go", "/v1/**:go", "name[1,2)+", "a verb after everything"},
           Row{"/a/**/b", "/a/**/b", "", "segments after everything"},
           Row{"/{a=**}/{b}/c:go", "/**/*/c:go", "a[0,1)+ b[1,2)", "variables after everything"},
           Row{"/{a=**/x/*}/y", "/**/x/*/y", "a[0,3)+", "segments after everything in a variable"},
           Row{"/a:b/c", "/a:b/c", "", "a colon before the last segment"},
           Row{"/a:b/c:d:e", "/a:b/c:d:e", "", "the verb is e"},
           Row{"/{a}:b:c", "/*:b:c", "a[0,1)", "after a variable it is b:c"},
           Row{"/{a=b:c}", "/b:c", "a[0,1)", "a colon in a variable"},
           Row{"/{a=b:c}:d", "/b:c:d", "a[0,1)", "and a verb after it"},
           Row{"/{a}/b:c:d", "/*/b:c:d", "a[0,1)", "a variable further to the front"},
           Row{"/a%20b/%41:%42", "/a%20b/%41:%42", "", "literals stay as they are written"},
       }) {
    const auto parsed = PathTemplate::Parse(row.text, kLenient);
    ASSERT_TRUE(parsed.ok()) << row.reason << ": " << parsed.status();
    EXPECT_EQ(Shape(*parsed), row.shape) << row.reason;
    EXPECT_EQ(Variables(*parsed), row.variables) << row.reason;
  }
  const auto verb = [](const char* text) { return PathTemplate::Parse(text, kLenient).value().verb(); };
  EXPECT_EQ(verb("/a:b/c"), "");
  EXPECT_EQ(verb("/a:b/c:d:e"), "e");
  EXPECT_EQ(verb("/{a}:b:c"), "b:c");
  EXPECT_EQ(verb("/{a=b:c}"), "");
  EXPECT_EQ(verb("/{a}/b:c:d"), "d");
}

TEST(PathTemplate, NamesTheColumnOfWhatALenientSyntaxRefusesToo) {
  struct Row {
    const char* text;
    int column;
    const char* what;
  };
  for (const Row& row : {
           Row{"a", 1, "expected \"/\", found \"a\""},
           Row{"/a/", 4, "expected a literal, \"*\", \"**\" or \"{\", found the end"},
           Row{"/:go", 2, "expected a literal, \"*\", \"**\" or \"{\", found \":\""},
           Row{"/a:", 4, "expected a verb, found the end"},
           Row{"/*:b:c", 3, "expected \"/\", \":\" or the end, found \":\""},
           Row{"/a/b:*", 6, "expected a verb, found \"*\""},
           Row{"/**/a/**", 7, "a template has one \"**\" at most"},
           Row{"/{a=**}/{b=**}", 12, "a template has one \"**\" at most"},
           Row{"/a}:b", 3, "expected \"/\", \":\" or the end, found \"}\""},
           Row{"/{a}b:c", 5, "expected \"/\", \":\" or the end, found \"b\""},
           Row{"/{a=b", 2, "the variable is not closed, expected \"/\" or \"}\""},
           Row{"/a%2:b", 2, "literal \"a%2\": malformed escape at byte 1"},
           Row{"/{a}/{a}", 6, "the field \"a\" is bound twice"},
       }) {
    const auto parsed = PathTemplate::Parse(row.text, kLenient);
    ASSERT_FALSE(parsed.ok()) << row.text;
    EXPECT_EQ(std::string(parsed.status().message()),
              absl::StrCat("template \"", row.text, "\": column ", row.column, ": ", row.what));
  }
}

TEST(PathTemplate, EachPropertyOfASyntaxStandsAlone) {
  struct Row {
    TemplateSyntax syntax;
    const char* text;
    const char* result;  // the shape, or the error
  };
  for (const Row& row : {
           Row{{.segments_after_star_star = true}, "/**/%41:b", "/**/A:b"},
           Row{{.segments_after_star_star = true},
               "/a:b:c",
               "template \"/a:b:c\": column 5: expected the end after the verb, found \":\""},
           Row{{.colons_in_literals = true}, "/a:b/%41:c", "/a:b/A:c"},
           Row{{.colons_in_literals = true},
               "/**/a",
               "template \"/**/a\": column 4: expected \":\" or the end (\"**\" comes last), found \"/\""},
           Row{{.decode_literals = false}, "/%41:b", "/%41:b"},
           Row{{.decode_literals = false},
               "/**/a",
               "template \"/**/a\": column 4: expected \":\" or the end (\"**\" comes last), found \"/\""},
       }) {
    const auto parsed = PathTemplate::Parse(row.text, row.syntax);
    EXPECT_EQ(parsed.ok() ? Shape(*parsed) : std::string(parsed.status().message()), row.result) << row.text;
  }
}

TEST(PathTemplate, BoundsItsSegments) {
  std::string longest;
  for (int i = 0; i < 128; ++i) longest += "/a";
  EXPECT_EQ(PathTemplate::Parse(longest).value().segments().size(), 128u);
  EXPECT_FALSE(PathTemplate::Parse(longest + "/b").ok());
  EXPECT_FALSE(PathTemplate::Parse(longest + "/{b}").ok());
}

// Whatever is cut off a template, what is left parses or fails with a column inside it.
TEST(PathTemplate, SurvivesEveryCut) {
  const std::string whole = "/v1/{a.b=x/*/%41/**}:go";
  for (size_t i = 0; i < 2 * (whole.size() + 1) * (whole.size() + 1); ++i) {
    const TemplateSyntax syntax = i % 2 == 0 ? TemplateSyntax() : kLenient;
    const size_t begin = i / 2 / (whole.size() + 1);
    const std::string text = whole.substr(begin, i / 2 % (whole.size() + 1));
    const auto parsed = PathTemplate::Parse(text, syntax);
    if (parsed.ok()) {
      EXPECT_EQ(text.front(), '/');
      EXPECT_FALSE(parsed->segments().empty());
      continue;
    }
    const std::string message(parsed.status().message());
    const size_t column = message.find(": column ");
    ASSERT_NE(column, std::string::npos) << message;
    const size_t number = std::stoul(message.substr(column + 9));
    EXPECT_GE(number, 1u) << message;
    EXPECT_LE(number, text.size() + 1) << message;
  }
}

}  // namespace
}  // namespace penstock::route
