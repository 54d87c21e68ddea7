#include "service/rpc_status.h"

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace penstock::service {

grpc::Status StatusWithDetail(grpc::StatusCode code, const std::string& message,
                              const google::protobuf::Message& detail) {
  google::rpc::Status status;
  status.set_code(code);
  status.set_message(message);
  status.add_details()->PackFrom(detail);
  return grpc::Status(code, message, status.SerializeAsString());
}

grpc::Status Unavailable(const std::string& message, int64_t retry_ms) {
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(retry_ms / 1'000);
  retry.mutable_retry_delay()->set_nanos(static_cast<int32_t>(retry_ms % 1'000) * 1'000'000);
  return StatusWithDetail(grpc::StatusCode::UNAVAILABLE, message, retry);
}

}  // namespace penstock::service
