// The contents of the gateway's binary: no gRPC library and no message classes of an API.
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
using ::testing::Not;

std::string OutputOf(std::vector<std::string> argv) {
  std::unique_ptr<Process> process = Process::Spawn(std::move(argv)).value();
  EXPECT_EQ(process->Wait(Soon()), 0);
  return process->Output();
}

const std::string& Gateway() {
  static const std::string path = FindBinary("gateway/penstock-gateway", "PENSTOCK_GATEWAY");
  return path;
}

TEST(Binary, LinksNoGrpc) {
  const std::string needed = OutputOf({"/usr/bin/readelf", "--wide", "--dynamic", Gateway()});
  ASSERT_THAT(needed, HasSubstr("libprotobuf")) << "the test sees what is linked";
  ASSERT_THAT(needed, HasSubstr("libnghttp2"));
  // Transitive as well: no library it needs may bring gRPC in.
  const std::string loaded = OutputOf({"/usr/bin/ldd", Gateway()});
  for (const char* library : {"libgrpc", "libgpr", "libaddress_sorting", "libupb"}) {
    EXPECT_THAT(needed, Not(HasSubstr(library)));
    EXPECT_THAT(loaded, Not(HasSubstr(library)));
  }
}

TEST(Binary, RefersToNoMessageObjectsAndNoGrpc) {
  const std::string symbols = OutputOf({"/usr/bin/nm", "--dynamic", "--undefined-only", "--demangle", Gateway()});
  ASSERT_THAT(symbols, HasSubstr("google::protobuf::DescriptorPool")) << "the test sees undefined symbols";
  for (const char* symbol : {"DynamicMessage", "google::protobuf::util::", " grpc::", " grpc_", " gpr_"}) {
    EXPECT_THAT(symbols, Not(HasSubstr(symbol)));
  }
}

// The generated code of an API would be found in the symbols of the binary itself, if it has them.
TEST(Binary, KnowsNoApi) {
  const std::string strings = OutputOf({"/usr/bin/nm", "--demangle", Gateway()});
  ASSERT_THAT(strings, HasSubstr("main"));
  EXPECT_THAT(strings, Not(HasSubstr("penstock::tick::")));
  EXPECT_THAT(strings, Not(HasSubstr("penstock::testing::")));
}

}  // namespace
}  // namespace penstock::testing
