#include "gateway/route/api_config.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace penstock::route {
namespace {

using testing::HasSubstr;

std::string Describe(const std::vector<ApiRule>& rules) {
  std::string text;
  for (const ApiRule& rule : rules) {
    google::protobuf::TextFormat::Printer printer;
    printer.SetSingleLineMode(true);
    std::string one;
    printer.PrintToString(rule.rule, &one);
    absl::StrAppend(&text, rule.place, ": ", one, "\n");
  }
  return text;
}

TEST(ParseApiConfig, ReadsEveryPatternAndBinding) {
  const auto rules = ParseApiConfig(R"(
type: google.api.Service
config_version: 3
name: ticks.example.com
apis:
- name: a.S
authentication: { rules: [ { selector: "*" } ] }
http:
  rules:
  - selector: a.S.Get
    get: /v1/{name=shelves/*}
  - {selector: a.S.Put, put: /v1/a, body: "*"}
  - selector: a.S.Post
    body: thing.part
    post: "/v1/a:go"
    response_body: thing
    additional_bindings:
    - delete: /v1/{id}
    - patch: /v1/{id}
      body: thing
  - selector: a.S.Head
    custom: { kind: HEAD, path: /v1/a }
)");
  ASSERT_TRUE(rules.ok()) << rules.status();
  EXPECT_EQ(Describe(*rules),
            "line 10, column 5: selector: \"a.S.Get\" get: \"/v1/{name=shelves/*}\" \n"
            "line 12, column 5: selector: \"a.S.Put\" put: \"/v1/a\" body: \"*\" \n"
            "line 13, column 5: selector: \"a.S.Post\" post: \"/v1/a:go\" body: \"thing.part\" "
            "additional_bindings { delete: \"/v1/{id}\" } "
            "additional_bindings { patch: \"/v1/{id}\" body: \"thing\" } response_body: \"thing\" \n"
            "line 21, column 5: selector: \"a.S.Head\" custom { kind: \"HEAD\" path: \"/v1/a\" } \n");
}

TEST(ParseApiConfig, TakesProtobufsJsonNamesAndNulls) {
  const auto rules = ParseApiConfig(R"(
configVersion: 3
producerProjectId: x
http:
  fullyDecodeReservedExpansion: false
  rules:
  - selector: a.S.M
    get:
    post: /a
    body: null
    responseBody: r
    additionalBindings: [ { get: /b } ]
)");
  ASSERT_TRUE(rules.ok()) << rules.status();
  EXPECT_EQ(Describe(*rules),
            "line 7, column 5: selector: \"a.S.M\" post: \"/a\" additional_bindings { get: \"/b\" } "
            "response_body: \"r\" \n");
  // JSON is YAML.
  EXPECT_EQ(Describe(ParseApiConfig(R"({"http":{"rules":[{"selector":"a.S.M","get":"/a"}]}})").value()),
            "line 1, column 19: selector: \"a.S.M\" get: \"/a\" \n");
}

TEST(ParseApiConfig, MayHaveNoRules) {
  for (const char* yaml :
       {"type: google.api.Service", "http:", "http: {}", "http: { rules: [] }", "http: { rules: }"}) {
    const auto rules = ParseApiConfig(yaml);
    ASSERT_TRUE(rules.ok()) << yaml << ": " << rules.status();
    EXPECT_TRUE(rules->empty()) << yaml;
  }
}

// Some versions of yaml-cpp spoil two escapes, others read them.
TEST(ParseApiConfig, AnEscapeIsItsCharacterOrAnError) {
  for (const auto& [escape, character] : {std::pair("\\N", "\u0085"), std::pair("\\_", "\u00a0")}) {
    const auto rules = ParseApiConfig(absl::StrCat("http: { rules: [ { selector: a.S.M, get: \"/", escape, "\" } ] }"));
    if (rules.ok()) {
      EXPECT_EQ(rules->at(0).rule.get(), absl::StrCat("/", character));
    } else {
      EXPECT_THAT(rules.status().message(),
                  HasSubstr("line 1, column 42: \"get\" is not UTF-8: write \\u0085 for \\N"));
    }
  }
  const auto spelled = ParseApiConfig(R"(http: { rules: [ { selector: a.S.M, get: "/\u0085\xa0" } ] })");
  ASSERT_TRUE(spelled.ok()) << spelled.status();
  EXPECT_EQ(spelled->at(0).rule.get(), "/\u0085\u00a0");
}

TEST(ParseApiConfig, ErrorsNameThePlaceAndTheRemedy) {
  struct Row {
    const char* yaml;
    const char* error;
  };
  for (const Row& row : {
           Row{"", "line 1, column 1: an empty file: begin with type: google.api.Service"},
           Row{"a: 1\n---\nb: 2\n",
               "line 2, column 1: more follows where the first YAML document has ended: leave one"},
           Row{"type: google.api.Service\nhttp: [", "line 2, column 1: no YAML: end of sequence flow not found"},
           Row{"http:\n  rules:\n  - selector: a.S.M\n    post: /a\n    body: *\n", "put a \"*\" in quotes"},
           Row{"{type: google.api.Service}}", "line 1, column 27: no YAML: illegal flow end"},
           Row{"{type: google.api.Service}, x",
               "line 1, column 27: more follows where the first YAML document has ended"},
           Row{"type: google.api.Service\nhttp:\n  rules:\n  - selector: a.S.\xff",
               "line 4, column 19: no YAML: a control character, or a byte"},
           Row{"\xff", "line 1, column 1: no YAML: a control character, or a byte that is not UTF-8"},
           Row{"http: \x04", "line 1, column 7: no YAML: a control character"},
           Row{"# nothing", "an empty file: begin"},
           Row{"- a", "line 1, column 1: \"google.api.Service\" takes keys and values, found a list"},
           Row{"text", "line 1, column 1: \"google.api.Service\" takes keys and values, found a single value"},
           Row{"type: google.api.Servise",
               "line 1, column 7: \"type\" is \"google.api.Servise\": write google.api.Service"},
           Row{"config_version: 2", "line 1, column 17: \"config_version\" is \"2\": write 3"},
           Row{"config_version: [3]", "line 1, column 17: \"config_version\" takes a single value, found a list"},
           Row{"type: google.api.Service\nhtp: {}",
               "line 2, column 1: unknown key \"htp\": \"google.api.Service\" has apis,"},
           Row{"http: {}\nhttp: {}", "line 2, column 1: \"http\" has been given at line 1, column 1: leave one out"},
           Row{"{[a]: 1}", "line 1, column 2: a key of \"google.api.Service\" is no text"},
           Row{"http: x", "line 1, column 7: \"http\" takes keys and values, found a single value"},
           Row{"http:\n  rule: []",
               "line 2, column 3: unknown key \"rule\": \"http\" has fully_decode_reserved_expansion, rules"},
           Row{"http: { fully_decode_reserved_expansion: true }",
               "line 1, column 9: \"fully_decode_reserved_expansion\" is not read: drop it and give "
               "--unescape=all-except-slash"},
           Row{"http: { rules: { selector: a } }", "line 1, column 16: \"rules\" takes a list, found keys and values"},
           Row{"http:\n  rules:\n  - a.S.M", "line 3, column 5: \"rules\" takes keys and values, found a single value"},
           Row{"http:\n  rules:\n  - selector: a.S.M\n    gett: /a",
               "line 4, column 5: unknown key \"gett\": \"rules\" has additional_bindings,"},
           Row{"http:\n  rules:\n  - selector: a.S.M\n    get: [/a]",
               "line 4, column 10: \"get\" takes a single value, found a list"},
           Row{"http:\n  rules:\n  - selector: a.S.M\n    get: /a\n    post: /a",
               "line 5, column 5: \"post\" is a second pattern: a rule has one, put others into additional_bindings"},
           Row{"http:\n  rules:\n  - selector: a.S.M\n    custom: { kind: A, path: /a }\n    get: /a",
               "line 5, column 5: \"get\" is a second pattern"},
           Row{"http:\n  rules:\n  - selector: a.S.M\n    body: \"*\"",
               "line 3, column 5: a rule without a pattern: set one of get, put, post, delete, patch or custom"},
           Row{"http:\n  rules:\n  - get: /a", "line 3, column 5: a rule without a selector: write the full name"},
           Row{"http:\n  rules:\n  - get: /a\n    selector: a.S.*",
               "line 4, column 15: selector \"a.S.*\": write the full name of one method, package.Service.Method"},
           Row{"http:\n  rules:\n  - get: /a\n    selector: a.S.M,a.S.N",
               "line 4, column 15: selector \"a.S.M,a.S.N\": write"},
           Row{"http:\n  rules:\n  - { selector: a.S.M, get: /a }\n  - { selector: a.S.M, get: /b }",
               "line 4, column 5: selector \"a.S.M\" has a rule at line 3, column 5: put further patterns into that "
               "rule's "
               "additional_bindings"},
           Row{"http:\n  rules:\n  - selector: a.S.M\n    get: /a\n    additional_bindings: { get: /b }",
               "line 5, column 26: \"additional_bindings\" takes a list, found keys and values"},
           Row{"http:\n  rules:\n  - selector: a.S.M\n    get: /a\n    additional_bindings:\n    - body: x",
               "line 6, column 7: a rule without a pattern"},
           Row{"http:\n  rules:\n  - selector: a.S.M\n    get: /a\n    additional_bindings:\n    - get: /b\n"
               "      additional_bindings: []",
               "line 7, column 7: an additional binding has none of its own: put them all into the rule's list"},
           Row{"http:\n  rules:\n  - selector: a.S.M\n    get: /a\n    additionalBindings: []\n    "
               "additional_bindings: []",
               "line 6, column 5: \"additional_bindings\" has been given at line 5, column 5"},
           Row{"http:\n  rules:\n  - selector: a.S.M\n    custom: HEAD",
               "line 4, column 13: \"custom\" takes keys and values"},
           Row{"http:\n  rules:\n  - selector: a.S.M\n    custom: { kind: HEAD }",
               "line 4, column 5: \"custom\" needs both: kind, an HTTP method or \"*\", and path"},
           Row{"http:\n  rules:\n  - selector: a.S.M\n    custom: { kind: HEAD, pth: /a }",
               "line 4, column 27: unknown key \"pth\": \"custom\" has kind, path"},
       }) {
    const auto rules = ParseApiConfig(row.yaml);
    ASSERT_FALSE(rules.ok()) << row.yaml;
    EXPECT_THAT(std::string(rules.status().message()), HasSubstr(row.error)) << row.yaml;
    EXPECT_EQ(rules.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(rules.status().message().substr(0, 5), "line ") << row.yaml;
  }
}

// Whatever is cut off a file, what is left parses or fails with a place inside it.
TEST(ParseApiConfig, SurvivesEveryCut) {
  const std::string whole =
      "type: google.api.Service\nhttp:\n  rules:\n  - selector: &a a.S.M\n    custom: {kind: '*', path: \"/a\"}\n"
      "    additional_bindings: [{get: /b, body: *a}]\n";
  ASSERT_TRUE(ParseApiConfig(whole).ok()) << ParseApiConfig(whole).status();
  for (size_t begin = 0; begin <= whole.size(); ++begin) {
    for (size_t length = 0; begin + length <= whole.size(); ++length) {
      const auto rules = ParseApiConfig(whole.substr(begin, length));
      if (rules.ok()) continue;
      EXPECT_THAT(std::string(rules.status().message()), HasSubstr(", column "));
    }
  }
}

}  // namespace
}  // namespace penstock::route
