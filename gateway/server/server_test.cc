#include "gateway/server/server.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>

namespace penstock {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

config::Config Base() {
  config::Config config;
  config.listen = {net::Address::Tcp("127.0.0.1", 0)};
  config.admin_listen = net::Address::Tcp("127.0.0.1", 0);
  config.upstream = {{"localhost:1", {net::Address::Tcp("localhost", 1)}}};
  config.access_log.kind = config::AccessLogTarget::Kind::kOff;
  config.max_connections = 10;
  return config;
}

// The same set as protoc writes it where --include_imports was forgotten.
std::string WithoutImports(const std::string& path) {
  google::protobuf::FileDescriptorSet set, alone;
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(set.ParseFromIstream(&in));
  *alone.add_file() = set.file(set.file_size() - 1);
  const std::string other = std::string(std::getenv("TEST_TMPDIR")) + "/alone.binpb";
  std::ofstream out(other, std::ios::binary);
  EXPECT_TRUE(alone.SerializeToOstream(&out));
  return other;
}

// What `--check` finds, without any traffic. Serving is tested on the real binary, in tests/e2e.
TEST(Server, ChecksWhatCanBeKnownWithoutTraffic) {
  EXPECT_TRUE(Server::Create(Base()).ok());

  config::Config config = Base();
  config.descriptors = {"nowhere.binpb"};
  EXPECT_THAT(std::string(Server::Create(config).status().message()), HasSubstr("nowhere.binpb"));

  config = Base();
  config.descriptors = {"proto/tick.binpb"};
  EXPECT_TRUE(Server::Create(config).ok());
  config.expose = {"penstock.tick.v1.TockService"};
  EXPECT_THAT(std::string(Server::Create(config).status().message()),
              AllOf(HasSubstr("--expose=penstock.tick.v1.TockService"), HasSubstr("penstock.tick.v1.TickService")));

  config = Base();
  config.descriptors = {WithoutImports("proto/tick.binpb")};
  EXPECT_THAT(
      std::string(Server::Create(config).status().message()),
      AllOf(HasSubstr("penstock/tick/v1/tick.proto"), HasSubstr("imports \"google/"), HasSubstr("--include_imports")));

  config = Base();
  config.web_root = {config::WebRoot::Kind::kDirectory, "/nowhere"};
  EXPECT_THAT(std::string(Server::Create(config).status().message()), HasSubstr("/nowhere"));

  config = Base();
  config.access_log = {config::AccessLogTarget::Kind::kFile, "/dev/null/access.log"};
  EXPECT_THAT(std::string(Server::Create(config).status().message()), HasSubstr("/dev/null/access.log"));

  config = Base();
  config.upstream.push_back({"localhost:2", {net::Address::Tcp("localhost", 2)}});
  EXPECT_TRUE(Server::Create(config).ok()) << "several upstreams";
}

TEST(Server, ABusyPortIsAnErrorThatNamesIt) {
  config::Config config = Base();
  auto first = Server::Create(config);
  ASSERT_TRUE(first.ok());
  net::Loop loop;
  http::SessionSet set(loop, {}, [](http::RequestHead, http::ResponseStream&) { return nullptr; });
  auto taken = http::Acceptor::Listen(loop, {.addresses = {net::Address::Tcp("127.0.0.1", 0)}}, {&set});
  ASSERT_TRUE(taken.ok()) << taken.status();
  config.listen = {(*taken)->addresses()[0]};
  auto server = Server::Create(config);
  ASSERT_TRUE(server.ok());
  const absl::Status status = (*server)->Run();
  EXPECT_THAT(std::string(status.message()), HasSubstr(net::PrintAddress((*taken)->addresses()[0])));
}

}  // namespace
}  // namespace penstock
