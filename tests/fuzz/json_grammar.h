// RFC 8259's grammar, read plainly: what decides for the fuzz targets whether a text is JSON. The gateway's JSON code
// and simdjson have no part in it.
#ifndef PENSTOCK_TESTS_FUZZ_JSON_GRAMMAR_H_
#define PENSTOCK_TESTS_FUZZ_JSON_GRAMMAR_H_

#include "absl/strings/string_view.h"

namespace penstock::fuzz {

// One JSON value with white space around it, in valid UTF-8.
bool IsJson(absl::string_view text);

// Aborts unless `text` is JSON that may stand in a line of its own: without control characters.
void CheckLine(absl::string_view text);

}  // namespace penstock::fuzz

#endif  // PENSTOCK_TESTS_FUZZ_JSON_GRAMMAR_H_
