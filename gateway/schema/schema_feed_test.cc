// From files; reflection on several upstreams is tested on real processes, in tests/e2e/schema_test.cc.
#include "gateway/schema/schema_feed.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>

namespace penstock {
namespace {

using google::protobuf::FileDescriptorSet;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SchemaFeedTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::ifstream in("proto/tick.binpb", std::ios::binary);
    ASSERT_TRUE(set_.ParseFromIstream(&in));
    Write();
  }

  void Write() {
    std::ofstream out(path_, std::ios::binary);
    ASSERT_TRUE(set_.SerializeToOstream(&out));
  }

  google::protobuf::FileDescriptorProto& Tick() { return *set_.mutable_file(set_.file_size() - 1); }

  void Start() {
    auto feed = SchemaFeed::Create({.upstreams = {"ticks:1"}, .descriptors = {path_}, .api_config = "", .schema = {}});
    ASSERT_TRUE(feed.ok()) << feed.status();
    feed_ = *std::move(feed);
    feed_->Start(loop_, {nullptr}, [this](std::shared_ptr<const Schema> schema, std::string missing) {
      ++published_;
      schema_ = std::move(schema);
      missing_ = std::move(missing);
    });
  }

  const std::string path_ = std::string(std::getenv("TEST_TMPDIR")) + "/tick.binpb";
  FileDescriptorSet set_;
  net::Loop loop_;
  std::unique_ptr<SchemaFeed> feed_;
  int published_ = 0;
  std::shared_ptr<const Schema> schema_;
  std::string missing_;
};

TEST_F(SchemaFeedTest, AChangedFileIsTakenWhenToldToAndTheOldSchemaLivesOn) {
  Start();
  ASSERT_NE(schema_, nullptr);
  EXPECT_EQ(missing_, "");
  EXPECT_EQ(schema_->method_count(), 1u);
  const auto old = schema_;

  feed_->Reload();
  EXPECT_EQ(published_, 1) << "nothing has changed";
  EXPECT_EQ(feed_->changes(), 1);

  auto* method = Tick().mutable_service(0)->add_method();
  *method = Tick().service(0).method(0);
  method->set_name("SubscribeToo");
  method->clear_options();
  Write();
  feed_->Reload();
  EXPECT_EQ(published_, 2);
  EXPECT_EQ(feed_->changes(), 2);
  EXPECT_EQ(schema_->method_count(), 2u);
  EXPECT_EQ(old->method_count(), 1u);
}

TEST_F(SchemaFeedTest, WhatCannotBeUsedLeavesTheSchemaAndIsCounted) {
  Start();
  const auto old = schema_;
  set_.mutable_file()->DeleteSubrange(0, set_.file_size() - 1);  // its imports
  Write();
  feed_->Reload();
  EXPECT_EQ(feed_->refusals(), 1);
  std::ofstream(path_) << "no descriptors";
  feed_->Reload();
  EXPECT_EQ(feed_->refusals(), 2);
  EXPECT_EQ(published_, 1);
  EXPECT_EQ(schema_, old);
  EXPECT_THAT(feed_->Missing(), ElementsAre()) << "it is ready all the same";
}

TEST_F(SchemaFeedTest, RulesAreReadAgainTogetherWithTheDescriptors) {
  const std::string rules = std::string(std::getenv("TEST_TMPDIR")) + "/rules.yaml";
  const auto write = [&](const std::string& method, const std::string& path) {
    std::ofstream(rules) << "http:\n  rules:\n  - selector: penstock.tick.v1.TickService." << method
                         << "\n    get: " << path << "\n";
  };
  const auto found = [&](const char* path) {
    return schema_->router().Find("GET", path).kind == route::Router::Match::Kind::kFound;
  };
  write("Subscribe", "/v2/ticks");
  auto feed = SchemaFeed::Create({.upstreams = {"ticks:1"}, .descriptors = {path_}, .api_config = rules, .schema = {}});
  ASSERT_TRUE(feed.ok()) << feed.status();
  feed_ = *std::move(feed);
  feed_->Start(loop_, {nullptr}, [this](std::shared_ptr<const Schema> schema, const std::string& /*missing*/) {
    ++published_;
    schema_ = std::move(schema);
  });
  EXPECT_TRUE(found("/v2/ticks"));
  feed_->Reload();
  EXPECT_EQ(published_, 1) << "neither has changed";

  // Rules for a method that only the new descriptors have.
  Tick().mutable_service(0)->mutable_method(0)->set_name("Follow");
  Write();
  write("Follow", "/v3/ticks");
  feed_->Reload();
  EXPECT_EQ(feed_->refusals(), 0);
  EXPECT_TRUE(found("/v3/ticks"));
  EXPECT_FALSE(found("/v2/ticks"));

  write("Nothing", "/v4/ticks");
  feed_->Reload();
  std::ofstream(rules) << "http: [";
  feed_->Reload();
  EXPECT_GE(feed_->refusals(), 2);
  EXPECT_TRUE(found("/v3/ticks")) << "the last good one stays";
  write("Follow", "/v5/ticks");
  feed_->Reload();
  EXPECT_TRUE(found("/v5/ticks"));
}

TEST_F(SchemaFeedTest, ABadFileAtStartIsAnError) {
  Tick().mutable_service(0)->mutable_method(0)->set_input_type(".nowhere.In");
  Write();
  const auto feed =
      SchemaFeed::Create({.upstreams = {"ticks:1"}, .descriptors = {path_}, .api_config = "", .schema = {}});
  EXPECT_THAT(std::string(feed.status().message()), HasSubstr("nowhere.In"));
}

}  // namespace
}  // namespace penstock
