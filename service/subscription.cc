#include "service/subscription.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace penstock::service {
namespace {

using google::protobuf::Duration;

// The bounds that google/protobuf/duration.proto gives: ±10,000 years, nanos of the same sign.
constexpr int64_t kMaxDurationSeconds = 315'576'000'000;
constexpr int32_t kMaxDurationNanos = 999'999'999;

bool IsValid(const Duration& duration) {
  if (duration.seconds() > kMaxDurationSeconds || duration.seconds() < -kMaxDurationSeconds) return false;
  if (duration.nanos() > kMaxDurationNanos || duration.nanos() < -kMaxDurationNanos) return false;
  return !(duration.seconds() > 0 && duration.nanos() < 0) && !(duration.seconds() < 0 && duration.nanos() > 0);
}

void AddFault(absl::string_view field, const std::string& description, google::rpc::BadRequest* faults) {
  google::rpc::BadRequest::FieldViolation* fault = faults->add_field_violations();
  fault->set_field(std::string(field));
  fault->set_description(description);
}

void CheckInterval(const Duration& interval, TickPlan* plan, google::rpc::BadRequest* faults) {
  if (!IsValid(interval)) {
    AddFault("interval",
             absl::StrCat("is no valid Duration (seconds ", interval.seconds(), ", nanos ", interval.nanos(),
                          "); seconds and nanos need the same sign, nanos at most 999999999"),
             faults);
    return;
  }
  const absl::Duration given = absl::Seconds(interval.seconds()) + absl::Nanoseconds(interval.nanos());
  if (given < absl::Nanoseconds(kMinIntervalNs) || given > absl::Nanoseconds(kMaxIntervalNs)) {
    AddFault("interval", absl::StrCat("must be from 1ms to 1h, is ", absl::FormatDuration(given)), faults);
    return;
  }
  plan->interval_ns = absl::ToInt64Nanoseconds(given);
}

}  // namespace

google::rpc::BadRequest CheckSubscription(const penstock::tick::v1::Message& request, TickPlan* plan) {
  google::rpc::BadRequest faults;
  *plan = TickPlan{};
  plan->count = request.count();
  plan->after_sequence = request.after_sequence();
  if (request.message().size() > kMaxMessageBytes) {
    AddFault("message",
             absl::StrCat("must be at most ", kMaxMessageBytes, " bytes of UTF-8, is ", request.message().size()),
             &faults);
  }
  if (request.has_interval()) CheckInterval(request.interval(), plan, &faults);
  return faults;
}

std::string Describe(const google::rpc::BadRequest& faults) {
  std::string line;
  for (const auto& fault : faults.field_violations()) {
    absl::StrAppend(&line, line.empty() ? "" : "; ", fault.field(), " ", fault.description());
  }
  return line;
}

}  // namespace penstock::service
