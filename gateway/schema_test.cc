#include "gateway/schema.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "google/api/annotations.pb.h"

namespace penstock {
namespace {

using ::testing::HasSubstr;
using Kind = route::Router::Match::Kind;

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
  EXPECT_EQ(route.method->record_prefix, "{\"type\":\"out\",\"data\":");
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

TEST(Schema, RefusesBadRulesAndNamesMethodAndTemplate) {
  struct Row {
    const char* why;
    const char* path_template;
    const char* named;
  };
  for (const Row& row :
       {Row{"a template that does not parse", "/v1/{id", "column"},
        Row{"a variable that is no field", "/v1/{nope}", "nope"}, Row{"no leading slash", "v1", "column"}}) {
    auto files = Api();
    files.mutable_file(0)
        ->mutable_service(0)
        ->mutable_method(0)
        ->mutable_options()
        ->MutableExtension(google::api::http)
        ->set_get(row.path_template);
    const auto schema = Schema::Build(files, {});
    ASSERT_FALSE(schema.ok()) << row.why;
    const std::string message(schema.status().message());
    EXPECT_THAT(message, HasSubstr("a.S.Bound")) << row.why;
    EXPECT_THAT(message, HasSubstr(row.path_template)) << row.why;
    EXPECT_THAT(message, HasSubstr(row.named)) << row.why;
  }
}

TEST(Schema, RefusesRoutesThatClash) {
  auto files = Api();
  auto* method = files.mutable_file(0)->mutable_service(0)->mutable_method(1);
  method->mutable_options()->MutableExtension(google::api::http)->set_get("/v1/{id=*}:watch");
  const auto schema = Schema::Build(files, {});
  ASSERT_FALSE(schema.ok());
  EXPECT_THAT(std::string(schema.status().message()), HasSubstr("a.S.Bound"));
  EXPECT_THAT(std::string(schema.status().message()), HasSubstr("a.S.Unbound"));
}

}  // namespace
}  // namespace penstock
