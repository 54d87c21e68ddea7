#include "tests/support/json_at.h"

#include <simdjson.h>

#include <string_view>

#include "absl/strings/str_cat.h"

namespace penstock::testing {
namespace {

// Calls `use` with the element; "" where there is none.
template <typename Use>
std::string WithElement(absl::string_view text, absl::string_view pointer, Use use) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  const simdjson::padded_string padded(text.data(), text.size());
  if (simdjson::error_code error = parser.parse(padded).get(root)) {
    return absl::StrCat("not JSON: ", simdjson::error_message(error));
  }
  simdjson::dom::element element;
  if (root.at_pointer(std::string_view(pointer.data(), pointer.size())).get(element)) return "";
  return use(element);
}

}  // namespace

std::string JsonAt(absl::string_view text, absl::string_view pointer) {
  return WithElement(text, pointer,
                     [](simdjson::dom::element element) -> std::string { return simdjson::minify(element); });
}

std::string JsonStringAt(absl::string_view text, absl::string_view pointer) {
  return WithElement(text, pointer, [](simdjson::dom::element element) {
    std::string_view value;
    return element.get(value) ? std::string() : std::string(value);
  });
}

}  // namespace penstock::testing
