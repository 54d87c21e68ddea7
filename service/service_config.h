// The service's flags and environment as one validated value. Pure: the environment is handed in.
//
//   ParsedCommand command = ParseCommandLine(argc, argv, std::getenv, CpuCount());
//   if (command.exit_code) { print(command.text); return *command.exit_code; }
//   Serve(command.config);
//
// A flag --a-b is also PENSTOCK_A_B; the flag wins.
#ifndef PENSTOCK_SERVICE_SERVICE_CONFIG_H_
#define PENSTOCK_SERVICE_SERVICE_CONFIG_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "gateway/net/address.h"

namespace penstock::service {

inline constexpr char kProgram[] = "penstock-ticks";
inline constexpr char kVersion[] = "0.1.0";

struct ServiceConfig {
  net::ListenAddress listen;
  net::ListenAddress admin_listen;
  int threads = 1;
  int64_t max_streams = 100'000;
  absl::Duration max_connection_age = absl::InfiniteDuration();
  absl::Duration drain_delay = absl::Seconds(5);
  absl::Duration drain_window = absl::Seconds(25);
  std::string log_level = "info";  // debug, info, warn or error
  bool log_json = false;
};

// More would only be switched between; a machine that has more cores has room for a second process.
inline constexpr int kMaxThreads = 256;
// Beyond what any supervisor waits for before it kills.
inline constexpr absl::Duration kMaxDrain = absl::Hours(1);
// A younger end than this and a connection does little but reconnect.
inline constexpr absl::Duration kMinConnectionAge = absl::Seconds(1);

struct ParsedCommand {
  ServiceConfig config;
  // Set: do not serve, print `text` (to stdout when 0, else to stderr) and exit with this.
  absl::optional<int> exit_code;
  std::string text;
};

// The value of an environment variable, or null.
using Environment = std::function<const char*(const char* name)>;

// Exit code 2 for an unknown flag or a bad value, which `text` names with the remedy; 0 for --help, --version and a
// good --check. `cpus`: what this process may use, for the default of --threads.
ParsedCommand ParseCommandLine(int argc, const char* const* argv, const Environment& environment, int cpus);

}  // namespace penstock::service

#endif  // PENSTOCK_SERVICE_SERVICE_CONFIG_H_
