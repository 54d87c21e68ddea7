#include "gateway/config/config.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gateway/config/cpu_count.h"
#include "gateway/config/flags.h"
#include "gateway/config/units.h"

namespace penstock::config {
namespace {

constexpr char kProgram[] = "penstock-gateway";
constexpr int kBadFlags = 2;

// Upstream connections are few, a hundred streams each; a tenth leaves room for servers that allow fewer.
size_t DefaultConnections(size_t open_files_limit) {
  constexpr size_t kEnough = 1000 * 1000;
  const size_t left = std::min(open_files_limit - std::min(open_files_limit, kReservedFiles), kEnough);
  return left - left / 10;
}

Config Defaults(const Environment& environment, Dialect dialect) {
  Config config;
  config.dialect = dialect;
  config.listen = {net::Address::Tcp("", 8080)};
  config.admin_listen = net::Address::Tcp("127.0.0.1", 9901);
  config.upstream = {{"localhost:50051", {net::Address::Tcp("localhost", 50051)}}};
  config.threads = DefaultThreads(environment.cpus);
  config.max_connections = DefaultConnections(environment.open_files_limit);
  if (environment.memory_limit) config.max_memory_bytes = *environment.memory_limit / 10 * 9;
  if (dialect == Dialect::kGrpcGateway) {
    config.unbound_methods = false;
    config.unescape = route::Unescape::kLegacy;
    config.max_request_bytes = kNoSizeLimit;
    config.unary_timeout = absl::InfiniteDuration();
  }
  return config;
}

std::string VariableOf(const Flag& flag) {
  return absl::StrCat("PENSTOCK_", absl::AsciiStrToUpper(absl::StrReplaceAll(flag.name.substr(2), {{"-", "_"}})));
}

std::string Join(const std::vector<std::string>& values) { return absl::StrJoin(values, " "); }

// How many insertions, removals and replacements turn `a` into `b`.
size_t Distance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced = diagonal + (a[i] != b[j] ? 1 : 0);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::string Unknown(const std::string& argument) {
  if (argument.empty() || argument.front() != '-') {
    return absl::StrCat("unexpected argument \"", argument, "\": write a flag's value as --flag=value");
  }
  const std::string name = argument.substr(0, argument.find('='));
  constexpr size_t kClose = 4;
  size_t best = kClose;
  std::string suggestion;
  for (const Flag& flag : Flags()) {
    const size_t distance = Distance(name, flag.name);
    if (distance >= best) continue;
    best = distance;
    suggestion = absl::StrCat("did you mean ", flag.name, "? ");
  }
  return absl::StrCat("unknown flag ", name, ": ", suggestion, "--help lists them all");
}

// What the command line says, before it means anything.
struct CommandLine {
  bool help = false;
  bool version = false;
  std::string help_text;
  std::vector<std::vector<std::string>> values;  // by index in Flags(); empty: not given
  std::vector<std::string> unknown;
  std::string error;
};

// What --help says of a flag's default: "(30s; grpc-gateway: none)".
std::string PresetOf(const Flag& flag, const Environment& environment) {
  const std::string native = Join(flag.print(Defaults(environment, Dialect::kNative)));
  const std::string other = Join(flag.print(Defaults(environment, Dialect::kGrpcGateway)));
  if (native.empty()) return "";
  if (native == other || flag.name == kDialectFlag) return absl::StrCat(" (", native, ")");
  return absl::StrCat(" (", native, "; grpc-gateway: ", other, ")");
}

CommandLine Read(absl::Span<const char* const> argv, const Environment& environment) {
  const std::vector<Flag>& flags = Flags();
  CommandLine line;
  line.values.resize(flags.size());
  CLI::App app("Turns any gRPC API into HTTP that a browser can stream.", kProgram);
  app.set_help_flag();  // it would end the parsing before bad flags are seen
  app.allow_extras();
  app.footer(
      "A flag --a-b is also the environment variable PENSTOCK_A_B, several values with spaces between; the flag wins.\n"
      "SIZE takes k and M (1024-based), TIME takes ms, s, m and h.\n"
      "SIGTERM ends in order, a second one at once. SIGHUP reads --descriptors, --api-config and --tls-… files\n"
      "again, or asks the upstreams' reflection; what cannot be used is logged, and the last good one stays.");
  app.get_formatter()->column_width(46);
  for (size_t i = 0; i < flags.size(); ++i) {
    const Flag& flag = flags[i];
    CLI::Option* option = app.add_option(
        flag.name,
        [values = &line.values[i]](const CLI::results_t& results) {
          *values = results;
          return true;
        },
        absl::StrCat(flag.help, PresetOf(flag, environment)));
    option->group(flag.group)->type_name(flag.value)->expected(flag.is_switch ? 0 : 1, 1);
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->allow_extra_args(false);
  }
  app.add_flag("-h,--help", line.help, "print this")->group("Other");
  app.add_flag("--version", line.version, "print the version")->group("Other");
  // CLI11 takes the arguments last one first.
  std::vector<std::string> arguments(argv.rbegin(), argv.rend() - (argv.empty() ? 0 : 1));
  try {
    app.parse(std::move(arguments));
    line.unknown = app.remaining();
  } catch (const CLI::ParseError& error) {
    line.error = error.what();
  }
  if (line.help) line.help_text = app.help();
  return line;
}

// The values of one flag into the config: the command line's, else the environment's. Errors name which.
absl::Status Apply(const Flag& flag, std::vector<std::string> values, const Environment& environment, Config& config) {
  std::string source = flag.name;
  if (values.empty()) {
    source = VariableOf(flag);
    const char* const variable = environment.getenv(source.c_str());
    if (variable == nullptr || *variable == '\0') return absl::OkStatus();
    if (flag.repeated) {
      values = absl::StrSplit(variable, ' ', absl::SkipEmpty());
      if (values.empty()) return absl::OkStatus();
    } else {
      values = {variable};
    }
  } else if (flag.is_switch) {
    // `--x` alone; CLI11 reports it as one of these.
    for (std::string& value : values) {
      if (value.empty() || value == "{}") value = "on";
    }
  }
  if (!flag.repeated && values.size() > 1) {
    return absl::InvalidArgumentError(absl::StrCat(source, ": given ", values.size(), " times: give it once"));
  }
  const absl::Status status = flag.set(values, config);
  if (status.ok()) return status;
  return absl::InvalidArgumentError(absl::StrCat(source, ": ", status.message()));
}

bool IsFixed(const net::Address& address) { return address.is_unix() || address.port != 0; }

void CheckAddresses(const Config& config, std::vector<std::string>& errors) {
  std::vector<net::Address> used = {config.admin_listen};
  for (const net::ListenAddress& address : config.listen) {
    if (IsFixed(address) && std::find(used.begin(), used.end(), address) != used.end()) {
      errors.push_back(absl::StrCat("--listen: ", net::PrintAddress(address), " is used twice",
                                    address == config.admin_listen ? " (--admin-listen has it)" : "",
                                    ": give each listener an address of its own"));
    }
    used.push_back(address);
  }
  std::vector<net::Address> targets;
  for (const Upstream& upstream : config.upstream) {
    for (const net::UpstreamAddress& address : upstream.addresses) {
      if (std::find(targets.begin(), targets.end(), address) != targets.end()) {
        errors.push_back(absl::StrCat("--upstream: ", net::PrintAddress(address), " is given twice: leave one out"));
      }
      if (std::find(used.begin(), used.end(), address) != used.end()) {
        errors.push_back(absl::StrCat("--upstream: ", net::PrintAddress(address),
                                      " is where the gateway itself listens: name the gRPC server's address"));
      }
      targets.push_back(address);
    }
  }
}

void CheckTls(const Config& config, std::vector<std::string>& errors) {
  if (!config.tls_cert_file.empty() && config.tls_key_file.empty()) {
    errors.push_back("--tls-cert-file: a certificate is of no use without its key: give --tls-key-file too");
  }
  if (!config.tls_key_file.empty() && config.tls_cert_file.empty()) {
    errors.push_back("--tls-key-file: a key is of no use without its certificate: give --tls-cert-file too");
  }
  if (!config.tls_client_ca_file.empty() && config.tls_cert_file.empty()) {
    errors.push_back(
        "--tls-client-ca-file: clients show certificates inside TLS only: give --tls-cert-file and --tls-key-file too");
  }
}

void CheckUpstreamTls(const Config& config, std::vector<std::string>& errors) {
  if (!config.upstream_tls) {
    const std::pair<const char*, const std::string*> unused[] = {
        {"--upstream-ca-file", &config.upstream_ca_file},
        {"--upstream-cert-file", &config.upstream_cert_file},
        {"--upstream-key-file", &config.upstream_key_file},
        {"--upstream-server-name", &config.upstream_server_name}};
    for (const auto& [flag, value] : unused) {
      if (!value->empty())
        errors.push_back(absl::StrCat(flag, ": is for TLS to the upstream: give --upstream-tls too"));
    }
  }
  if (config.upstream_cert_file.empty() != config.upstream_key_file.empty()) {
    const bool has_key = config.upstream_cert_file.empty();
    errors.push_back(absl::StrCat(has_key ? "--upstream-key-file: a key" : "--upstream-cert-file: a certificate",
                                  " is of no use alone: give ",
                                  has_key ? "--upstream-cert-file" : "--upstream-key-file", " too"));
  }
}

// What no flag can know by itself.
std::vector<std::string> CheckCombinations(const Config& config, const Environment& environment) {
  std::vector<std::string> errors;
  CheckAddresses(config, errors);
  CheckTls(config, errors);
  if (config.cors_credentials && config.cors_origin.empty()) {
    errors.push_back("--cors-credentials: no other origin is allowed anything yet: give --cors-origin too");
  }
  CheckUpstreamTls(config, errors);
  if (!config.descriptors.empty() && config.upstream.size() > 1) {
    errors.push_back(
        "--descriptors: files do not say which of several --upstream serves what: leave them out (reflection does), or "
        "give one --upstream");
  }
  if (config.max_target_bytes > config.max_header_bytes) {
    errors.push_back(absl::StrCat("--max-target-bytes: ", PrintSize(config.max_target_bytes),
                                  " cannot be reached, the target is part of the head: raise --max-header-bytes (",
                                  PrintSize(config.max_header_bytes), ")"));
  }
  if (config.max_record_bytes < config.max_message_bytes) {
    errors.push_back(absl::StrCat("--max-record-bytes: ", PrintSize(config.max_record_bytes),
                                  " is below --max-message-bytes (", PrintSize(config.max_message_bytes),
                                  "), JSON outgrows protobuf: raise it or lower the other"));
  }
  const size_t files = environment.open_files_limit;
  if (config.max_connections == 0 || files < kReservedFiles || config.max_connections > files - kReservedFiles) {
    const size_t connections = std::max<size_t>(config.max_connections, 1);
    errors.push_back(absl::StrCat("--max-connections: ", connections, " and ", kReservedFiles,
                                  " open files besides are more than the limit of ", files,
                                  ": raise that (ulimit -n) or lower the flag"));
  }
  return errors;
}

// The defaults of the dialect that was asked for. A bad value is reported when the flags are applied.
Config DialectDefaults(const CommandLine& line, const Environment& environment) {
  Config config = Defaults(environment, Dialect::kNative);
  for (size_t i = 0; i < Flags().size(); ++i) {
    if (Flags()[i].name != kDialectFlag) continue;
    if (Apply(Flags()[i], line.values[i], environment, config).ok()) return Defaults(environment, config.dialect);
  }
  return config;
}

Parsed Refuse(const std::vector<std::string>& errors) {
  Parsed parsed;
  parsed.exit_code = kBadFlags;
  for (const std::string& error : errors) absl::StrAppend(&parsed.err, kProgram, ": ", error, "\n");
  return parsed;
}

}  // namespace

Parsed ParseCommandLine(absl::Span<const char* const> argv, const Environment& environment) {
  CommandLine line = Read(argv, environment);
  Parsed parsed;
  if (line.help) {
    parsed.out = line.help_text;
    return parsed;
  }
  if (line.version) {
    parsed.out = absl::StrCat(kProgram, " ", kVersion, "\n");
    return parsed;
  }
  if (!line.error.empty()) return Refuse({absl::StrCat(line.error, ": --help shows what each flag takes")});
  if (!line.unknown.empty()) return Refuse({Unknown(line.unknown.front())});

  Config config = DialectDefaults(line, environment);
  std::vector<std::string> errors;
  for (size_t i = 0; i < Flags().size(); ++i) {
    const absl::Status status = Apply(Flags()[i], std::move(line.values[i]), environment, config);
    if (!status.ok()) errors.push_back(std::string(status.message()));
  }
  if (errors.empty()) errors = CheckCombinations(config, environment);
  if (!errors.empty()) return Refuse(errors);
  parsed.config = std::move(config);
  return parsed;
}

std::vector<std::pair<std::string, std::string>> ListSettings(const Config& config) {
  std::vector<std::pair<std::string, std::string>> settings;
  for (const Flag& flag : Flags()) {
    if (flag.listed) settings.emplace_back(flag.name, Join(flag.print(config)));
  }
  return settings;
}

}  // namespace penstock::config
