// The tick service with a gRPC client that uses only reflection.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/process.h"
#include "tests/support/servers.h"

namespace penstock::testing {
namespace {

using ::testing::HasSubstr;

class GrpcurlTest : public ::testing::Test {
 protected:
  GrpcurlTest() : service_(StartService()) {}

  // Runs grpcurl to its end; `output_` has what it printed. Returns its exit status, -1 when it did not end.
  int Run(std::vector<std::string> flags, std::vector<std::string> what) {
    std::vector<std::string> argv = {FindBinary("../grpcurl/bin/grpcurl", "PENSTOCK_GRPCURL"), "-plaintext"};
    argv.insert(argv.end(), flags.begin(), flags.end());
    argv.push_back(service_->address());
    argv.insert(argv.end(), what.begin(), what.end());
    std::unique_ptr<Process> grpcurl = Process::Spawn(argv).value();
    const int status = grpcurl->Wait(Soon()).value_or(-1);
    output_ = grpcurl->Output();
    return status;
  }

  std::unique_ptr<Server> service_;
  std::string output_;
};

TEST_F(GrpcurlTest, SubscribesByReflection) {
  EXPECT_EQ(
      Run({"-d", R"({"message":"hello","interval":"0.01s","count":3})"}, {"penstock.tick.v1.TickService/Subscribe"}), 0)
      << output_;
  EXPECT_THAT(output_, HasSubstr(R"("message": "hello")"));
  for (const char* sequence : {R"("sequence": "1")", R"("sequence": "2")", R"("sequence": "3")"}) {
    EXPECT_THAT(output_, HasSubstr(sequence));
  }
}

TEST_F(GrpcurlTest, Lists) {
  EXPECT_EQ(Run({}, {"list"}), 0) << output_;
  EXPECT_THAT(output_, HasSubstr("penstock.tick.v1.TickService\n"));
  EXPECT_THAT(output_, HasSubstr("grpc.health.v1.Health\n"));
  EXPECT_EQ(Run({}, {"describe", "penstock.tick.v1.TickService.Subscribe"}), 0) << output_;
  EXPECT_THAT(output_, HasSubstr("returns ( stream .penstock.tick.v1.Tick )"));
}

TEST_F(GrpcurlTest, AsksForHealth) {
  for (const char* service : {"{}", R"({"service":"penstock.tick.v1.TickService"})"}) {
    EXPECT_EQ(Run({"-d", service}, {"grpc.health.v1.Health/Check"}), 0) << output_;
    EXPECT_THAT(output_, HasSubstr(R"("status": "SERVING")"));
  }
  EXPECT_NE(Run({"-d", R"({"service":"nobody"})"}, {"grpc.health.v1.Health/Check"}), 0);
  EXPECT_THAT(output_, HasSubstr("NotFound"));
}

TEST_F(GrpcurlTest, ABadArgumentNamesItsField) {
  EXPECT_NE(Run({"-d", R"({"interval":"0.0001s"})"}, {"penstock.tick.v1.TickService/Subscribe"}), 0);
  EXPECT_THAT(output_, HasSubstr("InvalidArgument"));
  EXPECT_THAT(output_, HasSubstr("google.rpc.BadRequest"));
  EXPECT_THAT(output_, HasSubstr(R"("field": "interval")"));
}

}  // namespace
}  // namespace penstock::testing
