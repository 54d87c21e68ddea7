#include "tests/conformance/differential_generated.h"

#include <google/protobuf/util/json_util.h>

#include <set>

#include "absl/strings/str_cat.h"
#include "tests/support/raw_client.h"

namespace penstock::testing {

Row GeneratedRequests::Next() {
  switch (random_.Below(8)) {
    case 0:
      return {"a message", PostJson("/v1/everything:echo", Message())};
    case 1:
      return {"a message in a stream",
              PostJson("/v1/everything:repeat",
                       absl::StrCat(R"({"count":)", random_.Below(3), R"(,"message":)", Message(), "}"))};
    case 2:
      return {"a message with a byte wrong", PostJson("/v1/everything:echo", WithAByteWrong(Message()))};
    case 3:
      return {"a message to PATCH", Request("PATCH", "/v1/patch/sv", Message(), "Content-Type: application/json")};
    case 4:
    case 5:
      return {"a query", Request("GET", absl::StrCat("/v1/everything:echo?", Query())), /*words_vary=*/true};
    case 6:
      return {"a path", Request(Pick({"GET", "GET", "GET", "POST", "PUT", "DELETE"}), Path())};
    default:
      return {"a path's value",
              Request("GET", absl::StrCat("/v1/path/",
                                          Pick({"double", "float", "int32", "int64", "uint32", "uint64", "bool",
                                                "string", "bytes", "color", "wrapped_int32", "nested/number"}),
                                          "/", Value()))};
  }
}

std::string GeneratedRequests::Pick(std::initializer_list<const char*> choices) {
  return choices.begin()[random_.Below(choices.size())];
}

std::string GeneratedRequests::Message() {
  v1::Everything message;
  random_.Fill(&message);
  std::string json;
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = random_.Below(2) == 0;
  // What libprotobuf refuses to print is asked for all the same, as the empty message.
  if (!google::protobuf::util::MessageToJsonString(message, &json, options).ok()) json = "{}";
  return json;
}

std::string GeneratedRequests::WithAByteWrong(std::string json) {
  const size_t at = random_.Below(json.size());
  const std::string other = Pick(
      {"{", "}", "[", "]", "\"", ",", ":", "0", "-", "e", ".", " ", "\\", "u", "n", "\x01", "\xff", "9", "a", "/"});
  switch (random_.Below(3)) {
    case 0:
      return json.replace(at, 1, other);
    case 1:
      return json.insert(at, other);
    default:
      return json.erase(at, 1);
  }
}

std::string GeneratedRequests::Value() {
  if (random_.Below(3) == 0) {
    return Pick({"true", "Infinity", "NaN", "RED", "YQ==", "1e5", "0x1F", "2147483648", "18446744073709551615", "-1"});
  }
  std::string value;
  for (uint64_t n = random_.Below(5); n > 0; --n) {
    value += Pick({"0", "1", "9", "25", "-", "%2B", ".", "e", "E", "x", "_", "a", "T", "%20", "=", "%2F", ",", ":"});
  }
  return value;
}

// Of each field at most one key: Go's map order would decide between several.
std::string GeneratedRequests::Query() {
  std::string query;
  std::set<std::string> fields;
  for (uint64_t n = 1 + random_.Below(2); n > 0; --n) {
    const std::string key = Pick({"doubleValue",
                                  "float_value",
                                  "int32Value",
                                  "int64_value",
                                  "uint32Value",
                                  "boolValue",
                                  "stringValue",
                                  "bytes_value",
                                  "colorValue",
                                  "nestedValue.text",
                                  "nested_value.child.number",
                                  "nestedValue.zz",
                                  "int32s",
                                  "strings",
                                  "colors",
                                  "byString[a]",
                                  "by_int32[5]",
                                  "by_int32[x]",
                                  "byString[]",
                                  "timestamp",
                                  "duration",
                                  "wrappedInt32",
                                  "wrapped_bool",
                                  "fieldMask",
                                  "choiceString",
                                  "optionalInt32",
                                  "unknown",
                                  "int32s[0]",
                                  "stringValue.x",
                                  "nesteds.text",
                                  "struct",
                                  "value",
                                  "nestedValue",
                                  ".",
                                  "a.b.c",
                                  "timestamp.seconds"});
    if (!fields.insert(key.substr(0, key.find_first_of(".[_V"))).second) continue;
    for (uint64_t times = random_.Below(6) == 0 ? 2 : 1; times > 0; --times) {
      absl::StrAppend(&query, query.empty() ? "" : "&", key, "=", Value());
    }
  }
  return query;
}

std::string GeneratedRequests::Path() {
  std::string path =
      Pick({"/v1/books", "/v1/pages", "/v1/shelves", "/overlap", "/same", "/verb", "/swallow", "/deep", "/middle",
            "/before", "/v1/path/two", "/v1/path/stars", "/v1/path/pair", "/v1/kinds", "/v1", "/lists/names", ""});
  for (uint64_t n = random_.Below(5); n > 0; --n) {
    absl::StrAppend(&path, "/", Pick({"",      "a",     "b",    "1",   "books",   "shelves",  "literal", "rest",
                                      "end",   "and",   "x:do", ":do", "x:do:it", "a:borrow", "y:sum",   "a%2Fb",
                                      "a%20b", "%3Ado", "..",   "*",   "a:",      "%41"}));
  }
  return path.empty() ? "/" : path;
}

}  // namespace penstock::testing
