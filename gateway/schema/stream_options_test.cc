#include "gateway/schema/stream_options.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>

#include "gateway/grpc_gateway/grpc_gateway_rules.h"
#include "gateway/schema/schema.h"
#include "google/protobuf/descriptor.pb.h"
#include "penstock/options/v1/options.pb.h"

namespace penstock {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// One streaming method, with `options` in its MethodOptions as a pool that does not know them has them.
absl::StatusOr<std::shared_ptr<const Schema>> Build(const options::v1::StreamOptions& options,
                                                    const char* method = "Stream",
                                                    const SchemaRules& rules = kNativeRules) {
  google::protobuf::FileDescriptorSet files;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"pb(
        file {
          name: "a.proto"
          package: "a"
          syntax: "proto3"
          message_type {
            name: "In"
            field { name: "after" number: 1 type: TYPE_UINT64 label: LABEL_OPTIONAL }
            field { name: "cursor" number: 2 type: TYPE_STRING label: LABEL_OPTIONAL }
            field { name: "flags" number: 3 type: TYPE_BOOL label: LABEL_OPTIONAL }
            field { name: "page" number: 4 type: TYPE_MESSAGE type_name: ".a.In" label: LABEL_OPTIONAL }
          }
          message_type {
            name: "Item"
            field { name: "number" number: 1 type: TYPE_UINT64 label: LABEL_OPTIONAL }
            field { name: "key" number: 2 type: TYPE_STRING label: LABEL_OPTIONAL }
            field { name: "tags" number: 3 type: TYPE_STRING label: LABEL_REPEATED }
          }
          service {
            name: "S"
            method { name: "Stream" input_type: ".a.In" output_type: ".a.Item" server_streaming: true }
            method { name: "Unary" input_type: ".a.In" output_type: ".a.Item" }
            method {
              name: "Chat"
              input_type: ".a.In"
              output_type: ".a.Item"
              client_streaming: true
              server_streaming: true
            }
          }
        })pb",
      &files));
  for (auto& each : *files.mutable_file(0)->mutable_service(0)->mutable_method()) {
    if (each.name() != method) continue;
    each.mutable_options()->mutable_unknown_fields()->AddLengthDelimited(kStreamOptionNumber,
                                                                         options.SerializeAsString());
  }
  SchemaOptions schema;
  schema.rules = &rules;
  return Schema::Build(files, schema);
}

options::v1::StreamOptions Options(const char* type, const char* id_field, const char* resume_field) {
  options::v1::StreamOptions options;
  options.set_type(type);
  options.set_id_field(id_field);
  options.set_resume_field(resume_field);
  return options;
}

const Schema::Method& StreamOf(const Schema& schema) { return *schema.routes()[0].method; }

TEST(StreamOptions, TheNumberIsTheProtosOwn) { EXPECT_EQ(kStreamOptionNumber, options::v1::stream.number()); }

TEST(StreamOptions, SayWhatRecordsAreCalledAndHowAStreamGoesOn) {
  const auto schema = Build(Options("entry", "number", "page.after"));
  ASSERT_TRUE(schema.ok()) << schema.status();
  const Schema::Method& method = StreamOf(**schema);
  EXPECT_EQ(method.record_frame.type(), "entry");
  ASSERT_TRUE(method.stream.id.has_value());
  EXPECT_EQ(method.stream.id->field().name, "number");
  EXPECT_EQ(codec::FieldPathText(method.stream.resume_field), "page.after");
  EXPECT_TRUE(Build(Options("", "key", "cursor")).ok()) << "text";
  EXPECT_TRUE(Build(Options("", "number", "cursor")).ok()) << "any id is text";
}

TEST(StreamOptions, WithoutThemTheMessagesNameCounts) {
  const auto schema = Build({}, "none");
  ASSERT_TRUE(schema.ok()) << schema.status();
  EXPECT_EQ(StreamOf(**schema).record_frame.type(), "item");
  EXPECT_FALSE(StreamOf(**schema).stream.id.has_value());
}

TEST(StreamOptions, WhatCannotBeMeantIsRefusedWithItsPlace) {
  const struct {
    const char* why;
    options::v1::StreamOptions options;
    const char* method;
    const char* says;
  } kRows[] = {
      {"no such field", Options("", "nope", "after"), "Stream", "id_field"},
      {"a list", Options("", "tags", "after"), "Stream", "one string or integer"},
      {"no such field in the request", Options("", "number", "nope"), "Stream", "resume_field"},
      {"of another type", Options("", "number", "flags"), "Stream", "cannot hold"},
      {"text into a number", Options("", "key", "after"), "Stream", "cannot hold"},
      {"half of it", Options("", "number", ""), "Stream", "needs a resume_field"},
      {"the other half", Options("", "", "after"), "Stream", "needs an id_field"},
      {"a lifecycle event", Options("error", "", ""), "Stream", "choose another name"},
      {"and SSE's", Options("failure", "", ""), "Stream", "choose another name"},
      {"a line end", Options("a\nb", "", ""), "Stream", "visible ASCII"},
      {"a quote", Options("a\"b", "", ""), "Stream", "visible ASCII"},
      {"no stream", Options("x", "", ""), "Unary", "stream their answer"},
      {"a stream of requests", Options("", "number", "after"), "Chat", "no one message"},
  };
  for (const auto& row : kRows) {
    const auto schema = Build(row.options, row.method);
    ASSERT_FALSE(schema.ok()) << row.why;
    EXPECT_THAT(std::string(schema.status().message()),
                AllOf(HasSubstr(std::string("a.S.") + row.method), HasSubstr("penstock.options.v1.stream"),
                      HasSubstr(row.says)))
        << row.why;
  }
}

TEST(StreamOptions, HaveNoMeaningByGrpcGatewaysRules) {
  EXPECT_TRUE(Build(Options("error", "nope", ""), "Stream", grpc_gateway::kGrpcGatewayRules).ok());
}

}  // namespace
}  // namespace penstock
