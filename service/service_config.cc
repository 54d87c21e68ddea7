#include "service/service_config.h"

#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gateway/config/flag_kinds.h"
#include "gateway/config/host_resources.h"
#include "gateway/config/units.h"

namespace penstock::service {
namespace {

using config::BadValue;
using config::Count;
using config::Flag;
using config::FlagTable;
using config::Single;

constexpr config::Program kCommand = {
    .name = kProgram,
    .purpose = "Serves penstock.tick.v1.TickService, gRPC health and reflection.",
    .footer = "A flag --a-b is also the environment variable PENSTOCK_A_B; the flag wins. TIME takes ms, s, m and h.",
    .column = 34,
};

constexpr char kListening[] = "Listening";
constexpr char kCapacity[] = "Capacity";
constexpr char kEnding[] = "Shutdown";
constexpr char kLogging[] = "Logging";

Flag AddressFlag(const char* name, const char* help, net::ListenAddress* field) {
  return Single(name, kListening, "ADDRESS", help, field, net::ParseListenAddress, net::PrintAddress);
}

Flag TimeFlag(const char* name, const char* group, const char* help, absl::Duration* field, absl::Duration least,
              absl::Duration most) {
  const auto parse = [least, most](const std::string& text) -> absl::StatusOr<absl::Duration> {
    const auto time = config::ParseDuration(text);
    if (!time.ok() || (*time >= least && *time <= most)) return time;
    return BadValue(text,
                    absl::StrCat("must be from ", config::PrintDuration(least), " to ", config::PrintDuration(most)));
  };
  return Single(name, group, "TIME", help, field, parse, config::PrintDuration);
}

Flag LogLevelFlag(std::string* field) {
  const auto parse = [](const std::string& text) -> absl::StatusOr<std::string> {
    for (const char* level : {"debug", "info", "warn", "error"}) {
      if (text == level) return text;
    }
    return BadValue(text, "must be debug, info, warn or error");
  };
  return Single("--log-level", kLogging, "LEVEL", "debug, info, warn or error", field, parse,
                [](const std::string& level) { return level; });
}

Flag LogFormatFlag(bool* json) {
  const auto parse = [](const std::string& text) -> absl::StatusOr<bool> {
    if (text == "text" || text == "json") return text == "json";
    return BadValue(text, "must be text or json");
  };
  return Single("--log-format", kLogging, "FORMAT", "text or json", json, parse,
                [](const bool& on) { return on ? "json" : "text"; });
}

// Makes the flag's errors say what it takes.
Flag Explained(Flag flag) {
  flag.set = [set = std::move(flag.set), help = HelpOf(flag)](const std::vector<std::string>& values) {
    const absl::Status status = set(values);
    if (status.ok()) return status;
    return absl::InvalidArgumentError(absl::StrCat(status.message(), "; it takes: ", help));
  };
  return flag;
}

FlagTable FlagsOf(ServiceConfig& config, bool& check) {
  Flag threads = Count("--threads", kCapacity, "number of event loops", &config.threads, kMaxThreads);
  threads.preset = absl::StrCat("the CPUs this process may use, at most ", config::kMaxDefaultThreads);
  FlagTable flags = {
      AddressFlag("--listen",
                  "gRPC address to listen on: host:port, :port, [v6]:port or unix:path; port 0 picks a free port",
                  &config.listen),
      AddressFlag("--admin-listen", "admin port: /livez, /readyz and /metrics over HTTP", &config.admin_listen),
      threads,
      Count("--max-streams", kCapacity, "maximum open streams; above: RESOURCE_EXHAUSTED", &config.max_streams,
            kMaxStreams),
      TimeFlag("--max-connection-age", kCapacity,
               "maximum age of a connection, which is then closed within --drain-window; none: no limit",
               &config.max_connection_age, kMinConnectionAge, absl::InfiniteDuration()),
      TimeFlag("--drain-delay", kEnding, "time to keep serving while not ready, before streams are closed",
               &config.drain_delay, absl::ZeroDuration(), kMaxDrain),
      TimeFlag("--drain-window", kEnding, "period over which open streams are closed", &config.drain_window,
               absl::ZeroDuration(), kMaxDrain),
      LogLevelFlag(&config.log_level),
      LogFormatFlag(&config.log_json),
      config::Action("--check", "Other", "validate the configuration and exit", &check),
  };
  for (Flag& flag : flags) flag = Explained(std::move(flag));
  return flags;
}

ServiceConfig Defaults(int cpus) {
  ServiceConfig config;
  config.listen.port = 50051;
  config.admin_listen.host = "127.0.0.1";
  config.admin_listen.port = 9902;
  config.threads = config::DefaultThreads(cpus);
  return config;
}

ParsedCommand Refuse(const std::string& why) { return ParsedCommand::Refusal(PrintErrors(kCommand, {why})); }

}  // namespace

ParsedCommand ParseCommandLine(absl::Span<const char* const> argv, const config::Getenv& getenv, int cpus) {
  ServiceConfig config = Defaults(cpus);
  bool check = false;
  const FlagTable flags = FlagsOf(config, check);
  const config::Arguments arguments = ReadArguments(kCommand, flags, argv);
  if (arguments.answer) return ParsedCommand::Answer(*arguments.answer);
  if (!arguments.error.empty()) return Refuse(absl::StrCat(arguments.error, "; --help shows what each flag takes"));
  if (!arguments.unknown.empty()) {
    return Refuse(absl::StrCat("unknown flag or argument ", arguments.unknown.front(), "; --help lists the flags"));
  }
  const std::vector<std::string> errors = ApplyFlags(flags, arguments.values, getenv);
  if (!errors.empty()) return Refuse(errors.front());
  const bool fixed = config.listen.kind == net::Address::Kind::kUnix || config.listen.port != 0;
  if (fixed && config.listen == config.admin_listen) {
    return Refuse(absl::StrCat("--admin-listen: ", net::PrintAddress(config.listen),
                               " is --listen's: give each an address of its own"));
  }
  if (check) return ParsedCommand::Answer(absl::StrCat(kProgram, ": configuration is valid\n"));
  ParsedCommand command;
  command.config = std::move(config);
  return command;
}

}  // namespace penstock::service
