// Text as a JSON string (RFC 8259 section 7), for what no plan prints: error messages, log lines, the ids of records.
//
//   AppendJsonString("a\"b", &out);   // appends "a\"b" with its quotes
#ifndef PENSTOCK_GATEWAY_BASE_JSON_STRING_H_
#define PENSTOCK_GATEWAY_BASE_JSON_STRING_H_

#include <string>

#include "absl/strings/string_view.h"

namespace penstock {

// Quotes included. Control characters (C0, DEL, C1) and the line separators U+2028 and U+2029 are escaped, so that the
// text stays one line and cannot act on a terminal; each byte that is not UTF-8 becomes U+FFFD.
void AppendJsonString(absl::string_view text, std::string* out);

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_BASE_JSON_STRING_H_
