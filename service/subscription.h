// What a subscriber may ask for: its request checked and made a plan. Pure; any thread.
//
//   TickPlan plan;
//   google::rpc::BadRequest faults = CheckSubscription(request, &plan);
//   if (faults.field_violations_size() > 0) return StatusWithDetail(INVALID_ARGUMENT, Describe(faults), faults);
#ifndef PENSTOCK_SERVICE_SUBSCRIPTION_H_
#define PENSTOCK_SERVICE_SUBSCRIPTION_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "google/rpc/error_details.pb.h"
#include "penstock/tick/v1/tick.pb.h"
#include "service/tick_schedule.h"

namespace penstock::service {

// Faster than the clock that drives the streams (gRPC's, in milliseconds) cannot be kept.
inline constexpr int64_t kMinIntervalNs = 1'000'000;
// Slower than this no heartbeat, proxy or person can tell a stream from a dead one.
inline constexpr int64_t kMaxIntervalNs = TickSchedule::kMaxIntervalNs;
// Repeated in every tick, so it bounds what one request makes the service send.
inline constexpr size_t kMaxMessageBytes = 64 * 1024;

// Fills `plan` and returns every fault of `request`, each with the field's name and what would be right; none: the plan
// holds. The order is that of the fields.
google::rpc::BadRequest CheckSubscription(const penstock::tick::v1::Message& request, TickPlan* plan);

// The faults as one line for people.
std::string Describe(const google::rpc::BadRequest& faults);

}  // namespace penstock::service

#endif  // PENSTOCK_SERVICE_SUBSCRIPTION_H_
