#include "gateway/exchange/dialect_of.h"

#include "gateway/grpc_gateway/grpc_gateway.h"
#include "gateway/protocol/native.h"

namespace penstock {

const Dialect& DialectOf(config::Dialect dialect) {
  static const NativeDialect kNative;
  static const grpc_gateway::GrpcGatewayDialect kGrpcGateway;
  return dialect == config::Dialect::kGrpcGateway ? static_cast<const Dialect&>(kGrpcGateway) : kNative;
}

}  // namespace penstock
