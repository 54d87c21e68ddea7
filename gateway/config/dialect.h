// Which gateway the clients believe they talk to. Chosen once, by `--dialect`; parts that differ are built for one.
#ifndef PENSTOCK_GATEWAY_CONFIG_DIALECT_H_
#define PENSTOCK_GATEWAY_CONFIG_DIALECT_H_

namespace penstock::config {

enum class Dialect {
  kNative,       // Penstock's own: typed records, an ending line, strict requests
  kGrpcGateway,  // grpc-gateway v2 with its default options, so that it can be replaced unnoticed
};

}  // namespace penstock::config

#endif  // PENSTOCK_GATEWAY_CONFIG_DIALECT_H_
