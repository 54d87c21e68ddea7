#include "gateway/config/config.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gateway/config/dialect_presets.h"
#include "gateway/config/flags.h"
#include "gateway/config/host_resources.h"
#include "gateway/config/units.h"

namespace penstock::config {
namespace {

constexpr Program kProgram = {
    .name = "penstock-gateway",
    .purpose = "Streams any gRPC API to a browser's fetch().",
    .footer =
        "A flag --a-b is also the environment variable PENSTOCK_A_B (several values separated by spaces); the flag "
        "wins.\n"
        "SIZE takes k and M (1024-based), TIME takes ms, s, m and h.\n"
        "SIGTERM drains, a second one closes all streams at once. SIGHUP reloads the files of --descriptors, "
        "--api-config\n"
        "and --tls-…, and queries reflection again; what is invalid is logged, and the last valid version stays in "
        "use.",
    .column = 46,
};

// Upstream connections are few, a hundred streams each; a tenth leaves room for servers that allow fewer.
size_t DefaultConnections(size_t open_files_limit) {
  constexpr size_t kEnough = 1000 * 1000;
  const size_t left = std::min(open_files_limit - std::min(open_files_limit, kReservedFiles), kEnough);
  return left - left / 10;
}

Config Defaults(const Environment& environment, const DialectPreset& preset) {
  Config config;
  config.dialect = preset.dialect;
  config.listen = {net::Address::Tcp("", 8080)};
  config.admin_listen = net::Address::Tcp("127.0.0.1", 9901);
  config.upstream = {{"localhost:50051", {net::Address::Tcp("localhost", 50051)}}};
  config.threads = DefaultThreads(environment.cpus);
  config.max_connections = DefaultConnections(environment.open_files_limit);
  if (environment.memory_limit) config.max_memory_bytes = *environment.memory_limit / 10 * 9;
  preset.set_defaults(config);
  return config;
}

std::string Unknown(const FlagTable& flags, const std::string& argument) {
  if (argument.empty() || argument.front() != '-') {
    return absl::StrCat("unexpected argument \"", argument, "\": write a flag's value as --flag=value");
  }
  const std::string name = argument.substr(0, argument.find('='));
  const std::string closest = ClosestFlag(flags, name);
  const std::string suggestion = closest.empty() ? "" : absl::StrCat("did you mean ", closest, "? ");
  return absl::StrCat("unknown flag ", name, ": ", suggestion, "--help lists them all");
}

// Adds to a flag's default in --help those of the other dialects that differ: "(30s; grpc-gateway: none)".
void ShowOtherDefaults(const Environment& environment, FlagTable& flags) {
  for (const DialectPreset& preset : DialectPresets().subspan(1)) {
    Config other = Defaults(environment, preset);
    const FlagTable others = FlagsOf(other);
    for (size_t i = 0; i < flags.size(); ++i) {
      if (flags[i].name == kDialectFlag || flags[i].preset == others[i].preset) continue;
      absl::StrAppend(&flags[i].preset, "; ", preset.name, ": ", others[i].preset);
    }
  }
}

// Gives `config` the defaults of the dialect that was asked for. A bad value is reported when all flags are applied.
void TakeDialect(const FlagTable& flags, const Arguments& arguments, const Environment& environment, Config& config) {
  for (size_t i = 0; i < flags.size(); ++i) {
    if (flags[i].name != kDialectFlag) continue;
    if (!ApplyFlag(flags[i], arguments.values[i], environment.getenv).ok()) return;
    const absl::Span<const DialectPreset> presets = DialectPresets();
    const auto asked = std::find_if(presets.begin(), presets.end(),
                                    [&](const DialectPreset& preset) { return preset.dialect == config.dialect; });
    config = Defaults(environment, *asked);
    return;
  }
}

bool IsFixed(const net::Address& address) { return address.is_unix() || address.port != 0; }

void CheckAddresses(const Config& config, std::vector<std::string>& errors) {
  std::vector<net::Address> used = {config.admin_listen};
  for (const net::ListenAddress& address : config.listen) {
    if (IsFixed(address) && std::find(used.begin(), used.end(), address) != used.end()) {
      errors.push_back(absl::StrCat("--listen: ", net::PrintAddress(address), " is given twice",
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
                                      " is the gateway's own address: set the gRPC server's address"));
      }
      targets.push_back(address);
    }
  }
}

void CheckTls(const Config& config, std::vector<std::string>& errors) {
  if (!config.tls_cert_file.empty() && config.tls_key_file.empty()) {
    errors.push_back("--tls-cert-file: needs --tls-key-file too");
  }
  if (!config.tls_key_file.empty() && config.tls_cert_file.empty()) {
    errors.push_back("--tls-key-file: needs --tls-cert-file too");
  }
  if (!config.tls_client_ca_file.empty() && config.tls_cert_file.empty()) {
    errors.push_back("--tls-client-ca-file: needs TLS: set --tls-cert-file and --tls-key-file too");
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
      if (!value->empty()) errors.push_back(absl::StrCat(flag, ": needs --upstream-tls"));
    }
  }
  if (config.upstream_cert_file.empty() != config.upstream_key_file.empty()) {
    const bool has_key = config.upstream_cert_file.empty();
    errors.push_back(has_key ? "--upstream-key-file: needs --upstream-cert-file too"
                             : "--upstream-cert-file: needs --upstream-key-file too");
  }
}

// What no flag can know by itself.
std::vector<std::string> CheckCombinations(const Config& config, const Environment& environment) {
  std::vector<std::string> errors;
  CheckAddresses(config, errors);
  CheckTls(config, errors);
  if (config.cors_credentials && config.cors_origin.empty()) {
    errors.push_back("--cors-credentials: needs --cors-origin");
  }
  CheckUpstreamTls(config, errors);
  if (!config.descriptors.empty() && config.upstream.size() > 1) {
    errors.push_back(
        "--descriptors: cannot be assigned to one of several --upstream: use reflection, or one --upstream");
  }
  if (config.max_target_bytes > config.max_header_bytes) {
    errors.push_back(absl::StrCat("--max-target-bytes: ", PrintSize(config.max_target_bytes),
                                  " exceeds --max-header-bytes (", PrintSize(config.max_header_bytes),
                                  "), which includes the target: raise that or lower this"));
  }
  if (config.max_record_bytes < config.max_message_bytes) {
    errors.push_back(absl::StrCat("--max-record-bytes: ", PrintSize(config.max_record_bytes),
                                  " is below --max-message-bytes (", PrintSize(config.max_message_bytes),
                                  "): JSON is longer than protobuf; raise it or lower --max-message-bytes"));
  }
  const size_t files = environment.open_files_limit;
  if (config.max_connections == 0 || files < kReservedFiles || config.max_connections > files - kReservedFiles) {
    const size_t connections = std::max<size_t>(config.max_connections, 1);
    errors.push_back(absl::StrCat("--max-connections: ", connections, " and ", kReservedFiles,
                                  " other open files exceed the limit of ", files,
                                  ": raise the limit (ulimit -n) or lower the flag"));
  }
  return errors;
}

Parsed Refuse(const std::vector<std::string>& errors) { return Parsed::Refusal(PrintErrors(kProgram, errors)); }

}  // namespace

Parsed ParseCommandLine(absl::Span<const char* const> argv, const Environment& environment) {
  Config config = Defaults(environment, DialectPresets().front());
  FlagTable flags = FlagsOf(config);
  ShowOtherDefaults(environment, flags);
  const Arguments arguments = ReadArguments(kProgram, flags, argv);
  if (arguments.answer) return Parsed::Answer(*arguments.answer);
  if (!arguments.error.empty()) return Refuse({absl::StrCat(arguments.error, ": --help shows what each flag takes")});
  if (!arguments.unknown.empty()) return Refuse({Unknown(flags, arguments.unknown.front())});

  TakeDialect(flags, arguments, environment, config);
  std::vector<std::string> errors = ApplyFlags(flags, arguments.values, environment.getenv);
  if (errors.empty()) errors = CheckCombinations(config, environment);
  if (!errors.empty()) return Refuse(errors);
  Parsed parsed;
  parsed.config = std::move(config);
  return parsed;
}

std::vector<std::pair<std::string, std::string>> ListSettings(const Config& config) {
  Config copy = config;
  std::vector<std::pair<std::string, std::string>> settings;
  for (const Flag& flag : FlagsOf(copy)) {
    if (flag.name != kCheckFlag) settings.emplace_back(flag.name, flag.preset);
  }
  return settings;
}

}  // namespace penstock::config
