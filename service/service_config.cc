#include "service/service_config.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "gateway/config/host_resources.h"
#include "gateway/config/units.h"

namespace penstock::service {
namespace {

constexpr int kBadFlags = 2;

using Setter = std::function<absl::Status(const std::string& value, ServiceConfig* config)>;

struct Flag {
  std::string name;
  std::string value;  // what stands for it in --help
  std::string group;
  std::string help;
  Setter set;
};

Setter AddressInto(net::ListenAddress ServiceConfig::* member) {
  return [member](const std::string& value, ServiceConfig* config) {
    auto address = net::ParseListenAddress(value);
    if (!address.ok()) return address.status();
    config->*member = *std::move(address);
    return absl::OkStatus();
  };
}

template <typename Number>
Setter NumberInto(Number ServiceConfig::* member, Number most) {
  return [member, most](const std::string& value, ServiceConfig* config) {
    Number number = 0;
    if (!absl::SimpleAtoi(value, &number) || number < 1 || number > most) {
      return absl::InvalidArgumentError(absl::StrCat("\"", value, "\" is no number from 1 to ", most));
    }
    config->*member = number;
    return absl::OkStatus();
  };
}

Setter DurationInto(absl::Duration ServiceConfig::* member, absl::Duration least, absl::Duration most) {
  return [member, least, most](const std::string& value, ServiceConfig* config) {
    const auto duration = config::ParseDuration(value);
    if (!duration.ok()) return duration.status();
    if (*duration < least || *duration > most) {
      return absl::InvalidArgumentError(absl::StrCat("\"", value, "\" is not from ", config::PrintDuration(least),
                                                     " to ", config::PrintDuration(most)));
    }
    config->*member = *duration;
    return absl::OkStatus();
  };
}

absl::Status SetLogLevel(const std::string& value, ServiceConfig* config) {
  for (const char* level : {"debug", "info", "warn", "error"}) {
    if (value != level) continue;
    config->log_level = value;
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat("\"", value, "\" is none of debug, info, warn, error"));
}

absl::Status SetLogFormat(const std::string& value, ServiceConfig* config) {
  if (value != "text" && value != "json") {
    return absl::InvalidArgumentError(absl::StrCat("\"", value, "\" is neither text nor json"));
  }
  config->log_json = value == "json";
  return absl::OkStatus();
}

const std::vector<Flag>& Flags() {
  static const auto* const flags = new std::vector<Flag>{
      {"--listen", "ADDRESS", "Listening", "gRPC: host:port, :port, [v6]:port or unix:path; port 0 picks one (:50051)",
       AddressInto(&ServiceConfig::listen)},
      {"--admin-listen", "ADDRESS", "Listening", "/livez, /readyz and /metrics over HTTP (127.0.0.1:9902)",
       AddressInto(&ServiceConfig::admin_listen)},
      {"--threads", "N", "Capacity", "event loops (the CPUs this process may use, at most 8)",
       NumberInto<int>(&ServiceConfig::threads, kMaxThreads)},
      {"--max-streams", "N", "Capacity", "streams at a time; more are refused with RESOURCE_EXHAUSTED (100000)",
       NumberInto<int64_t>(&ServiceConfig::max_streams, 100'000'000)},
      {"--max-connection-age", "TIME", "Capacity",
       "ask clients to reconnect after this, and close --drain-window later; none: never (none)",
       DurationInto(&ServiceConfig::max_connection_age, kMinConnectionAge, absl::InfiniteDuration())},
      {"--drain-delay", "TIME", "Ending", "at SIGTERM: not ready, but still serving, for this long (5s)",
       DurationInto(&ServiceConfig::drain_delay, absl::ZeroDuration(), kMaxDrain)},
      {"--drain-window", "TIME", "Ending", "then the streams end, spread over this (25s)",
       DurationInto(&ServiceConfig::drain_window, absl::ZeroDuration(), kMaxDrain)},
      {"--log-level", "LEVEL", "Logging", "debug, info, warn or error (info)", SetLogLevel},
      {"--log-format", "FORMAT", "Logging", "text or json (text)", SetLogFormat},
  };
  return *flags;
}

std::string VariableOf(const Flag& flag) {
  return absl::StrCat("PENSTOCK_", absl::AsciiStrToUpper(absl::StrReplaceAll(flag.name.substr(2), {{"-", "_"}})));
}

ServiceConfig Defaults(int cpus) {
  ServiceConfig config;
  config.listen.port = 50051;
  config.admin_listen.host = "127.0.0.1";
  config.admin_listen.port = 9902;
  config.threads = config::DefaultThreads(cpus);
  return config;
}

ParsedCommand Stop(int exit_code, std::string text) {
  ParsedCommand command;
  command.exit_code = exit_code;
  command.text = std::move(text);
  return command;
}

ParsedCommand Refuse(const std::string& why) { return Stop(kBadFlags, absl::StrCat(kProgram, ": ", why, "\n")); }

// The flag's values, else its variable's, into the config. Errors name which.
absl::Status Apply(const Flag& flag, const std::vector<std::string>& values, const Environment& environment,
                   ServiceConfig* config) {
  std::string source = flag.name;
  std::string value;
  if (values.empty()) {
    source = VariableOf(flag);
    const char* const variable = environment(source.c_str());
    if (variable == nullptr || *variable == '\0') return absl::OkStatus();
    value = variable;
  } else if (values.size() > 1) {
    return absl::InvalidArgumentError(absl::StrCat(source, ": given ", values.size(), " times: give it once"));
  } else {
    value = values.front();
  }
  const absl::Status status = flag.set(value, config);
  if (status.ok()) return status;
  return absl::InvalidArgumentError(
      absl::StrCat(source, ": ", std::string(status.message()), "; it takes: ", flag.help));
}

}  // namespace

ParsedCommand ParseCommandLine(int argc, const char* const* argv, const Environment& environment, int cpus) {
  CLI::App app("Serves penstock.tick.v1.TickService, gRPC health and reflection.", kProgram);
  app.set_help_flag();  // it would end the parsing before bad flags are seen
  app.allow_extras();
  app.footer("A flag --a-b is also the environment variable PENSTOCK_A_B; the flag wins. TIME takes ms, s, m and h.");
  app.get_formatter()->column_width(34);
  std::vector<std::vector<std::string>> values(Flags().size());
  for (size_t i = 0; i < values.size(); ++i) {
    const Flag& flag = Flags()[i];
    app.add_option(flag.name, values[i], flag.help)
        ->group(flag.group)
        ->type_name(flag.value)
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->allow_extra_args(false);
  }
  bool help = false;
  bool version = false;
  bool check = false;
  app.add_flag("-h,--help", help, "print this")->group("Other");
  app.add_flag("--version", version, "print the version")->group("Other");
  app.add_flag("--check", check, "validate what can be known without traffic, and exit")->group("Other");
  try {
    std::vector<std::string> arguments;  // CLI11 takes them last one first
    for (int i = argc - 1; i > 0; --i) arguments.emplace_back(argv[i]);
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return Refuse(absl::StrCat(error.what(), "; --help shows what each flag takes"));
  }
  if (help) return Stop(0, app.help());
  if (version) return Stop(0, absl::StrCat(kProgram, " ", kVersion, "\n"));
  const std::vector<std::string> unknown = app.remaining();
  if (!unknown.empty()) {
    return Refuse(absl::StrCat("unknown flag or argument ", unknown.front(), "; --help lists the flags"));
  }
  ParsedCommand command;
  command.config = Defaults(cpus);
  for (size_t i = 0; i < values.size(); ++i) {
    const absl::Status status = Apply(Flags()[i], values[i], environment, &command.config);
    if (!status.ok()) return Refuse(std::string(status.message()));
  }
  const bool fixed = command.config.listen.kind == net::Address::Kind::kUnix || command.config.listen.port != 0;
  if (fixed && command.config.listen == command.config.admin_listen) {
    return Refuse(absl::StrCat("--admin-listen: ", net::PrintAddress(command.config.listen),
                               " is --listen's: give each an address of its own"));
  }
  if (check) return Stop(0, absl::StrCat(kProgram, ": the configuration is good\n"));
  return command;
}

}  // namespace penstock::service
