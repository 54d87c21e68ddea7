#include "gateway/schema/schema.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/grpc_gateway/grpc_gateway_rules.h"
#include "gateway/route/api_config.h"
#include "gateway/route/percent.h"
#include "gateway/route/router.h"
#include "google/api/annotations.pb.h"

namespace penstock {
namespace {

using ::testing::HasSubstr;
using Kind = route::Router::Match::Kind;

constexpr const SchemaRules* kAllRules[] = {&kNativeRules, &grpc_gateway::kGrpcGatewayRules};

google::protobuf::FileDescriptorSet Files(const std::string& text) {
  google::protobuf::FileDescriptorSet files;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &files));
  return files;
}

// One service with a bound and an unbound method, and gRPC's own health service beside it.
google::protobuf::FileDescriptorSet Api() {
  auto files = Files(R"pb(
    file {
      name: "a.proto"
      package: "a"
      syntax: "proto3"
      message_type {
        name: "In"
        field { name: "id" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
      }
      message_type { name: "Out" }
      service {
        name: "S"
        method { name: "Bound" input_type: ".a.In" output_type: ".a.Out" server_streaming: true }
        method { name: "Unbound" input_type: ".a.In" output_type: ".a.Out" }
      }
    }
    file {
      name: "h.proto"
      package: "grpc.health.v1"
      syntax: "proto3"
      message_type { name: "In" }
      service {
        name: "Health"
        method { name: "Watch" input_type: ".grpc.health.v1.In" output_type: ".grpc.health.v1.In" }
      }
    }
  )pb");
  auto* rule = files.mutable_file(0)->mutable_service(0)->mutable_method(0)->mutable_options()->MutableExtension(
      google::api::http);
  rule->set_get("/v1/{id}:watch");
  return files;
}

TEST(Schema, RoutesBoundAndUnboundMethodsButNotGrpcsOwn) {
  const auto schema = Schema::Build(Api(), {});
  ASSERT_TRUE(schema.ok()) << schema.status();
  const auto match = (*schema)->router().Find("GET", "/v1/x:watch");
  ASSERT_EQ(match.kind, Kind::kFound);
  const Schema::Route& route = (*schema)->route(match.route);
  EXPECT_EQ(route.method->full_name, "a.S.Bound");
  EXPECT_EQ(route.method->path, "/a.S/Bound");
  EXPECT_TRUE(route.method->server_streaming);
  EXPECT_EQ(route.method->record_frame.type(), "out");
  EXPECT_EQ(route.path_template, "/v1/{id}:watch");
  EXPECT_FALSE(route.request.takes_body());
  EXPECT_EQ((*schema)->router().Find("POST", "/a.S/Unbound").kind, Kind::kFound);
  EXPECT_EQ((*schema)->router().Find("POST", "/a.S/Bound").kind, Kind::kNotFound);
  EXPECT_EQ((*schema)->router().Find("POST", "/grpc.health.v1.Health/Watch").kind, Kind::kNotFound);
  EXPECT_EQ((*schema)->method_count(), 2u);
}

TEST(Schema, ExposeChoosesServicesAndUnboundMethodsCanBeOff) {
  SchemaOptions options;
  options.expose = {"grpc.health.v1.Health"};
  auto schema = Schema::Build(Api(), options);
  ASSERT_TRUE(schema.ok()) << schema.status();
  EXPECT_EQ((*schema)->router().Find("POST", "/grpc.health.v1.Health/Watch").kind, Kind::kFound);
  EXPECT_EQ((*schema)->router().Find("GET", "/v1/x:watch").kind, Kind::kNotFound);

  options = SchemaOptions();
  options.unbound_methods = false;
  schema = Schema::Build(Api(), options);
  ASSERT_TRUE(schema.ok()) << schema.status();
  EXPECT_EQ((*schema)->router().Find("POST", "/a.S/Unbound").kind, Kind::kNotFound);
  EXPECT_EQ((*schema)->router().Find("GET", "/v1/x:watch").kind, Kind::kFound);
}

// The rule of a.S's method `index` in Api().
google::api::HttpRule& RuleOf(google::protobuf::FileDescriptorSet& files, int index) {
  return *files.mutable_file(0)->mutable_service(0)->mutable_method(index)->mutable_options()->MutableExtension(
      google::api::http);
}

// "a.S.Bound GET /v1/{id}", or the kind of what was not found.
std::string Find(const Schema& schema, const std::string& method, const std::string& path) {
  const auto match = schema.router().Find(method, path);
  switch (match.kind) {
    case Kind::kFound:
      return absl::StrCat(schema.route(match.route).method->full_name, " ", schema.route(match.route).path_template,
                          match.variables.empty() ? "" : " <- ", absl::StrJoin(match.variables, " | "));
    case Kind::kNotFound:
      return "not found";
    case Kind::kMethodNotAllowed:
      return "method not allowed";
    case Kind::kBadPath:
      break;
  }
  return "bad path";
}

TEST(Schema, RoutesEveryKindOfRule) {
  auto files = Api();
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"pb(get: "/v1/{id}"
           additional_bindings { put: "/v1/{id}" body: "*" }
           additional_bindings { post: "/v1/{id=x/*/**}:go" body: "*" }
           additional_bindings { delete: "/v1/{id}" }
           additional_bindings { patch: "/v1/{id}" body: "*" }
           additional_bindings { custom { kind: "HEAD" path: "/v1/{id}" } }
           additional_bindings { custom { kind: "OPTIONS" path: "/v1/{id}" } }
           additional_bindings { custom { kind: "TRACE" path: "/v1/{id}" } }
           additional_bindings { custom { kind: "*" path: "/any" } }
           additional_bindings { get: "/" })pb",
      &RuleOf(files, 0)));
  for (const SchemaRules* rules : kAllRules) {
    SchemaOptions options;
    options.rules = rules;
    const auto schema = Schema::Build(files, options);
    ASSERT_TRUE(schema.ok()) << schema.status();
    for (const char* method : {"GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"}) {
      EXPECT_EQ(Find(**schema, method, "/v1/7"), "a.S.Bound /v1/{id} <- 7") << method;
    }
    EXPECT_EQ(Find(**schema, "POST", "/v1/x/y/z:go"), "a.S.Bound /v1/{id=x/*/**}:go <- x/y/z");
    EXPECT_EQ(Find(**schema, "BREW", "/any"), "a.S.Bound /any");
    EXPECT_EQ(Find(**schema, "GET", "/"), "a.S.Bound /");
    EXPECT_EQ(Find(**schema, "BREW", "/v1/7"), "method not allowed");
  }
}

TEST(Schema, GrpcGatewaysRoutesWinInTheOrderOfTheFiles) {
  // The first file imports the second, which is built before it.
  auto files = Files(R"pb(
    file {
      name: "b.proto"
      package: "b"
      syntax: "proto3"
      dependency: "a.proto"
      service {
        name: "S"
        method { name: "M" input_type: ".a.In" output_type: ".a.Out" }
      }
    }
  )pb");
  files.MergeFrom(Api());
  files.mutable_file(0)
      ->mutable_service(0)
      ->mutable_method(0)
      ->mutable_options()
      ->MutableExtension(google::api::http)
      ->set_get("/v1/{id=**}");
  auto& of_a = *files.mutable_file(1)->mutable_service(0)->mutable_method(1)->mutable_options()->MutableExtension(
      google::api::http);
  of_a.set_get("/v1/{id}");
  of_a.add_additional_bindings()->set_get("/v1/{id=*}");
  SchemaOptions options;
  options.rules = &grpc_gateway::kGrpcGatewayRules;
  options.unescape = route::Unescape::kLegacy;
  auto schema = Schema::Build(files, options);
  ASSERT_TRUE(schema.ok()) << schema.status();
  EXPECT_EQ(Find(**schema, "GET", "/v1/x:watch"), "a.S.Unbound /v1/{id=*} <- x:watch") << "the last binding";
  EXPECT_EQ(Find(**schema, "GET", "/v1/x%2Fy"), "b.S.M /v1/{id=**} <- x/y") << "what only the first matches";

  files.mutable_file()->SwapElements(0, 1);
  schema = Schema::Build(files, options);
  ASSERT_TRUE(schema.ok()) << schema.status();
  EXPECT_EQ(Find(**schema, "GET", "/v1/x:watch"), "b.S.M /v1/{id=**} <- x:watch") << "the last file";
}

TEST(Schema, UnboundMethodsAreTheSameByAnyRules) {
  SchemaOptions options;
  options.rules = &grpc_gateway::kGrpcGatewayRules;
  EXPECT_EQ(Find(**Schema::Build(Api(), options), "POST", "/a.S/Unbound"), "a.S.Unbound /a.S/Unbound");
  options.unbound_methods = false;
  EXPECT_EQ(Find(**Schema::Build(Api(), options), "POST", "/a.S/Unbound"), "not found");
}

std::vector<route::ApiRule> Rules(const std::string& rules) {
  const auto parsed = route::ParseApiConfig(absl::StrCat("http:\n  rules:\n", rules));
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  return parsed.ok() ? *parsed : std::vector<route::ApiRule>();
}

TEST(Schema, ConfiguredRulesGoBeforeAnnotations) {
  SchemaOptions options;
  options.api_rules = Rules(
      "  - { selector: a.S.Bound, post: /v2/a, body: '*', additional_bindings: [ { get: '/v2/{id}' } ] }\n"
      "  - { selector: a.S.Unbound, get: '/v2/b/{id}' }\n"
      "  - { selector: grpc.health.v1.Health.Watch, get: /health }\n");
  for (const SchemaRules* rules : kAllRules) {
    options.rules = rules;
    const auto schema = Schema::Build(Api(), options);
    ASSERT_TRUE(schema.ok()) << schema.status();
    EXPECT_EQ(Find(**schema, "POST", "/v2/a"), "a.S.Bound /v2/a");
    EXPECT_EQ(Find(**schema, "GET", "/v2/7"), "a.S.Bound /v2/{id} <- 7");
    EXPECT_EQ(Find(**schema, "GET", "/v2/b/7"), "a.S.Unbound /v2/b/{id} <- 7") << "a method without an annotation";
    EXPECT_EQ(Find(**schema, "POST", "/a.S/Unbound"), "not found") << "it is bound now";
    EXPECT_EQ(Find(**schema, "GET", "/health"), "not found") << "not exposed";
    EXPECT_EQ(Find(**schema, "GET", "/v1/x:watch"),
              rules == &kNativeRules ? "not found" : "a.S.Bound /v1/{id}:watch <- x")
        << "the annotation: replaced, but grpc-gateway serves both";
  }
}

TEST(Schema, RefusesConfiguredRulesThatFitNoMethod) {
  struct Row {
    const char* rule;
    const char* error;
  };
  for (const Row& row : {
           Row{"{ selector: a.S.Bund, get: /a }",
               "--api-config: line 3, column 5: selector \"a.S.Bund\" names no method: a.S has Bound, Unbound"},
           Row{"{ selector: a.T.Bound, get: /a }",
               "--api-config: line 3, column 5: selector \"a.T.Bound\" names no method: write package.Service.Method "
               "as the "
               "descriptors have it"},
           Row{"{ selector: a.S, get: /a }",
               "--api-config: line 3, column 5: selector \"a.S\" names no method: write package.Service.Method as the "
               "descriptors have it"},
           Row{"{ selector: a.S.Bound, get: '/a/{id' }",
               "--api-config: line 3, column 5: a.S.Bound: google.api.http: GET template \"/a/{id\": column 4: the "
               "variable "
               "is not closed, expected \".\", \"=\" or \"}\""},
       }) {
    SchemaOptions options;
    options.api_rules = Rules(absl::StrCat("  - ", row.rule));
    EXPECT_EQ(Schema::Build(Api(), options).status().message(), row.error);
  }
}

TEST(Schema, TakesFilesInAnyOrder) {
  auto files = Files(R"pb(
    file {
      name: "b.proto"
      syntax: "proto3"
      dependency: "a.proto"
      message_type {
        name: "B"
        field { name: "a" number: 1 type: TYPE_MESSAGE type_name: ".A" label: LABEL_OPTIONAL }
      }
    }
    file {
      name: "a.proto"
      syntax: "proto3"
      message_type { name: "A" }
    }
  )pb");
  EXPECT_TRUE(Schema::Build(files, {}).ok());
}

struct BadRow {
  const char* why;
  const char* files;
  std::vector<std::string> expose;
  std::vector<const char*> names;  // what the message must name
};

TEST(Schema, RefusesWhatCannotBeServedAndNamesThePlace) {
  const BadRow rows[] = {
      {"a missing import",
       R"pb(file { name: "b.proto" dependency: "a.proto" })pb",
       {},
       {"b.proto", "a.proto", "--include_imports"}},
      {"an import cycle",
       R"pb(file { name: "a.proto" dependency: "b.proto" }
            file { name: "b.proto" dependency: "a.proto" })pb",
       {},
       {"a.proto", "imports itself"}},
      {"a type that nobody defines",
       R"pb(file {
              name: "a.proto"
              message_type {
                name: "A"
                field { name: "x" number: 1 type_name: ".Nope" label: LABEL_OPTIONAL }
              }
            })pb",
       {},
       {"a.proto", "Nope"}},
      {"a service that is not there",
       R"pb(file {
              name: "a.proto"
              service { name: "S" }
            })pb",
       {"T"},
       {"--expose=T", "S"}},
  };
  for (const BadRow& row : rows) {
    SchemaOptions options;
    options.expose = row.expose;
    const auto schema = Schema::Build(Files(row.files), options);
    ASSERT_FALSE(schema.ok()) << row.why;
    for (const char* name : row.names) {
      EXPECT_THAT(std::string(schema.status().message()), HasSubstr(name)) << row.why;
    }
  }
}

// What --check prints of them.
TEST(Schema, RefusesBadRulesAndNamesMethodTemplateAndColumn) {
  struct Row {
    const char* why;
    const char* rule;
    const char* error;
  };
  for (const Row& row : {
           Row{"a template that does not parse", "get: '/v1/{id'",
               "a.S.Bound: google.api.http: GET template \"/v1/{id\": column 5: the variable is not closed, expected "
               "\".\", "
               "\"=\" or \"}\""},
           Row{"no leading slash", "post: 'v1'",
               "a.S.Bound: google.api.http: POST template \"v1\": column 1: expected \"/\", found \"v\""},
           Row{"a second binding", "get: '/a' additional_bindings { custom { kind: 'HEAD' path: '/**/a' } }",
               "a.S.Bound: google.api.http: HEAD template \"/**/a\": column 4: expected \":\" or the end (\"**\" comes "
               "last), found \"/\""},
           Row{"no pattern", "body: '*'",
               "a.S.Bound: google.api.http: no pattern: set one of get, put, post, delete, patch or custom"},
           Row{"a clash", "get: '/v1/{id}' additional_bindings { get: '/v1/*' }",
               "a.S.Bound (GET /v1/{id}) and a.S.Bound (GET /v1/*) match the same paths: change one of the templates"},
       }) {
    auto files = Api();
    RuleOf(files, 0).Clear();
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(row.rule, &RuleOf(files, 0)));
    EXPECT_EQ(Schema::Build(files, {}).status().message(), row.error) << row.why;
  }
}

TEST(Schema, RefusesRulesThatDoNotFitTheMessages) {
  for (const char* rule :
       {"get: '/v1/{nope}'", "post: '/v1/{id}' body: 'nope'", "get: '/v1/{id}' response_body: 'nope'"}) {
    auto files = Api();
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(rule, &RuleOf(files, 0)));
    const std::string message(Schema::Build(files, {}).status().message());
    EXPECT_THAT(message, HasSubstr("a.S.Bound: ")) << rule;
    EXPECT_THAT(message, HasSubstr("/v1/{")) << rule;
    EXPECT_THAT(message, HasSubstr("nope")) << rule;
  }
}

TEST(Schema, RefusesRoutesOfTwoMethodsThatClash) {
  auto files = Api();
  RuleOf(files, 1).set_get("/v1/{id=*}:watch");
  const std::string message(Schema::Build(files, {}).status().message());
  EXPECT_THAT(message, HasSubstr("a.S.Bound (GET /v1/{id}:watch)"));
  EXPECT_THAT(message, HasSubstr("a.S.Unbound (GET /v1/{id=*}:watch)"));
  SchemaOptions options;
  options.rules = &grpc_gateway::kGrpcGatewayRules;
  EXPECT_TRUE(Schema::Build(files, options).ok()) << "there the last one wins";
}

}  // namespace
}  // namespace penstock
