// Required fields, which only proto2 has: a message without one of them is none, and who receives it refuses it.
//
// Asked once a request is whole, because body, query and path each bring a part of it. Pure.
//
//   if (plan.has_required()) status = CheckRequired(plan, wire);
#ifndef PENSTOCK_GATEWAY_BINDING_REQUIRED_FIELDS_H_
#define PENSTOCK_GATEWAY_BINDING_REQUIRED_FIELDS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gateway/codec/message_plan.h"

namespace penstock::binding {

// INVALID_ARGUMENT: a required field is unset, in the message or in one that it holds; the message names the first of
// them by its path. What an Any holds is not looked into, as protobuf's own parsers do not. `wire` may have pieces of
// one message in several places; broken wire is INVALID_ARGUMENT as well.
absl::Status CheckRequired(const codec::MessagePlan& plan, absl::string_view wire);

}  // namespace penstock::binding

#endif  // PENSTOCK_GATEWAY_BINDING_REQUIRED_FIELDS_H_
