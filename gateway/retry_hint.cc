#include "gateway/retry_hint.h"

#include "absl/strings/cord.h"
#include "gateway/transcode/status_json.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace penstock {

absl::Status RetryHint(absl::string_view message) {
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(1);
  google::rpc::Status details;
  details.set_code(static_cast<int>(absl::StatusCode::kUnavailable));
  details.add_details()->PackFrom(retry);
  absl::Status status = absl::UnavailableError(message);
  status.SetPayload(transcode::kStatusPayloadUrl, absl::Cord(details.SerializeAsString()));
  return status;
}

}  // namespace penstock
