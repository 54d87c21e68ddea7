// What the native formats of a stream share: a record's id, and the fields that keep proxies from holding records back.
// Pure; internal to the native dialect.
#ifndef PENSTOCK_GATEWAY_PROTOCOL_RECORD_H_
#define PENSTOCK_GATEWAY_PROTOCOL_RECORD_H_

#include <string>

#include "absl/strings/string_view.h"
#include "gateway/codec/record_id.h"
#include "gateway/http/headers.h"
#include "gateway/schema/schema.h"

namespace penstock {

// A view of `message` or of *digits; empty: the record has none.
inline absl::string_view IdOf(const Schema::Method& method, absl::string_view message,
                              codec::RecordId::Digits* digits) {
  return method.stream.id ? method.stream.id->Read(message, digits) : absl::string_view();
}

// For proxies on the way: keep nothing, change nothing, and pass each record on as it comes.
inline void AppendStreamHeaders(absl::string_view content_type, http::Headers* headers) {
  headers->push_back({"Content-Type", std::string(content_type)});
  headers->push_back({"Cache-Control", "no-store, no-transform"});
  headers->push_back({"X-Accel-Buffering", "no"});
}

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_PROTOCOL_RECORD_H_
