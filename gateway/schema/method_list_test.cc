#include "gateway/schema/method_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/timestamp.pb.h"

namespace penstock {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string ListOf(const std::string& file) {
  google::protobuf::FileDescriptorSet files;
  google::protobuf::Timestamp::descriptor()->file()->CopyTo(files.add_file());
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(file, files.add_file()));
  const auto schema = Schema::Build(files, {});
  EXPECT_TRUE(schema.ok()) << schema.status();
  return schema.ok() ? PrintMethodList(**schema) : "";
}

constexpr char kFile[] = R"(
  name: "a.proto" package: "p" syntax: "proto3" dependency: "google/protobuf/timestamp.proto"
  message_type {
    name: "In"
    field { name: "big_count" number: 1 type: TYPE_UINT64 label: LABEL_OPTIONAL json_name: "bigCount" }
    field { name: "self" number: 2 type: TYPE_MESSAGE type_name: ".p.In" label: LABEL_REPEATED json_name: "self" }
    field { name: "kind" number: 3 type: TYPE_ENUM type_name: ".p.Kind" label: LABEL_OPTIONAL json_name: "kind" }
    field { name: "at" number: 4 type: TYPE_MESSAGE type_name: ".google.protobuf.Timestamp" label: LABEL_OPTIONAL
            json_name: "at" }
    field { name: "by" number: 5 type: TYPE_MESSAGE type_name: ".p.In.ByEntry" label: LABEL_REPEATED json_name: "by" }
    field { name: "one" number: 6 type: TYPE_STRING label: LABEL_OPTIONAL json_name: "one" oneof_index: 0 }
    nested_type {
      name: "ByEntry" options { map_entry: true }
      field { name: "key" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
      field { name: "value" number: 2 type: TYPE_BOOL label: LABEL_OPTIONAL }
    }
    oneof_decl { name: "choice" }
  }
  message_type { name: "Out" }
  enum_type { name: "Kind" value { name: "NONE" number: 0 } value { name: "SOME" number: 1 } }
  service {
    name: "S"
    method { name: "M" input_type: ".p.In" output_type: ".p.Out" server_streaming: true }
    method { name: "N" input_type: ".p.Out" output_type: ".p.In" client_streaming: true }
  })";

TEST(MethodList, NamesMethodsRoutesAndShapes) {
  EXPECT_EQ(ListOf(kFile),
            R"({"methods":[
{"name":"p.S.M","clientStreaming":false,"serverStreaming":true,"input":"p.In","output":"p.Out","routes":[{"verb":"POST","path":"/p.S/M","body":"*","responseBody":""}]},
{"name":"p.S.N","clientStreaming":true,"serverStreaming":false,"input":"p.Out","output":"p.In","routes":[{"verb":"POST","path":"/p.S/N","body":"*","responseBody":""}]}],
"messages":{"p.In":[{"name":"bigCount","type":"uint64"},{"name":"self","type":"message","of":"p.In","list":true},{"name":"kind","type":"enum","of":"p.Kind"},{"name":"at","type":"message","of":"google.protobuf.Timestamp"},{"name":"by","type":"bool","key":"string"},{"name":"one","type":"string","oneof":"choice"}],
"p.Out":[]},
"enums":{"p.Kind":["NONE","SOME"]}}
)");
}

TEST(MethodList, ShapesAreBounded) {
  std::string file = R"(name: "a.proto" package: "p" syntax: "proto3"
      service { name: "S" method { name: "M" input_type: ".p.M0" output_type: ".p.M0" } })";
  constexpr int kMessages = 20'000;
  for (int i = 0; i < kMessages; ++i) {
    absl::StrAppend(&file, "message_type { name: \"M", i,
                    "\" field { name: \"f\" number: 1 type: TYPE_MESSAGE type_name: ", "\".p.M", (i + 1) % kMessages,
                    "\" label: LABEL_OPTIONAL json_name: \"f\" } }\n");
  }
  const std::string json = ListOf(file);
  EXPECT_LT(json.size(), kMaxShapeBytes + 10'000);
  EXPECT_THAT(json, HasSubstr("\"p.M100\":["));
  EXPECT_THAT(json, Not(HasSubstr(absl::StrCat("\"p.M", kMessages - 1, "\":["))));
}

}  // namespace
}  // namespace penstock
