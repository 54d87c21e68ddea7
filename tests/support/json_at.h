// Extracts one value from a JSON text, for assertions.
//
//   EXPECT_EQ(JsonAt(line, "/error/code"), "14");
//   EXPECT_EQ(JsonAt(line, "/data/message"), "\"hello\"");
//
// Strict (simdjson): text that is not valid JSON has no values. Any thread.
#ifndef PENSTOCK_TESTS_SUPPORT_JSON_AT_H_
#define PENSTOCK_TESTS_SUPPORT_JSON_AT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace penstock::testing {

// The value at an RFC 6901 pointer ("" is the whole), without white space; "" where there is none; "not JSON: …" with
// the reason where `text` is not exactly one JSON value.
std::string JsonAt(absl::string_view text, absl::string_view pointer);

// The text of a JSON string as JsonAt gives it, quotes and escapes undone; "" for anything else.
std::string JsonStringAt(absl::string_view text, absl::string_view pointer);

}  // namespace penstock::testing

#endif  // PENSTOCK_TESTS_SUPPORT_JSON_AT_H_
