// From where a client goes on with a stream that was cut: the id of the last record that it has seen, which becomes a
// field of the request (penstock.options.v1.StreamOptions). Pure.
//
//   absl::optional<std::string> id;
//   absl::Status status = TakeLastEventId(head.headers, &query, &id);   // query: without `last_event_id`
//   status = AppendLastEventId(method.stream.resume_field, *id, &wire);
#ifndef PENSTOCK_GATEWAY_EXCHANGE_RESUME_H_
#define PENSTOCK_GATEWAY_EXCHANGE_RESUME_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "gateway/codec/field_path.h"
#include "gateway/http/headers.h"

namespace penstock {

// The id in the header Last-Event-ID, else in the query's `last_event_id`, which is taken out of *query in any case: a
// browser's EventSource adds the header to a URL that it cannot change, so what the URL says is older. Empty is none.
// INVALID_ARGUMENT: the key comes twice or has a bad escape.
absl::Status TakeLastEventId(const http::Headers& headers, std::string* query, absl::optional<std::string>* id);

// Appends the field that `path` leads to, over what the message says so far. INVALID_ARGUMENT: the id is no value of
// the field's.
absl::Status AppendLastEventId(const codec::FieldPath& path, absl::string_view id, std::string* wire);

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_EXCHANGE_RESUME_H_
