// gRPC statuses with google.rpc details, as clients of any language read them from `grpc-status-details-bin`.
// Pure; any thread.
#ifndef PENSTOCK_SERVICE_RPC_STATUS_H_
#define PENSTOCK_SERVICE_RPC_STATUS_H_

#include <google/protobuf/message.h>
#include <grpcpp/support/status.h>

#include <cstdint>
#include <string>

namespace penstock::service {

// `code` and `message`, with `detail` as the one detail of a google.rpc.Status.
grpc::Status StatusWithDetail(grpc::StatusCode code, const std::string& message,
                              const google::protobuf::Message& detail);

// UNAVAILABLE with a google.rpc.RetryInfo: come back after `retry_ms`.
grpc::Status Unavailable(const std::string& message, int64_t retry_ms);

}  // namespace penstock::service

#endif  // PENSTOCK_SERVICE_RPC_STATUS_H_
