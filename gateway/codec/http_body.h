// google.api.HttpBody: a message that stands for a body of any type, so that it needs no JSON. Pure.
//
//   auto body = ReadHttpBody({}, message);
//   if (body.ok()) Send(body->content_type, body->data);
#ifndef PENSTOCK_GATEWAY_CODEC_HTTP_BODY_H_
#define PENSTOCK_GATEWAY_CODEC_HTTP_BODY_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/codec/field_path.h"
#include "gateway/codec/message_plan.h"

namespace penstock::codec {

// Of a message's wire bytes, which must outlive it.
struct HttpBodyView {
  absl::string_view content_type;  // as the upstream wrote it; empty: unset
  absl::string_view data;
};

bool IsHttpBody(const MessagePlan& plan);

// The HttpBody that `path` leads to from the message, or the message itself if it is empty; nothing is copied. Of a
// value that stands there twice the last counts; extensions are passed over. INTERNAL: the wire is broken.
absl::StatusOr<HttpBodyView> ReadHttpBody(const FieldPath& path, absl::string_view wire);

// Appends the fields of an HttpBody. INVALID_ARGUMENT: the type is not UTF-8.
absl::Status AppendHttpBody(const HttpBodyView& body, std::string* wire);

}  // namespace penstock::codec

#endif  // PENSTOCK_GATEWAY_CODEC_HTTP_BODY_H_
