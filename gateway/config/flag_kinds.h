// The kinds of flags that a FlagTable is made of. Each takes the field that it is bound to, which holds the default and
// outlives the flag. Pure.
//
//   FlagTable FlagsOf(Config& config) {
//     return {Count("--threads", "Capacity", "number of event loops", &config.threads, 256),
//             Single("--listen", "Addresses", "ADDRESS", "where", &config.listen, net::ParseAddress,
//             net::PrintAddress), Switch("--console", "API", "the live console", &config.console)};
//   }
//
// Errors of `set` are InvalidArgument, quote the value and say what would have been right.
#ifndef PENSTOCK_GATEWAY_CONFIG_FLAG_KINDS_H_
#define PENSTOCK_GATEWAY_CONFIG_FLAG_KINDS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "gateway/config/flag_table.h"

namespace penstock::config {

// `"value" problem`.
absl::Status BadValue(absl::string_view value, absl::string_view expected);

// How a text becomes a field, and back.
template <typename T>
using ParseValue = std::type_identity_t<std::function<absl::StatusOr<T>(const std::string& text)>>;
template <typename T>
using PrintValue = std::type_identity_t<std::function<std::string(const T& value)>>;

// One value.
template <typename T>
Flag Single(std::string name, std::string group, std::string value, std::string help, T* field, ParseValue<T> parse,
            const PrintValue<T>& print) {
  Flag flag{std::move(name), std::move(group), std::move(value), std::move(help), print(*field)};
  flag.set = [field, parse = std::move(parse)](const std::vector<std::string>& values) {
    absl::StatusOr<T> parsed = parse(values.front());
    if (parsed.ok()) *field = *std::move(parsed);
    return parsed.status();
  };
  return flag;
}

// Repeated; what is given replaces the default.
template <typename T>
Flag List(std::string name, std::string group, std::string value, absl::string_view help, std::vector<T>* field,
          ParseValue<T> parse, const PrintValue<T>& print) {
  Flag flag{std::move(name), std::move(group), std::move(value), absl::StrCat(help, "; may be repeated"), ""};
  flag.kind = Flag::Kind::kRepeated;
  flag.set = [field, parse = std::move(parse)](const std::vector<std::string>& values) {
    std::vector<T> list;
    for (const std::string& text : values) {
      absl::StatusOr<T> parsed = parse(text);
      if (!parsed.ok()) return parsed.status();
      list.push_back(*std::move(parsed));
    }
    *field = std::move(list);
    return absl::OkStatus();
  };
  flag.preset = absl::StrJoin(*field, " ", [&](std::string* out, const T& item) { out->append(print(item)); });
  return flag;
}

// One of `names`.
template <typename T>
Flag Choice(std::string name, std::string group, std::string help, T* field,
            std::vector<std::pair<std::string, T>> names) {
  const std::string all = absl::StrJoin(
      names, "|", [](std::string* out, const std::pair<std::string, T>& entry) { out->append(entry.first); });
  const auto parse = [names, all](const std::string& text) -> absl::StatusOr<T> {
    for (const auto& [known, value] : names) {
      if (text == known) return value;
    }
    return BadValue(text, absl::StrCat("must be one of ", all));
  };
  const auto print = [names](const T& value) {
    for (const auto& [known, other] : names) {
      if (value == other) return known;
    }
    return std::string();
  };
  return Single(std::move(name), std::move(group), all, std::move(help), field, parse, print);
}

// on or off.
Flag Switch(std::string name, std::string group, std::string help, bool* field);

// Sets `field` when it is given.
Flag Action(std::string name, std::string group, std::string help, bool* field);

// Whether a limit may be `none`.
enum class None { kAllowed, kRefused };

// 1 to `max`, or none, which is kNoSizeLimit.
Flag Count(std::string name, std::string group, std::string help, int* field, uint64_t max);
Flag Count(std::string name, std::string group, std::string help, int64_t* field, uint64_t max);
Flag Count(std::string name, std::string group, std::string help, size_t* field, uint64_t max,
           None none = None::kRefused);

}  // namespace penstock::config

#endif  // PENSTOCK_GATEWAY_CONFIG_FLAG_KINDS_H_
