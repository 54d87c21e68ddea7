// The gateway's flags, one entry each: its name, what --help says of it, how its text becomes a field of Config and how
// the field is printed. Internal to config; pure.
//
//   for (const Flag& flag : Flags()) flag.set({"10s"}, config);
#ifndef PENSTOCK_GATEWAY_CONFIG_FLAGS_H_
#define PENSTOCK_GATEWAY_CONFIG_FLAGS_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gateway/config/config.h"

namespace penstock::config {

// Its value decides the defaults of others.
inline constexpr char kDialectFlag[] = "--dialect";

struct Flag {
  std::string name;   // "--header-timeout"
  std::string group;  // heading in --help
  std::string value;  // what stands for the value in --help
  std::string help;
  bool repeated = false;
  bool is_switch = false;  // `--x` alone means on
  bool listed = true;      // is a setting; not --check, which asks for something to be done

  // `values` is what was given, never empty and with one element where the flag is not repeated. Replaces the default.
  // Errors say what is wrong and the remedy; the caller names the flag.
  std::function<absl::Status(const std::vector<std::string>& values, Config& config)> set;

  // The values that `set` turns into what `config` has.
  std::function<std::vector<std::string>(const Config& config)> print;
};

// In the order of --help.
const std::vector<Flag>& Flags();

}  // namespace penstock::config

#endif  // PENSTOCK_GATEWAY_CONFIG_FLAGS_H_
