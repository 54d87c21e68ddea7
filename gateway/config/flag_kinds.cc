#include "gateway/config/flag_kinds.h"

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "gateway/config/units.h"

namespace penstock::config {
namespace {

template <typename T>
Flag CountInto(std::string name, std::string group, std::string help, T* field, uint64_t max, None none) {
  const auto parse = [max, none](const std::string& text) -> absl::StatusOr<T> {
    if (none == None::kAllowed && text == "none") return static_cast<T>(kNoSizeLimit);
    uint64_t count = 0;
    const bool digits = !text.empty() && absl::ascii_isdigit(static_cast<unsigned char>(text.front()));
    if (digits && absl::SimpleAtoi(text, &count) && count >= 1 && count <= max) return static_cast<T>(count);
    return BadValue(text, absl::StrCat("must be an integer from 1 to ", max));
  };
  const auto print = [none](const T& count) {
    const bool no_limit = none == None::kAllowed && static_cast<uint64_t>(count) == kNoSizeLimit;
    return no_limit ? std::string("none") : absl::StrCat(count);
  };
  return Single(std::move(name), std::move(group), none == None::kAllowed ? "N|none" : "N", std::move(help), field,
                parse, print);
}

}  // namespace

absl::Status BadValue(absl::string_view value, absl::string_view expected) {
  return absl::InvalidArgumentError(absl::StrCat(expected, ", got \"", value, "\""));
}

Flag Switch(std::string name, std::string group, std::string help, bool* field) {
  const auto parse = [](const std::string& text) -> absl::StatusOr<bool> {
    if (text == "on" || text == "true") return true;
    if (text == "off" || text == "false") return false;
    return BadValue(text, "must be on or off");
  };
  const auto print = [](const bool& on) { return on ? "on" : "off"; };
  Flag flag = Single(std::move(name), std::move(group), "on|off", std::move(help), field, parse, print);
  flag.kind = Flag::Kind::kSwitch;
  return flag;
}

Flag Action(std::string name, std::string group, std::string help, bool* field) {
  Flag flag = Switch(std::move(name), std::move(group), std::move(help), field);
  flag.kind = Flag::Kind::kAction;
  flag.value.clear();
  flag.preset.clear();
  return flag;
}

Flag Count(std::string name, std::string group, std::string help, int* field, uint64_t max) {
  return CountInto(std::move(name), std::move(group), std::move(help), field, max, None::kRefused);
}

Flag Count(std::string name, std::string group, std::string help, int64_t* field, uint64_t max) {
  return CountInto(std::move(name), std::move(group), std::move(help), field, max, None::kRefused);
}

Flag Count(std::string name, std::string group, std::string help, size_t* field, uint64_t max, None none) {
  return CountInto(std::move(name), std::move(group), std::move(help), field, max, none);
}

}  // namespace penstock::config
