#include "gateway/grpc_gateway/grpc_gateway_rules.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>

#include "gateway/schema/schema.h"
#include "google/api/annotations.pb.h"

namespace penstock::grpc_gateway {
namespace {

using Kind = route::Router::Match::Kind;

// A method with a field of its own message at `path`.
google::protobuf::FileDescriptorSet Api(const std::string& path) {
  google::protobuf::FileDescriptorSet files;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"pb(
        file {
          name: "a.proto"
          package: "a"
          syntax: "proto3"
          message_type {
            name: "In"
            field { name: "id" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
            field { name: "in" number: 2 type: TYPE_MESSAGE type_name: ".a.In" label: LABEL_OPTIONAL }
          }
          service {
            name: "S"
            method { name: "M" input_type: ".a.In" output_type: ".a.In" }
          }
        }
      )pb",
      &files));
  files.mutable_file(0)
      ->mutable_service(0)
      ->mutable_method(0)
      ->mutable_options()
      ->MutableExtension(google::api::http)
      ->set_get(path);
  return files;
}

std::shared_ptr<const Schema> Build(const std::string& path, const SchemaRules& rules, bool unpopulated = true) {
  SchemaOptions options;
  options.rules = &rules;
  options.print.unpopulated = unpopulated;
  const auto schema = Schema::Build(Api(path), options);
  EXPECT_TRUE(schema.ok()) << schema.status();
  return schema.ok() ? *schema : nullptr;
}

TEST(GrpcGatewayRules, AnswersForTheServersHealth) {
  const auto schema = Build("/v1/{id}", kGrpcGatewayRules);
  const auto match = schema->router().Find("GET", "/healthz");
  ASSERT_EQ(match.kind, Kind::kFound);
  const Schema::Route& route = schema->route(match.route);
  EXPECT_TRUE(route.is_health_check);
  EXPECT_EQ(route.method->path, "/grpc.health.v1.Health/Check");
  std::string wire;
  const std::string query = "service=a.S";
  EXPECT_TRUE(route.request.Bind({.queries = {query}}, &wire).ok());
  EXPECT_EQ(wire,
            "\x0a\x03"
            "a.S");
  EXPECT_EQ(Build("/v1/{id}", kNativeRules)->router().Find("GET", "/healthz").kind, Kind::kNotFound);
}

TEST(GrpcGatewayRules, AnApisOwnRouteGoesBeforeTheHealthCheck) {
  const auto schema = Build("/{id}", kGrpcGatewayRules);
  EXPECT_FALSE(schema->route(schema->router().Find("GET", "/healthz").route).is_health_check);
}

TEST(GrpcGatewayRules, PrintsUnsetMessagesIfAnythingUnset) {
  for (const bool unpopulated : {false, true}) {
    const auto schema = Build("/v1/{id}", kGrpcGatewayRules, unpopulated);
    const auto match = schema->router().Find("GET", "/v1/x");
    std::string json;
    EXPECT_TRUE(schema->route(match.route).response.Print("", 100, &json).ok());
    EXPECT_EQ(json, unpopulated ? R"({"id":"","in":null})" : "{}");
  }
}

}  // namespace
}  // namespace penstock::grpc_gateway
