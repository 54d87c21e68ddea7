// Schemas: several upstreams, one that is unreachable, schemas that change during a stream, and errors that name what
// is wrong.
#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/support/json_at.h"
#include "tests/support/raw_client.h"
#include "tests/support/servers.h"

namespace penstock::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kTick[] = "/v1/ticks:subscribe";
constexpr char kEcho[] = "/v1/everything:echo";

Response Post(const Server& gateway, absl::string_view target, absl::string_view json = "{}") {
  return Exchange(gateway.address(), PostJson(target, json), Soon()).value_or(Response());
}

bool Ticks(const Server& gateway) {
  const Response response = Post(gateway, kTick, R"({"count":1})");
  return response.status == 200 && response.complete && response.Lines().size() == 2;
}

bool Echoes(const Server& gateway) { return Post(gateway, kEcho, R"({"int32Value":7})").status == 200; }

void ExpectComeBack(const Server& gateway, absl::string_view target, const std::string& names) {
  const Response response = Post(gateway, target);
  EXPECT_EQ(response.status, 503) << target << " " << response.body;
  int seconds = 0;
  EXPECT_TRUE(absl::SimpleAtoi(response.Header("Retry-After"), &seconds)) << response.Header("Retry-After");
  EXPECT_GE(seconds, 1);
  EXPECT_THAT(response.body, HasSubstr(names));
}

std::string Readiness(const Server& gateway) {
  return Exchange(gateway.admin_address(), Request("GET", "/readyz"), Soon()).value_or(Response()).body;
}

// A stream that ticks until it is closed, and has ticked.
RawClient Stream(const Server& gateway) {
  RawClient client = RawClient::Connect(gateway.address()).value();
  EXPECT_TRUE(client.Send(PostJson(kTick, R"({"interval":"0.01s"})")).ok());
  EXPECT_TRUE(client.ReadUntil([](const Response& r) { return r.Lines().size() >= 2; }, Soon())) << client.received();
  return client;
}

void ExpectItGoesOn(RawClient& client) {
  const size_t before = client.response().Lines().size();
  EXPECT_TRUE(client.ReadUntil([&](const Response& r) { return r.Lines().size() >= before + 3; }, Soon()));
  EXPECT_THAT(client.response().body, Not(HasSubstr("\"error\"")));
  EXPECT_FALSE(client.response().complete);
}

// tick.proto's descriptors on disk, for a test to change.
class DescriptorFile {
 public:
  explicit DescriptorFile(const std::string& name) : path_(absl::StrCat(getenv("TEST_TMPDIR"), "/", name)) {
    std::ifstream in(FindBinary("proto/tick.binpb", "PENSTOCK_TICK_DESCRIPTORS"), std::ios::binary);
    EXPECT_TRUE(set_.ParseFromIstream(&in));
    Write();
  }

  void Write() {
    std::ofstream out(path_, std::ios::binary);
    EXPECT_TRUE(set_.SerializeToOstream(&out));
  }

  google::protobuf::FileDescriptorSet& set() { return set_; }
  google::protobuf::FileDescriptorProto& tick() { return *set_.mutable_file(set_.file_size() - 1); }
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
  google::protobuf::FileDescriptorSet set_;
};

TEST(Schema, OneGatewayServesTwoUpstreams) {
  std::unique_ptr<Server> ticks = StartService();
  std::unique_ptr<Server> everything = StartEverythingServer();
  std::unique_ptr<Server> gateway =
      StartGateway({"--upstream=" + ticks->address(), "--upstream=" + everything->address()});
  EXPECT_TRUE(Ticks(*gateway));
  EXPECT_TRUE(Echoes(*gateway));
  EXPECT_EQ(Post(*gateway, "/v1/nowhere").status, 404) << "all is known, and this is not among it";
  for (const Server* upstream : {ticks.get(), everything.get()}) {
    EXPECT_GE(gateway->Metric(absl::StrCat("penstock_upstream_ready_loops{upstream=\"", upstream->address(), "\"}")),
              1);
  }

  // One dies: its methods are known and away, the other's go on.
  RawClient stream = Stream(*gateway);
  everything->Kill();
  EXPECT_TRUE(WaitForReadiness(*gateway, 503, Soon()));
  EXPECT_THAT(Readiness(*gateway), AllOf(HasSubstr(everything->address()), Not(HasSubstr(ticks->address()))));
  ExpectComeBack(*gateway, kEcho, everything->address());
  EXPECT_EQ(Post(*gateway, "/v1/nowhere").status, 404) << "the last good schema is kept";
  ExpectItGoesOn(stream);
  EXPECT_TRUE(Ticks(*gateway));

  everything = StartEverythingServer({}, everything->address());
  EXPECT_TRUE(WaitForReadiness(*gateway, 200, Soon())) << gateway->process().Output();
  EXPECT_TRUE(Echoes(*gateway));
  ExpectItGoesOn(stream);
  EXPECT_EQ(gateway->Metric("penstock_schema_changes_total"), 2) << "it came back as it was";
}

TEST(Schema, AnUpstreamThatWasNeverThereIsNamedAndDoesNotHoldUpTheOther) {
  std::unique_ptr<Server> ticks = StartService();
  ReservedPort away;
  std::unique_ptr<Server> gateway =
      StartGateway({"--upstream=" + away.address(), "--upstream=" + ticks->address()}, /*wait_ready=*/false);
  EXPECT_TRUE(WaitUntil([&] { return Ticks(*gateway); }, Soon())) << gateway->process().Output();
  EXPECT_THAT(Readiness(*gateway), AllOf(HasSubstr(absl::StrCat("upstream ", away.address(), ": no connection")),
                                         HasSubstr("no schema yet"), Not(HasSubstr(ticks->address()))));
  ExpectComeBack(*gateway, kEcho, away.address());

  away.Release();
  std::unique_ptr<Server> everything = StartEverythingServer({}, away.address());
  EXPECT_TRUE(WaitForReadiness(*gateway, 200, Soon())) << gateway->process().Output();
  EXPECT_TRUE(Echoes(*gateway));
  EXPECT_EQ(Post(*gateway, "/v1/nowhere").status, 404);
}

TEST(Schema, AServiceOnTwoUpstreamsIsRefused) {
  std::unique_ptr<Server> first = StartService();
  std::unique_ptr<Server> second = StartService();
  std::unique_ptr<Server> gateway =
      StartGateway({"--upstream=" + first->address(), "--upstream=" + second->address()}, /*wait_ready=*/false);
  const absl::optional<std::string> line =
      gateway->process().WaitForLine("penstock.tick.v1.TickService is served by", Soon());
  ASSERT_TRUE(line.has_value()) << gateway->process().Output();
  EXPECT_THAT(*line, AllOf(HasSubstr(first->address()), HasSubstr(second->address())));
  EXPECT_TRUE(WaitUntil([&] { return Ticks(*gateway); }, Soon())) << "the one that came first is served";
  EXPECT_THAT(Readiness(*gateway), HasSubstr("penstock.tick.v1.TickService is served by"));
  EXPECT_GE(gateway->Metric("penstock_schema_refusals_total"), 1);
}

TEST(Schema, WhatComesInAnUpstreamsPlaceHasItsOwnMethods) {
  std::unique_ptr<Server> upstream = StartEverythingServer();
  const std::string address = upstream->address();
  std::unique_ptr<Server> gateway = StartGateway({"--upstream=" + address});
  ASSERT_TRUE(Echoes(*gateway));
  upstream->Kill();
  upstream = StartService({}, address);
  EXPECT_TRUE(WaitUntil([&] { return Ticks(*gateway); }, Soon())) << gateway->process().Output();
  EXPECT_EQ(Post(*gateway, kEcho).status, 404);
  EXPECT_EQ(gateway->Metric("penstock_schema_changes_total"), 2);
}

TEST(Schema, AReplacementThatClashesLeavesTheOldSchema) {
  std::unique_ptr<Server> ticks = StartService();
  std::unique_ptr<Server> everything = StartEverythingServer();
  const std::string address = everything->address();
  std::unique_ptr<Server> gateway = StartGateway({"--upstream=" + ticks->address(), "--upstream=" + address});
  RawClient stream = Stream(*gateway);
  everything->Kill();
  std::unique_ptr<Server> intruder = StartService({}, address);
  const absl::optional<std::string> line =
      gateway->process().WaitForLine("penstock.tick.v1.TickService is served by", Soon());
  ASSERT_TRUE(line.has_value()) << gateway->process().Output();
  EXPECT_THAT(*line, AllOf(HasSubstr(ticks->address()), HasSubstr(address)));
  EXPECT_TRUE(WaitForReadiness(*gateway, 200, Soon())) << "what is known can be served: " << Readiness(*gateway);
  EXPECT_EQ(Post(*gateway, kEcho).status, 501) << "the route is there, and the server says that it has no such method";
  EXPECT_TRUE(Ticks(*gateway));
  ExpectItGoesOn(stream);
  EXPECT_GE(gateway->Metric("penstock_schema_refusals_total"), 1);
  EXPECT_EQ(gateway->Metric("penstock_schema_changes_total"), 2);
}

TEST(Schema, SighupReadsTheFilesAgainAndALiveStreamKeepsItsSchema) {
  std::unique_ptr<Server> ticks = StartService();
  DescriptorFile file("live.binpb");
  std::unique_ptr<Server> gateway = StartGateway({"--upstream=" + ticks->address(), "--descriptors=" + file.path()});
  RawClient stream = Stream(*gateway);

  gateway->process().Signal(SIGHUP);
  EXPECT_TRUE(gateway->process().WaitForLine("is as it was", Soon()).has_value()) << gateway->process().Output();
  EXPECT_EQ(gateway->Metric("penstock_schema_changes_total"), 1);

  // The field is called `text` from now on: new streams say so, the old one goes on as it began.
  for (auto& message : *file.tick().mutable_message_type()) {
    for (auto& field : *message.mutable_field()) {
      if (field.name() != "message") continue;
      field.set_name("text");
      field.set_json_name("text");
    }
  }
  file.Write();
  gateway->process().Signal(SIGHUP);
  EXPECT_TRUE(WaitUntil([&] { return gateway->Metric("penstock_schema_changes_total") == 2; }, Soon()));
  EXPECT_TRUE(WaitUntil(
      [&] {
        const Response response = Post(*gateway, kTick, R"({"text":"new","count":1})");
        return !response.Lines().empty() && JsonAt(response.Lines()[0], "/data/text") == "\"new\"";
      },
      Soon()));
  ExpectItGoesOn(stream);
  const std::vector<std::string> lines = stream.response().Lines();
  EXPECT_EQ(JsonAt(lines[lines.size() - 2], "/data/message"), "\"\"");

  // A file that does not compile changes nothing.
  file.set().mutable_file()->DeleteSubrange(0, file.set().file_size() - 1);
  file.Write();
  gateway->process().Signal(SIGHUP);
  const absl::optional<std::string> refused = gateway->process().WaitForLine("--include_imports", Soon());
  ASSERT_TRUE(refused.has_value()) << gateway->process().Output();
  EXPECT_THAT(*refused, HasSubstr("penstock/tick/v1/tick.proto"));
  EXPECT_EQ(gateway->Metric("penstock_schema_refusals_total"), 1);
  EXPECT_EQ(Readiness(*gateway), "ok\n");
  EXPECT_EQ(Post(*gateway, kTick, R"({"text":"new","count":1})").status, 200);
  ExpectItGoesOn(stream);
}

TEST(Schema, SighupAsksReflectionAgain) {
  std::unique_ptr<Server> ticks = StartService();
  std::unique_ptr<Server> gateway = StartGateway({"--upstream=" + ticks->address()});
  gateway->process().Signal(SIGHUP);
  EXPECT_TRUE(gateway->process()
                  .WaitForLine(absl::StrCat("the schema of upstream ", ticks->address(), " is as it was"), Soon())
                  .has_value())
      << gateway->process().Output();
  EXPECT_TRUE(Ticks(*gateway));
}

TEST(Schema, CheckNamesWhatIsWrong) {
  DescriptorFile complete("complete.binpb"), alone("alone.binpb");
  alone.set().mutable_file()->DeleteSubrange(0, alone.set().file_size() - 1);
  alone.Write();
  const struct {
    const char* why;
    std::vector<std::string> flags;
    int status;
    const char* names;
  } kRows[] = {
      {"a good set", {"--descriptors=" + complete.path()}, 0, "good"},
      {"an import is missing", {"--descriptors=" + alone.path()}, 1, "--include_imports"},
      {"there is no such file", {"--descriptors=/nowhere.binpb"}, 1, "--descriptors=/nowhere.binpb"},
      {"a service that does not exist",
       {"--descriptors=" + complete.path(), "--expose=penstock.tick.v1.TockService"},
       1,
       "--expose=penstock.tick.v1.TockService"},
      {"files for several upstreams",
       {"--descriptors=" + complete.path(), "--upstream=a:1", "--upstream=b:1"},
       2,
       "--descriptors"},
  };
  for (const auto& row : kRows) {
    std::vector<std::string> argv = {FindBinary("gateway/penstock-gateway", "PENSTOCK_GATEWAY"), "--check"};
    argv.insert(argv.end(), row.flags.begin(), row.flags.end());
    std::unique_ptr<Process> check = Process::Spawn(std::move(argv)).value();
    EXPECT_EQ(check->Wait(Soon()), row.status) << row.why;
    EXPECT_THAT(check->Output(), HasSubstr(row.names)) << row.why;
  }
}

TEST(Schema, AnUpstreamThatIsNoGrpcServerIsNamedWithoutAStormOfLines) {
  // The tick service's admin port is an HTTP/1 server.
  std::unique_ptr<Server> service = StartService();
  const std::string& web = service->admin_address();
  std::unique_ptr<Server> gateway = StartGateway({"--upstream=" + web}, /*wait_ready=*/false);
  const absl::optional<std::string> line =
      gateway->process().WaitForLine("it speaks HTTP/1, and gRPC needs HTTP/2", Soon());
  ASSERT_TRUE(line.has_value()) << gateway->process().Output();
  EXPECT_THAT(*line, HasSubstr(web));
  EXPECT_THAT(Readiness(*gateway), AllOf(HasSubstr(web), HasSubstr("HTTP/1")));
  ExpectComeBack(*gateway, kTick, web);
  // It is tried again and again, and said seldom: attempts are 100 ms to 5 s apart, lines at 0, 1, 3, 7, … s.
  EXPECT_TRUE(gateway->process().WaitForLine("failures since the last such line: ", Soon()).has_value())
      << gateway->process().Output();
  EXPECT_LE(gateway->process().CountLines("it speaks HTTP/1"), 6u) << gateway->process().Output();
}

}  // namespace
}  // namespace penstock::testing
