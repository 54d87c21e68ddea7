// A direct implementation of RFC 8259's grammar, with which fuzz targets decide whether a text is JSON. Independent of
// the gateway's JSON code and of simdjson.
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
