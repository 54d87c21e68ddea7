#include "gateway/schema/schema_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace penstock {
namespace {

using google::protobuf::FileDescriptorSet;
using ::testing::AllOf;
using ::testing::HasSubstr;
using Kind = route::Router::Match::Kind;

// One file `package`.proto with a service S of the given unary methods, over a message with this field.
FileDescriptorSet Api(const std::string& package, const std::vector<std::string>& methods,
                      const std::string& field = "id") {
  FileDescriptorSet files;
  auto* file = files.add_file();
  file->set_name("common.proto");  // one name for all, as upstreams of one company have it
  file->set_package(package);
  file->set_syntax("proto3");
  auto* message = file->add_message_type();
  message->set_name("M");
  auto* id = message->add_field();
  id->set_name(field);
  id->set_number(1);
  id->set_type(google::protobuf::FieldDescriptorProto::TYPE_STRING);
  id->set_label(google::protobuf::FieldDescriptorProto::LABEL_OPTIONAL);
  auto* service = file->add_service();
  service->set_name("S");
  for (const std::string& name : methods) {
    auto* method = service->add_method();
    method->set_name(name);
    method->set_input_type("." + package + ".M");
    method->set_output_type("." + package + ".M");
  }
  return files;
}

const Schema::Method* Find(const SchemaStore& store, const std::string& path) {
  const auto match = store.schema()->router().Find("POST", path);
  return match.kind == Kind::kFound ? store.schema()->route(match.route).method : nullptr;
}

class SchemaStoreTest : public ::testing::Test {
 protected:
  bool Taken(size_t upstream, const FileDescriptorSet& files) {
    const auto changed = store_.Offer(upstream, files);
    EXPECT_TRUE(changed.ok()) << changed.status();
    return changed.ok() && *changed;
  }

  SchemaStore store_{{"first:1", "second:2"}, {}};
};

TEST_F(SchemaStoreTest, EachMethodBelongsToTheUpstreamThatHasIt) {
  EXPECT_EQ(store_.schema(), nullptr);
  EXPECT_TRUE(Taken(1, Api("b", {"Get"}, "name")));
  EXPECT_FALSE(store_.known(0));
  EXPECT_TRUE(store_.known(1));
  EXPECT_EQ(Find(store_, "/b.S/Get")->upstream, 1u) << "one upstream is served while the other is away";
  EXPECT_TRUE(Taken(0, Api("a", {"Get"})));
  EXPECT_EQ(Find(store_, "/a.S/Get")->upstream, 0u);
  EXPECT_EQ(Find(store_, "/b.S/Get")->upstream, 1u);
}

TEST_F(SchemaStoreTest, WhatDidNotChangeIsNotCompiledAgain) {
  ASSERT_TRUE(Taken(0, Api("a", {"Get"})));
  const auto before = store_.schema();
  EXPECT_FALSE(Taken(0, Api("a", {"Get"})));
  EXPECT_EQ(store_.schema(), before);
  EXPECT_TRUE(Taken(0, Api("a", {"Get", "Put"})));
  EXPECT_NE(store_.schema(), before);
  EXPECT_EQ(before->method_count(), 1u) << "whoever holds the old one keeps it";
  EXPECT_NE(Find(store_, "/a.S/Put"), nullptr);
}

TEST_F(SchemaStoreTest, AServiceOnTwoUpstreamsIsRefusedAndNamed) {
  ASSERT_TRUE(Taken(0, Api("a", {"Get"})));
  const auto before = store_.schema();
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto clash = store_.Offer(1, Api("a", {"Get"}));
    EXPECT_THAT(std::string(clash.status().message()),
                AllOf(HasSubstr("a.S"), HasSubstr("first:1"), HasSubstr("second:2")));
    EXPECT_EQ(store_.schema(), before);
    EXPECT_FALSE(store_.known(1));
  }
  // The first one lets it go: now the second may have it, although it was refused before.
  ASSERT_TRUE(Taken(0, Api("b", {"Get"})));
  EXPECT_TRUE(Taken(1, Api("a", {"Get"})));
  EXPECT_EQ(Find(store_, "/a.S/Get")->upstream, 1u);
}

TEST_F(SchemaStoreTest, WhatDoesNotCompileLeavesTheOldSchema) {
  ASSERT_TRUE(Taken(0, Api("a", {"Get"})));
  const auto before = store_.schema();
  FileDescriptorSet broken = Api("a", {"Get"});
  broken.mutable_file(0)->add_dependency("elsewhere.proto");
  EXPECT_THAT(std::string(store_.Offer(0, broken).status().message()),
              AllOf(HasSubstr("first:1"), HasSubstr("elsewhere.proto")));
  EXPECT_EQ(store_.schema(), before);
  EXPECT_FALSE(Taken(0, Api("a", {"Get"}))) << "the good ones again are no change";
}

TEST_F(SchemaStoreTest, AnExposedServiceMayBeThatOfAnUpstreamNotKnownYet) {
  SchemaOptions options;
  options.expose = {"a.S", "b.S"};
  store_.SetOptions(options);
  EXPECT_TRUE(Taken(0, Api("a", {"Get"})));
  EXPECT_THAT(std::string(store_.Offer(1, Api("c", {"Get"})).status().message()), HasSubstr("--expose=b.S"));
  EXPECT_TRUE(Taken(1, Api("b", {"Get"})));
}

TEST_F(SchemaStoreTest, ARuleMayBeThatOfAnUpstreamNotKnownYet) {
  SchemaOptions options;
  options.api_rules.resize(1);
  options.api_rules[0].rule.set_selector("b.S.Get");
  options.api_rules[0].rule.set_get("/v1/b");
  options.api_rules[0].place = "line 3";
  store_.SetOptions(options);
  EXPECT_TRUE(Taken(0, Api("a", {"Get"})));
  EXPECT_THAT(std::string(store_.Offer(1, Api("c", {"Get"})).status().message()),
              AllOf(HasSubstr("line 3"), HasSubstr("b.S.Get")));
  EXPECT_TRUE(Taken(1, Api("b", {"Get"})));
  const auto match = store_.schema()->router().Find("GET", "/v1/b");
  ASSERT_EQ(match.kind, Kind::kFound);
  EXPECT_EQ(store_.schema()->route(match.route).method->upstream, 1u);
}

TEST_F(SchemaStoreTest, OtherOptionsCompileTheSameDescriptorsAnew) {
  EXPECT_FALSE(store_.Refresh().value()) << "nothing is known";
  ASSERT_TRUE(Taken(0, Api("a", {"Get"})));
  EXPECT_FALSE(store_.Refresh().value()) << "nothing has changed";
  SchemaOptions options;
  options.unbound_methods = false;
  store_.SetOptions(options);
  EXPECT_NE(Find(store_, "/a.S/Get"), nullptr);
  EXPECT_TRUE(store_.Refresh().value());
  EXPECT_EQ(Find(store_, "/a.S/Get"), nullptr);

  store_.SetOptions({});
  EXPECT_TRUE(Taken(0, Api("a", {"Get"}))) << "the same descriptors are another schema now";
  EXPECT_NE(Find(store_, "/a.S/Get"), nullptr);
}

}  // namespace
}  // namespace penstock
