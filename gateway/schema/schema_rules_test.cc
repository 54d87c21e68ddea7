// Made-up rules: what a schema does is theirs to say, and no production code knows them.
#include "gateway/schema/schema_rules.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/schema/schema.h"
#include "google/api/annotations.pb.h"

namespace penstock {
namespace {

// Knows templates by their text. The route of "GET /a" is found as "a".
class TextRouter final : public route::Router {
 public:
  class Builder final : public route::Router::Builder {
   public:
    void Add(absl::string_view /*method*/, const route::PathTemplate& path_template, size_t route,
             absl::string_view /*owner*/) override {
      router_->routes_.emplace(path_template.text().substr(1), route);
    }
    absl::StatusOr<std::unique_ptr<const route::Router>> Build() && override {
      return std::unique_ptr<const route::Router>(std::move(router_));
    }

   private:
    std::unique_ptr<TextRouter> router_ = std::make_unique<TextRouter>();
  };

  using route::Router::Find;
  Match Find(absl::string_view /*method*/, absl::string_view path, bool /*is_form_post*/) const override {
    Match match;
    const auto found = routes_.find(std::string(path));
    if (found == routes_.end()) return match;
    match.kind = Match::Kind::kFound;
    match.route = found->second;
    return match;
  }

 private:
  std::map<std::string, size_t> routes_;
};

// The message is the body as it came, after what the rule says.
class EchoRequest final : public binding::RequestBinding {
 public:
  explicit EchoRequest(std::string rule) : rule_(std::move(rule)) {}
  bool takes_body() const override { return true; }
  bool takes_http_body() const override { return true; }
  absl::Status Bind(const Parts& request, std::string* wire) const override {
    absl::StrAppend(wire, rule_, ": ", request.body);
    return absl::OkStatus();
  }

 private:
  const std::string rule_;
};

// The length of the message, in place of it.
class LengthResponse final : public binding::ResponseBinding {
 public:
  explicit LengthResponse(binding::ResponseSource source) : ResponseBinding(std::move(source)) {}
  absl::Status Print(absl::string_view wire, size_t /*max_bytes*/, std::string* out) const override {
    absl::StrAppend(out, wire.size());
    return absl::OkStatus();
  }
};

class MadeUpRules final : public SchemaRules {
 public:
  std::unique_ptr<route::Router::Builder> NewRouter(route::Unescape /*unescape*/) const override {
    return std::make_unique<TextRouter::Builder>();
  }
  route::TemplateSyntax template_syntax() const override { return {.colons_in_literals = true}; }
  bool keeps_annotations() const override { return true; }
  absl::optional<HealthCheck> health_check() const override {
    HealthCheck check{"BREW", "/well", {}};
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        R"pb(
          name: "well.proto"
          message_type { name: "Well" }
          service {
            name: "Doctor"
            method { name: "Ask" input_type: ".Well" output_type: ".Well" }
          }
        )pb",
        &check.file));
    return check;
  }
  absl::StatusOr<std::unique_ptr<const binding::RequestBinding>> BindRequest(
      const codec::MessagePlan& input, const binding::RequestRule& rule) const override {
    if (rule.body == "nothing") return absl::InvalidArgumentError("there is nothing");
    return std::make_unique<const EchoRequest>(
        absl::StrCat(input.full_name(), rule.patch ? " patched" : "", " ", absl::StrJoin(rule.path_variables, ",")));
  }
  absl::StatusOr<std::unique_ptr<const binding::ResponseBinding>> BindResponse(
      const codec::MessagePlan& output, absl::string_view /*response_body*/) const override {
    return std::make_unique<const LengthResponse>(binding::ResponseSource{&output, {}});
  }
  codec::PrintOptions Printing(codec::PrintOptions asked) const override {
    asked.enum_numbers = true;
    return asked;
  }
  bool reads_stream_options() const override { return false; }
};

const MadeUpRules kMadeUpRules;

google::protobuf::FileDescriptorSet Api() {
  google::protobuf::FileDescriptorSet files;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"pb(
        file {
          name: "a.proto"
          package: "a"
          syntax: "proto3"
          enum_type {
            name: "Color"
            value { name: "RED" number: 0 }
          }
          message_type {
            name: "In"
            field { name: "id" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
            field { name: "color" number: 2 type: TYPE_ENUM type_name: ".a.Color" label: LABEL_OPTIONAL }
          }
          service {
            name: "S"
            method { name: "M" input_type: ".a.In" output_type: ".a.In" server_streaming: true }
          }
        }
      )pb",
      &files));
  return files;
}

google::api::HttpRule& RuleOf(google::protobuf::FileDescriptorSet& files) {
  return *files.mutable_file(0)->mutable_service(0)->mutable_method(0)->mutable_options()->MutableExtension(
      google::api::http);
}

SchemaOptions Options() {
  SchemaOptions options;
  options.rules = &kMadeUpRules;
  return options;
}

// The route that is found at `path`; null: none.
const Schema::Route* Find(const Schema& schema, absl::string_view path) {
  const auto match = schema.router().Find("GET", path);
  return match.kind == route::Router::Match::Kind::kFound ? &schema.route(match.route) : nullptr;
}

TEST(SchemaRules, ChooseRouterSyntaxAndBindings) {
  auto files = Api();
  RuleOf(files).set_patch("/a:b/{id}/{nope}");
  const auto schema = Schema::Build(files, Options());
  ASSERT_TRUE(schema.ok()) << schema.status();
  EXPECT_EQ(Find(**schema, "/a:b/x/y"), nullptr);
  const Schema::Route* const route = Find(**schema, "a:b/{id}/{nope}");
  ASSERT_NE(route, nullptr);
  EXPECT_EQ(route->method->full_name, "a.S.M");
  std::string wire;
  EXPECT_TRUE(route->request.Bind({.body = "tea"}, &wire).ok());
  EXPECT_EQ(wire, "a.In patched id,nope: tea");
  EXPECT_TRUE(route->request.takes_http_body());
  std::string json;
  EXPECT_TRUE(route->response.Print("12345", 1, &json).ok());
  EXPECT_EQ(json, "5");

  RuleOf(files).set_body("nothing");
  EXPECT_EQ(Schema::Build(files, Options()).status(),
            absl::InvalidArgumentError("a.S.M: PATCH /a:b/{id}/{nope}: there is nothing"));
}

TEST(SchemaRules, ChooseDefaults) {
  auto files = Api();
  RuleOf(files).set_get("/annotated");
  SchemaOptions options = Options();
  options.api_rules.resize(1);
  options.api_rules[0].rule.set_selector("a.S.M");
  options.api_rules[0].rule.set_get("/configured");
  const auto schema = Schema::Build(files, options);
  ASSERT_TRUE(schema.ok()) << schema.status();
  std::string routes;
  for (const Schema::Route& route : (*schema)->routes()) {
    absl::StrAppend(&routes, route.verb, " ", route.path_template, route.is_health_check ? " asks " : " calls ",
                    route.method->path, "\n");
  }
  EXPECT_EQ(routes, "BREW /well asks /Doctor/Ask\nGET /configured calls /a.S/M\nGET /annotated calls /a.S/M\n");
  const Schema::Route& route = *Find(**schema, "annotated");
  EXPECT_TRUE(route.method->input->plans().options().enum_numbers);
  EXPECT_EQ(route.method->stream.type, "") << "nobody asked";
}

}  // namespace
}  // namespace penstock
