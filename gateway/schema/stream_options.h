// What a method says about its stream with the option penstock.options.v1.stream
// (proto/penstock/options/v1/options.proto), read and checked while a schema is built. Pure; any thread.
//
//   absl::StatusOr<StreamOptions> options = StreamOptionsOf(*descriptor, *input, *output);
//   options->type   → "tick"
#ifndef PENSTOCK_GATEWAY_SCHEMA_STREAM_OPTIONS_H_
#define PENSTOCK_GATEWAY_SCHEMA_STREAM_OPTIONS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "gateway/codec/field_path.h"
#include "gateway/codec/message_plan.h"
#include "gateway/codec/record_id.h"
#include "google/protobuf/descriptor.h"

namespace penstock {

// The option's number among those of google.protobuf.MethodOptions.
inline constexpr int kStreamOptionNumber = 57431;

struct StreamOptions {
  std::string type;                    // of the records
  absl::optional<codec::RecordId> id;  // absent: records have none
  codec::FieldPath resume_field = {};  // of the request, filled by the last id; empty: none
};

// The option of `method`, and what holds where it has none. `input` and `output` are the plans of its messages.
// InvalidArgument names the method and what of the option cannot be meant.
//
// The option is found by its number in the bytes of the method's options, whether the pool knows it or not; an
// extension of that number and of another name is somebody else's.
absl::StatusOr<StreamOptions> StreamOptionsOf(const google::protobuf::MethodDescriptor& method,
                                              const codec::MessagePlan& input, const codec::MessagePlan& output);

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_SCHEMA_STREAM_OPTIONS_H_
