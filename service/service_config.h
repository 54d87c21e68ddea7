// The service's flags and environment as one validated value. Pure: the environment is handed in. How a flag and its
// environment variable are read is told in gateway/config/flag_table.h.
//
//   ParsedCommand command = ParseCommandLine(absl::MakeConstSpan(argv, argc), getenv, CpuCount());
//   if (command.config) return Serve(*command.config);
//   std::cout << command.out; std::cerr << command.err; return command.exit_code;
#ifndef PENSTOCK_SERVICE_SERVICE_CONFIG_H_
#define PENSTOCK_SERVICE_SERVICE_CONFIG_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gateway/config/flag_table.h"
#include "gateway/net/address.h"

namespace penstock::service {

inline constexpr char kProgram[] = "penstock-ticks";

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
// Thousands of times what one machine serves: a bound that only a typing error exceeds.
inline constexpr int64_t kMaxStreams = 100'000'000;
// Beyond what any supervisor waits for before it kills.
inline constexpr absl::Duration kMaxDrain = absl::Hours(1);
// A younger end than this and a connection does little but reconnect.
inline constexpr absl::Duration kMinConnectionAge = absl::Seconds(1);

using ParsedCommand = config::ParsedFlags<ServiceConfig>;

// `argv` with the program's name first. `cpus`: what this process may use, for the default of --threads.
ParsedCommand ParseCommandLine(absl::Span<const char* const> argv, const config::Getenv& getenv, int cpus);

}  // namespace penstock::service

#endif  // PENSTOCK_SERVICE_SERVICE_CONFIG_H_
