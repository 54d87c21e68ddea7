#include "gateway/dialect/dialect.h"

#include "gateway/dialect/grpc_gateway.h"
#include "gateway/dialect/native.h"

namespace penstock {

const Dialect& Dialect::Of(config::Dialect dialect) {
  static const NativeDialect kNative;
  static const GrpcGatewayDialect kGrpcGateway;
  return dialect == config::Dialect::kGrpcGateway ? static_cast<const Dialect&>(kGrpcGateway) : kNative;
}

}  // namespace penstock
