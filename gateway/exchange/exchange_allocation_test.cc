// A stream's steady state, from the upstream's message to the session's buffer: a record costs its bytes, and nothing
// else.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "gateway/base/testing/counting_new.h"
#include "gateway/exchange/testing/exchange_harness.h"

namespace penstock {
namespace {

using MakeProtocol = std::unique_ptr<const Protocol> (*)();

std::unique_ptr<const Protocol> Native() { return std::make_unique<NativeProtocol>(MetadataOptions()); }
std::unique_ptr<const Protocol> GrpcGateway() {
  return std::make_unique<grpc_gateway::GrpcGatewayProtocol>(MetadataOptions());
}

class ExchangeAllocationTest : public ExchangeTest, public ::testing::WithParamInterface<MakeProtocol> {
 protected:
  ExchangeAllocationTest() : ExchangeTest(GetParam()()) {}
};

TEST_P(ExchangeAllocationTest, ARecordAllocatesNothing) {
  Send("POST", "/v1/ticks:subscribe", "{\"message\":\"hi\"}");
  const std::string tick = Tick(1);
  const auto record = [&] {
    response_.body.clear();  // as the session does once it is sent
    channel_.handler->OnCallMessage(tick, tick.size());
    handler().OnDrained(response_.body.size());
  };
  for (int i = 0; i < 10; ++i) record();  // buffers grow to what they stay
  const size_t before = Allocations();
  for (int i = 0; i < 1000; ++i) record();
  EXPECT_EQ(Allocations(), before);
}

TEST(CountingNew, Counts) {
  const size_t before = Allocations();
  const auto text = std::make_unique<std::string>(1000, 'x');
  EXPECT_EQ(Allocations(), before + 2);
}

INSTANTIATE_TEST_SUITE_P(Protocols, ExchangeAllocationTest, ::testing::Values(&Native, &GrpcGateway));

}  // namespace
}  // namespace penstock
