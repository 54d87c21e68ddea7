// What the native formats of a stream share: a record's id, and the fields that keep proxies from holding records back.
// Pure; internal to the native dialect.
#ifndef PENSTOCK_GATEWAY_DIALECT_RECORD_H_
#define PENSTOCK_GATEWAY_DIALECT_RECORD_H_

#include <string>

#include "absl/strings/string_view.h"
#include "gateway/http/stream.h"
#include "gateway/schema.h"
#include "gateway/transcode/record_id.h"

namespace penstock {

// A view of `message` or of *digits; empty: the record has none.
inline absl::string_view IdOf(const Schema::Method& method, absl::string_view message,
                              transcode::RecordId::Digits* digits) {
  return method.stream.id ? method.stream.id->Read(message, digits) : absl::string_view();
}

// For proxies on the way: keep nothing, change nothing, and pass each record on as it comes.
inline void AppendStreamHeaders(absl::string_view content_type, http::Headers* headers) {
  headers->push_back({"Content-Type", std::string(content_type)});
  headers->push_back({"Cache-Control", "no-store, no-transform"});
  headers->push_back({"X-Accel-Buffering", "no"});
}

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_DIALECT_RECORD_H_
