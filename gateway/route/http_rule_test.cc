#include "gateway/route/http_rule.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace penstock::route {
namespace {

google::api::HttpRule Rule(const std::string& text) {
  google::api::HttpRule rule;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &rule)) << text;
  return rule;
}

std::string Describe(const std::vector<HttpBinding>& bindings) {
  std::string text;
  for (const HttpBinding& binding : bindings) {
    absl::StrAppend(&text, text.empty() ? "" : "; ", binding.method, " ", binding.path_template.text(), " ",
                    binding.body, ">", binding.response_body);
  }
  return text;
}

TEST(BindingsOf, ReadsEveryPattern) {
  struct Row {
    const char* rule;
    const char* bindings;
    const char* reason;
  };
  for (const Row& row : {
           Row{"get: '/a'", "GET /a >", "get"},
           Row{"put: '/a' body: '*'", "PUT /a *>", "put, the whole message"},
           Row{"post: '/a' body: 'b.c'", "POST /a b.c>", "post, a field"},
           Row{"delete: '/{a=b/*}'", "DELETE /{a=b/*} >", "delete"},
           Row{"patch: '/a' body: 'b' response_body: 'c'", "PATCH /a b>c", "patch, both bodies"},
           Row{"custom { kind: 'HEAD' path: '/a' }", "HEAD /a >", "custom"},
           Row{"custom { kind: 'OPTIONS' path: '/a' }", "OPTIONS /a >", "what the gateway would answer itself"},
           Row{"custom { kind: 'TRACE' path: '/a' } body: '*'", "TRACE /a *>", "custom, with a body"},
           Row{"get: '/'", "GET / >", "the root"},
           Row{"get: '/a' response_body: '*'", "GET /a >", "the whole response, said so"},
           Row{"custom { kind: '*' path: '/a' }", "* /a >", "any method"},
           Row{"selector: 'x.Y' get: '/a'", "GET /a >", "the selector has been used by then"},
           Row{"post: '/v1/ticks:subscribe' body: '*' additional_bindings { post: '/events' body: '*' } "
               "additional_bindings { get: '/v1/ticks:subscribe' }",
               "POST /v1/ticks:subscribe *>; POST /events *>; GET /v1/ticks:subscribe >", "several, in order"},
       }) {
    const auto bindings = BindingsOf(Rule(row.rule), "pkg.Service.Method", TemplateSyntax());
    ASSERT_TRUE(bindings.ok()) << row.reason << ": " << bindings.status();
    EXPECT_EQ(Describe(*bindings), row.bindings) << row.reason;
  }
}

TEST(BindingsOf, ErrorsNameTheMethod) {
  struct Row {
    const char* rule;
    const char* error;
  };
  for (const Row& row : {
           Row{"", "no pattern: set one of get, put, post, delete, patch or custom"},
           Row{"body: '*'", "no pattern: set one of get, put, post, delete, patch or custom"},
           Row{"get: ''", "GET template \"\": column 1: expected \"/\", found the end"},
           Row{"get: '/a/{b'",
               "GET template \"/a/{b\": column 4: the variable is not closed, expected \".\", \"=\" or \"}\""},
           Row{"custom { path: '/a' }", "custom kind \"\" is no HTTP method: write a name or \"*\""},
           Row{"custom { kind: 'A B' path: '/a' }", "custom kind \"A B\" is no HTTP method: write a name or \"*\""},
           Row{"get: '/a' additional_bindings { }", "no pattern: set one of get, put, post, delete, patch or custom"},
           Row{"get: '/a' additional_bindings { get: 'b' }",
               "GET template \"b\": column 1: expected \"/\", found \"b\""},
           Row{"get: '/a' additional_bindings { get: '/b' additional_bindings { get: '/c' } }",
               "an additional binding has additional bindings: put them all into the rule's own list"},
       }) {
    const auto bindings = BindingsOf(Rule(row.rule), "pkg.Service.Method", TemplateSyntax());
    ASSERT_FALSE(bindings.ok()) << row.rule;
    EXPECT_EQ(std::string(bindings.status().message()),
              absl::StrCat("pkg.Service.Method: google.api.http: ", row.error));
  }
}

TEST(BindingsOf, ReadsTemplatesOfAnySyntax) {
  const google::api::HttpRule rule = Rule("get: '/a/**/b' additional_bindings { get: '/a:b/c' }");
  const auto lenient =
      BindingsOf(rule, "pkg.Service.Method", {.segments_after_star_star = true, .colons_in_literals = true});
  ASSERT_TRUE(lenient.ok()) << lenient.status();
  EXPECT_EQ(Describe(*lenient), "GET /a/**/b >; GET /a:b/c >");
  EXPECT_EQ(
      BindingsOf(rule, "pkg.Service.Method", TemplateSyntax()).status().message(),
      "pkg.Service.Method: google.api.http: GET template \"/a/**/b\": column 6: expected \":\" or the end (\"**\" "
      "comes last), found \"/\"");
}

TEST(UnboundBinding, IsThePathOfGrpc) {
  EXPECT_EQ(Describe({UnboundBinding("penstock.tick.v1.TickService.Subscribe")}),
            "POST /penstock.tick.v1.TickService/Subscribe *>");
  EXPECT_EQ(Describe({UnboundBinding("Service.Method")}), "POST /Service/Method *>");
}

}  // namespace
}  // namespace penstock::route
