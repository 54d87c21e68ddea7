// Which media type answers a request's Accept (RFC 9110 section 12.5.1), and which request bodies are JSON. Pure.
//
//   Negotiate("text/html, application/*;q=0.5", {"application/x-ndjson", "application/json"})  → 0
#ifndef PENSTOCK_GATEWAY_PROTOCOL_MEDIA_TYPE_H_
#define PENSTOCK_GATEWAY_PROTOCOL_MEDIA_TYPE_H_

#include <cstddef>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "gateway/http/headers.h"

namespace penstock {

// The index of the offered type that the client likes best, the earlier where it likes two alike; absent where it
// takes none (406). No Accept at all takes the first. A range that is malformed is passed over.
absl::optional<size_t> Negotiate(const http::Headers& headers, absl::Span<const absl::string_view> offered);

// `application/json` or `application/…+json`, with any parameters, or no Content-Type at all.
bool IsJsonBody(const http::Headers& headers);

// JSON values one behind the other: `application/x-ndjson`, or without the `x-`, or `application/jsonl`.
bool IsJsonLinesBody(const http::Headers& headers);

// `application/x-www-form-urlencoded`, with any parameters.
bool IsFormBody(const http::Headers& headers);

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_PROTOCOL_MEDIA_TYPE_H_
