#include "gateway/schema/schema_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace penstock {
namespace {

using ::testing::HasSubstr;

constexpr char kTickDescriptors[] = "proto/tick.binpb";

std::string WriteFile(const std::string& name, const std::string& bytes) {
  const std::string path = std::string(std::getenv("TEST_TMPDIR")) + "/" + name;
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

TEST(SchemaFromFiles, ReadsSetsThatShareFiles) {
  const auto schema = SchemaFromFiles({kTickDescriptors, kTickDescriptors}, {});
  ASSERT_TRUE(schema.ok()) << schema.status();
  EXPECT_EQ((*schema)->method_count(), 1u);
  EXPECT_EQ((*schema)->routes().size(), 3u);
}

TEST(ApiRulesFromFile, NamesTheFileAndThePlace) {
  EXPECT_EQ(ApiRulesFromFile("nowhere.yaml").status().message(), "--api-config=nowhere.yaml: cannot be read");
  const auto rules = ApiRulesFromFile(WriteFile("api.yaml", "http:\n  rules:\n  - selector: a.S.M\n    get: /a\n"));
  ASSERT_TRUE(rules.ok()) << rules.status();
  ASSERT_EQ(rules->size(), 1u);
  EXPECT_EQ(rules->front().rule.get(), "/a");
  const auto unknown = ApiRulesFromFile(WriteFile("bad.yaml", "htp: {}\n"));
  EXPECT_THAT(std::string(unknown.status().message()), HasSubstr("bad.yaml: line 1, column 1: unknown key \"htp\""));
}

TEST(SchemaFromFiles, NamesTheFileAndTheRemedy) {
  const auto absent = SchemaFromFiles({"nowhere.binpb"}, {});
  EXPECT_THAT(std::string(absent.status().message()), HasSubstr("--descriptors=nowhere.binpb: cannot be read"));
  const std::string path = WriteFile("text.binpb", "syntax = \"proto3\";");
  const auto text = SchemaFromFiles({path}, {});
  EXPECT_THAT(std::string(text.status().message()), HasSubstr(path));
  EXPECT_THAT(std::string(text.status().message()), HasSubstr("--descriptor_set_out"));
}

// An upstream whose every call fails as it is told.
class FailingChannel final : public upstream::Channel {
 public:
  explicit FailingChannel(net::Loop& loop) : loop_(loop) {}

  std::unique_ptr<upstream::Call> StartCall(upstream::CallRequest request, upstream::CallHandler* handler) override {
    paths.push_back(request.path);
    loop_.Post([handler] {
      upstream::CallEnd end;
      end.status = absl::UnavailableError("going down");
      handler->OnCallEnd(std::move(end));
    });
    return std::make_unique<DeadCall>();
  }
  bool ready() const override { return true; }

  std::vector<std::string> paths;

 private:
  class DeadCall final : public upstream::Call {
   public:
    void SendMessage(absl::string_view /*message*/, bool /*last*/) override {}
    void CloseSend() override {}
    size_t Unsent() const override { return 0; }
    void GiveBack(size_t /*bytes*/) override {}
  };

  net::Loop& loop_;
};

TEST(ReflectedDescriptors, SaysWhyThereAreNoneAndAsksAgainByItself) {
  net::Loop loop;
  FailingChannel channel(loop);
  std::vector<std::string> reasons;
  ReflectedDescriptors source(loop, channel, "there:1", [&](absl::StatusOr<google::protobuf::FileDescriptorSet> files) {
    reasons.emplace_back(files.status().message());
    if (reasons.size() == 2) loop.Stop();
    return false;
  });
  loop.Post([&] { source.Ask(); });
  loop.Run();
  ASSERT_EQ(reasons.size(), 2u);
  EXPECT_THAT(reasons[0], HasSubstr("there:1"));
  EXPECT_THAT(reasons[0], HasSubstr("going down"));
  EXPECT_GE(channel.paths.size(), 2u);
}

TEST(ReflectedDescriptors, WhoAsksDuringAFetchGetsAnotherOne) {
  net::Loop loop;
  FailingChannel channel(loop);
  int answers = 0;
  ReflectedDescriptors source(loop, channel, "there:1",
                              [&](const absl::StatusOr<google::protobuf::FileDescriptorSet>& /*files*/) {
                                if (++answers == 2) loop.Stop();
                                return true;  // of use: nothing is asked again but what was
                              });
  loop.Post([&] {
    source.Ask();
    source.Ask();
  });
  loop.Run();
  EXPECT_EQ(answers, 2);
}

}  // namespace
}  // namespace penstock
