// A program's flags as a table, and the command line read by it. Both programs describe their flags so; flag_kinds.h
// makes the entries. Pure: the environment is handed in.
//
//   ServiceConfig config;                                              // holds the defaults
//   FlagTable flags = {Count("--threads", "Capacity", "number of event loops", &config.threads, 256)};
//   Arguments arguments = ReadArguments(program, flags, argv);
//   std::vector<std::string> errors = ApplyFlags(flags, arguments.values, getenv);
//
// A flag `--a-b` is also the environment variable PENSTOCK_A_B; the flag wins; an empty variable counts as absent. A
// flag that may be repeated takes several values from its variable, separated by spaces.
#ifndef PENSTOCK_GATEWAY_CONFIG_FLAG_TABLE_H_
#define PENSTOCK_GATEWAY_CONFIG_FLAG_TABLE_H_

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"

namespace penstock::config {

// Of all of Penstock.
inline constexpr char kVersion[] = "0.1.0";

// The exit code for a bad command line.
inline constexpr int kBadFlags = 2;

// The value of an environment variable, or null.
using Getenv = std::function<const char*(const char* name)>;

// One flag, bound to the field that it sets, which must outlive it.
struct Flag {
  enum class Kind {
    kSingle,
    kRepeated,
    kSwitch,  // on or off; alone it means on
    kAction,  // asks for something to be done: has neither value nor variable
  };

  std::string name;    // "--header-timeout"
  std::string group;   // heading in --help
  std::string value;   // what stands for the value in --help
  std::string help;    // what it sets
  std::string preset;  // what the field has when the flag is made, as `set` takes it: the default in --help
  Kind kind = Kind::kSingle;

  // `values` is what was given, never empty and with one element unless the flag is repeated. Replaces the default.
  // Errors say what is wrong and the remedy; whoever applies the flag names it.
  std::function<absl::Status(const std::vector<std::string>& values)> set = nullptr;
};

// In the order of --help.
using FlagTable = std::vector<Flag>;

// The help of a flag and its default: "event loops (2)".
std::string HelpOf(const Flag& flag);

// What --help and --version say besides the flags.
struct Program {
  const char* name;
  const char* purpose;  // first line of --help
  const char* footer;   // its last lines
  size_t column;        // where its flags are explained
};

// What a command line says, before its values mean anything.
struct Arguments {
  absl::optional<std::string> answer;            // to --help or --version: print it and exit with 0
  std::string error;                             // a flag that cannot be read; names it
  std::vector<std::string> unknown;              // neither flags nor their values
  std::vector<std::vector<std::string>> values;  // by index in the table; empty: not given
};

// `argv` with the program's name first. The table is not changed.
Arguments ReadArguments(const Program& program, const FlagTable& flags, absl::Span<const char* const> argv);

// The name in the table that is most like `name`, for "did you mean"; empty: none is close.
std::string ClosestFlag(const FlagTable& flags, const std::string& name);

// Sets the flag to `values`, else to its variable's; leaves the default where there is neither. Errors name which.
absl::Status ApplyFlag(const Flag& flag, std::vector<std::string> values, const Getenv& getenv);

// The same for all; `values` as in Arguments. Returns what is wrong, in the order of the table.
std::vector<std::string> ApplyFlags(const FlagTable& flags, const std::vector<std::vector<std::string>>& values,
                                    const Getenv& getenv);

// What a program makes of its command line. `config` absent: print `out` and `err` and exit with `exit_code` (0 for
// --help, --version and a good --check, kBadFlags for bad flags).
template <typename Config>
struct ParsedFlags {
  absl::optional<Config> config;
  int exit_code = 0;
  std::string out;
  std::string err;

  static ParsedFlags Answer(std::string out) { return {absl::nullopt, 0, std::move(out), ""}; }
  static ParsedFlags Refusal(std::string err) { return {absl::nullopt, kBadFlags, "", std::move(err)}; }
};

// "penstock-gateway: --threads: "0" must be an integer from 1 to 256", a line an error.
std::string PrintErrors(const Program& program, const std::vector<std::string>& errors);

}  // namespace penstock::config

#endif  // PENSTOCK_GATEWAY_CONFIG_FLAG_TABLE_H_
