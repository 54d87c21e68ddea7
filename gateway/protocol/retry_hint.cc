#include "gateway/protocol/retry_hint.h"

#include <string>

#include "absl/strings/cord.h"
#include "gateway/codec/status_json.h"
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
  status.SetPayload(codec::kStatusPayloadUrl, absl::Cord(details.SerializeAsString()));
  return status;
}

absl::optional<absl::Duration> RetryDelayOf(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(codec::kStatusPayloadUrl);
  google::rpc::Status details;
  if (!payload || !details.ParseFromString(std::string(*payload))) return absl::nullopt;
  for (const google::protobuf::Any& detail : details.details()) {
    google::rpc::RetryInfo retry;
    if (!detail.UnpackTo(&retry)) continue;
    const absl::Duration delay =
        absl::Seconds(retry.retry_delay().seconds()) + absl::Nanoseconds(retry.retry_delay().nanos());
    if (delay >= absl::ZeroDuration()) return delay;
  }
  return absl::nullopt;
}

}  // namespace penstock
