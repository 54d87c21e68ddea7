#include "gateway/config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gateway/config/dialect.h"
#include "gateway/config/units.h"
#include "gateway/net/address.h"
#include "gateway/net/cidr.h"
#include "gateway/route/percent.h"

namespace penstock::config {
namespace {

using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Variables = std::map<std::string, std::string>;

Parsed Parse(const std::vector<std::string>& flags, const Variables& variables = {}, size_t open_files_limit = 20000,
             int cpus = 2) {
  std::vector<const char*> argv = {"penstock-gateway"};
  for (const std::string& flag : flags) argv.push_back(flag.c_str());
  Environment environment;
  environment.getenv = [&](const char* name) -> const char* {
    const auto variable = variables.find(name);
    return variable == variables.end() ? nullptr : variable->second.c_str();
  };
  environment.open_files_limit = open_files_limit;
  environment.cpus = cpus;
  return ParseCommandLine(absl::MakeConstSpan(argv), environment);
}

std::string Setting(const Config& config, const std::string& flag) {
  for (const auto& [name, value] : ListSettings(config)) {
    if (name == flag) return value;
  }
  // Not a setting: shown by what it does.
  return flag == "--check" ? (config.check ? "on" : "off") : "no such flag";
}

std::string VariableOf(const std::string& flag) {
  return absl::StrCat("PENSTOCK_", absl::AsciiStrToUpper(absl::StrReplaceAll(flag.substr(2), {{"-", "_"}})));
}

// One row a flag: its default, two other values, as a flag and as a variable, and one that is refused.
struct FlagRow {
  std::string flag;
  std::string preset;
  std::string good;
  std::string other;
  std::string bad;
  std::string says;                    // besides the flag and the value
  std::vector<std::string> with = {};  // flags without which it is of no use
};

std::vector<std::string> With(const FlagRow& row, std::vector<std::string> flags) {
  flags.insert(flags.end(), row.with.begin(), row.with.end());
  return flags;
}

const std::vector<FlagRow>& FlagRows() {
  static const std::vector<FlagRow>* const rows = new std::vector<FlagRow>{
      {"--listen", ":8080", "unix:/run/p.sock", "[::1]:0", "8080", "has no port"},
      {"--admin-listen", "127.0.0.1:9901", ":0", "unix:a.sock", "localhost:x", "has the port"},
      {"--upstream", "localhost:50051", "a:1,b:2", "unix:u.sock", "a:0", "nothing to connect to"},
      {"--upstream-health-check", "off", "on", "off", "maybe", "must be on or off"},
      {"--tls-cert-file", "", "tls.crt", "/b/c.crt", "", "", {"--tls-key-file=k"}},
      {"--tls-key-file", "", "tls.key", "/b/c.key", "", "", {"--tls-cert-file=c"}},
      {"--tls-client-ca-file", "", "ca.crt", "/b/ca.crt", "", "", {"--tls-cert-file=c", "--tls-key-file=k"}},
      {"--upstream-tls", "off", "on", "off", "maybe", "must be on or off"},
      {"--upstream-ca-file", "", "ca.crt", "/b/ca.crt", "", "", {"--upstream-tls"}},
      {"--upstream-cert-file", "", "c.crt", "/b/c.crt", "", "", {"--upstream-tls", "--upstream-key-file=k"}},
      {"--upstream-key-file", "", "c.key", "/b/c.key", "", "", {"--upstream-tls", "--upstream-cert-file=c"}},
      {"--upstream-server-name", "", "a.example", "10.0.0.1", "https://a", "must be a host name", {"--upstream-tls"}},
      {"--dialect", "native", "grpc-gateway", "native", "grpc_gateway", "must be one of native|grpc-gateway"},
      {"--descriptors", "", "a.binpb", "/b/c.binpb", "", ""},
      {"--api-config", "", "api.yaml", "/b/c.yaml", "", ""},
      {"--expose", "", "grpc.health.v1.Health", "a.B", "a.*", "full name of a service"},
      {"--unbound-methods", "on", "off", "on", "maybe", "must be on or off"},
      {"--unescape", "all-except-reserved", "legacy", "all", "none", "all-except-reserved|all-except-slash|all"},
      {"--print-unpopulated", "on", "off", "on", "1", "must be on or off"},
      {"--print-proto-names", "off", "on", "off", "yes", "must be on or off"},
      {"--print-enum-numbers", "off", "on", "off", "ON", "must be on or off"},
      {"--web-root", "embedded", "none", "./web", "", ""},
      {"--console", "on", "off", "on", "no", "must be on or off"},
      {"--forward-header", "", "x-request-id", "x_a.b", "content-length",
       "must not be a header that the gateway or gRPC sets itself"},
      {"--legacy-metadata-headers", "off", "on", "off", "o", "must be on or off"},
      {"--cors-origin", "", "https://app.example.com", "http://localhost:3000", "https://app.example.com/",
       "must be an origin"},
      {"--cors-credentials", "off", "on", "off", "maybe", "must be on or off", {"--cors-origin=https://a.example"}},
      {"--trusted-proxy", "", "10.0.0.0/8", "fd00::/8", "10.0.0.1/8", "write 10.0.0.0/8"},
      {"--threads", "2", "1", "256", "257", "must be an integer from 1 to 256"},
      {"--max-target-bytes", "8k", "1k", "100", "63", "at least 64"},
      {"--max-header-bytes", "64k", "8k", "1M", "17M", "at most 16M"},
      {"--max-request-bytes", "4M", "none", "1024M", "1025M", "at most 1024M"},
      {"--max-message-bytes", "4M", "1k", "16M", "none", "must be at most 1024M"},
      {"--max-record-bytes", "16M", "4M", "64M", "4G", "unknown unit"},
      {"--stream-window-bytes", "64k", "1k", "1M", "1023", "at least 1k"},
      {"--max-connections", "17885", "1", "19872", "0", "must be an integer from 1 to 1000000"},
      {"--max-connections-per-address", "none", "1", "100", "0", "must be an integer from 1 to 1000000"},
      {"--max-memory-bytes", "none", "200M", "1M", "1000", "at least 1M"},
      {"--slow-client-rate", "1k", "1", "1M", "1K", "unknown unit"},
      {"--header-timeout", "10s", "1ms", "24h", "25h", "at most 24h"},
      {"--body-timeout", "30s", "250ms", "1m", "0", "at least 1ms"},
      {"--idle-timeout", "75s", "1500ms", "2m", "none", "must be at most"},
      {"--head-wait", "1s", "0", "5s", "1", "no unit"},
      {"--heartbeat", "15s", "none", "20ms", "0", "at least 1ms"},
      {"--unary-timeout", "30s", "none", "1h", "1d", "unknown unit"},
      {"--max-stream-duration", "none", "1h", "1s", "forever", "not a number"},
      {"--slow-client-timeout", "30s", "100ms", "5m", "none", "must be at most"},
      {"--drain-delay", "5s", "0", "10s", "-1s", "not a number"},
      {"--drain-window", "25s", "0", "100ms", "none", "must be at most"},
      {"--log-level", "info", "debug", "error", "INFO", "must be one of debug|info|warn|error"},
      {"--log-format", "text", "json", "text", "xml", "must be one of text|json"},
      {"--access-log", "stdout", "off", "/var/log/access", "", ""},
      {"--check", "off", "on", "off", "yes", "must be on or off"},
  };
  return *rows;
}

TEST(ParseCommandLine, EveryFlagHasItsRow) {
  const Parsed parsed = Parse({});
  ASSERT_TRUE(parsed.config.has_value()) << parsed.err;
  std::set<std::string> listed = {"--check"};
  for (const auto& setting : ListSettings(*parsed.config)) listed.insert(setting.first);
  std::set<std::string> tested;
  for (const FlagRow& row : FlagRows()) tested.insert(row.flag);
  EXPECT_EQ(tested, listed);
}

TEST(ParseCommandLine, EveryFlagHasItsDefault) {
  const Parsed parsed = Parse({});
  ASSERT_TRUE(parsed.config.has_value()) << parsed.err;
  for (const FlagRow& row : FlagRows()) EXPECT_EQ(Setting(*parsed.config, row.flag), row.preset) << row.flag;
}

TEST(ParseCommandLine, EveryFlagIsReadAndWinsOverItsVariable) {
  for (const FlagRow& row : FlagRows()) {
    for (const auto& [value, variable] : {std::pair(row.good, row.other), std::pair(row.other, row.good)}) {
      for (const std::vector<std::string>& flags :
           {std::vector<std::string>{absl::StrCat(row.flag, "=", value)}, {row.flag, value}}) {
        const Parsed alone = Parse(With(row, flags));
        ASSERT_TRUE(alone.config.has_value()) << alone.err;
        EXPECT_EQ(Setting(*alone.config, row.flag), value);
        const Parsed both = Parse(With(row, flags), {{VariableOf(row.flag), variable}});
        ASSERT_TRUE(both.config.has_value()) << both.err;
        EXPECT_EQ(Setting(*both.config, row.flag), value) << "the flag wins";
      }
    }
  }
}

TEST(ParseCommandLine, EveryVariableIsReadAndAnEmptyOneCountsAsAbsent) {
  for (const FlagRow& row : FlagRows()) {
    for (const std::string& value : {row.good, row.other}) {
      const Parsed parsed = Parse(With(row, {}), {{VariableOf(row.flag), value}});
      ASSERT_TRUE(parsed.config.has_value()) << parsed.err;
      EXPECT_EQ(Setting(*parsed.config, row.flag), value);
    }
    const Parsed empty = Parse({}, {{VariableOf(row.flag), ""}});
    ASSERT_TRUE(empty.config.has_value()) << empty.err;
    EXPECT_EQ(Setting(*empty.config, row.flag), row.preset);
  }
}

TEST(ParseCommandLine, EveryBadValueNamesItsFlagOrVariableAndTheRemedy) {
  for (const FlagRow& row : FlagRows()) {
    if (row.bad.empty()) continue;  // any text is good
    for (const auto& [parsed, source] :
         {std::pair(Parse({absl::StrCat(row.flag, "=", row.bad)}), row.flag),
          std::pair(Parse({}, {{VariableOf(row.flag), row.bad}}), VariableOf(row.flag))}) {
      EXPECT_FALSE(parsed.config.has_value()) << source;
      EXPECT_EQ(parsed.exit_code, 2) << source;
      EXPECT_THAT(parsed.out, IsEmpty());
      EXPECT_THAT(parsed.err, HasSubstr(absl::StrCat("penstock-gateway: ", source, ": ")));
      EXPECT_THAT(parsed.err, HasSubstr(absl::StrCat("\"", row.bad, "\"")));
      EXPECT_THAT(parsed.err, HasSubstr(row.says)) << source;
    }
  }
}

TEST(ParseCommandLine, EveryFlagIsInTheHelp) {
  const Parsed parsed = Parse({"--help"});
  EXPECT_FALSE(parsed.config.has_value());
  EXPECT_EQ(parsed.exit_code, 0);
  EXPECT_THAT(parsed.err, IsEmpty());
  for (const FlagRow& row : FlagRows()) {
    EXPECT_THAT(parsed.out, HasSubstr(absl::StrCat("  ", row.flag, " "))) << "by name";
    if (row.preset.empty()) continue;
    EXPECT_THAT(parsed.out, AnyOf(HasSubstr(absl::StrCat("(", row.preset, ")")),
                                  HasSubstr(absl::StrCat("(", row.preset, "; grpc-gateway: "))))
        << row.flag;
  }
  for (const char* group : {"Addresses:", "TLS (clients):", "TLS (upstreams):", "API:", "Headers:", "Limits:",
                            "Timeouts:", "Shutdown:", "Logs:", "Other:", "PENSTOCK_A_B"}) {
    EXPECT_THAT(parsed.out, HasSubstr(group));
  }
  EXPECT_EQ(Parse({"-h"}).out, parsed.out);
}

TEST(ParseCommandLine, DialectsHaveDefaultsOfTheirOwnAndWhatIsGivenWins) {
  const std::map<std::string, std::string> differ = {{"--dialect", "grpc-gateway"},
                                                     {"--unbound-methods", "off"},
                                                     {"--unescape", "legacy"},
                                                     {"--max-request-bytes", "none"},
                                                     {"--unary-timeout", "none"}};
  for (const Parsed& parsed : {Parse({"--dialect=grpc-gateway"}), Parse({}, {{"PENSTOCK_DIALECT", "grpc-gateway"}})}) {
    ASSERT_TRUE(parsed.config.has_value()) << parsed.err;
    for (const FlagRow& row : FlagRows()) {
      const auto other = differ.find(row.flag);
      EXPECT_EQ(Setting(*parsed.config, row.flag), other == differ.end() ? row.preset : other->second) << row.flag;
    }
  }
  const std::string help = Parse({"--help"}).out;
  for (const auto& [flag, preset] : differ) {
    if (flag == "--dialect") continue;
    EXPECT_THAT(help, HasSubstr(absl::StrCat("; grpc-gateway: ", preset, ")"))) << flag;
  }

  // Whatever their order, and by either way of giving them.
  for (const Parsed& parsed :
       {Parse({"--unary-timeout=7s", "--dialect=grpc-gateway", "--max-request-bytes=1k"},
              {{"PENSTOCK_UNBOUND_METHODS", "on"}, {"PENSTOCK_UNESCAPE", "all-except-slash"}}),
        Parse({"--unescape=all-except-slash", "--unbound-methods"}, {{"PENSTOCK_DIALECT", "grpc-gateway"},
                                                                     {"PENSTOCK_UNARY_TIMEOUT", "7s"},
                                                                     {"PENSTOCK_MAX_REQUEST_BYTES", "1k"}})}) {
    ASSERT_TRUE(parsed.config.has_value()) << parsed.err;
    EXPECT_EQ(parsed.config->dialect, Dialect::kGrpcGateway);
    EXPECT_EQ(parsed.config->unary_timeout, absl::Seconds(7));
    EXPECT_EQ(parsed.config->max_request_bytes, 1024u);
    EXPECT_TRUE(parsed.config->unbound_methods);
    EXPECT_EQ(parsed.config->unescape, route::Unescape::kAllExceptSlash);
  }
  EXPECT_EQ(Parse({"--dialect=grpc-gateway"}, {{"PENSTOCK_DIALECT", "native"}}).config->unbound_methods, false)
      << "the flag decides, not the variable";
}

TEST(ParseCommandLine, PrintsTheVersion) {
  const Parsed parsed = Parse({"--version"});
  EXPECT_FALSE(parsed.config.has_value());
  EXPECT_EQ(parsed.exit_code, 0);
  EXPECT_EQ(parsed.out, absl::StrCat("penstock-gateway ", kVersion, "\n"));
}

TEST(ParseCommandLine, SwitchesHaveThreeForms) {
  const auto enum_numbers = [](const std::vector<std::string>& flags) {
    const Parsed parsed = Parse(flags);
    EXPECT_TRUE(parsed.config.has_value()) << parsed.err;
    return parsed.config.has_value() && parsed.config->print_enum_numbers;
  };
  EXPECT_TRUE(enum_numbers({"--print-enum-numbers"}));
  EXPECT_TRUE(enum_numbers({"--print-enum-numbers", "--check"}));
  EXPECT_TRUE(enum_numbers({"--print-enum-numbers=true"}));
  EXPECT_TRUE(enum_numbers({"--print-enum-numbers", "on"}));
  EXPECT_FALSE(enum_numbers({"--print-enum-numbers=off"}));
  EXPECT_FALSE(enum_numbers({"--print-enum-numbers=false"}));
}

TEST(ParseCommandLine, RepeatedFlagsReplaceTheDefault) {
  const Parsed parsed = Parse({"--listen", ":1", "--upstream=a:1,b:2", "--listen=unix:p.sock", "--upstream", "c:3",
                               "--forward-header=X-Request-ID", "--forward-header=x-b"},
                              {{"PENSTOCK_EXPOSE", " a.B  c.D "}, {"PENSTOCK_LISTEN", ":5 :6"}});
  ASSERT_TRUE(parsed.config.has_value()) << parsed.err;
  EXPECT_EQ(Setting(*parsed.config, "--listen"), ":1 unix:p.sock");
  ASSERT_EQ(parsed.config->upstream.size(), 2u);
  EXPECT_EQ(parsed.config->upstream[0].text, "a:1,b:2");
  ASSERT_EQ(parsed.config->upstream[0].addresses.size(), 2u);
  EXPECT_EQ(net::PrintAddress(parsed.config->upstream[0].addresses[1]), "b:2");
  EXPECT_EQ(net::PrintAddress(parsed.config->upstream[1].addresses[0]), "c:3");
  EXPECT_THAT(parsed.config->forward_header, ElementsAre("x-request-id", "x-b"));
  EXPECT_THAT(parsed.config->expose, ElementsAre("a.B", "c.D"));
}

TEST(ParseCommandLine, FieldsHaveTheValuesThatWereMeant) {
  const Parsed parsed =
      Parse({"--web-root=./none", "--access-log=off", "--log-level=warn", "--log-format=json",
             "--max-header-bytes=128k", "--head-wait=0.5s", "--heartbeat=none", "--threads=3",
             "--max-request-bytes=none", "--trusted-proxy=10.0.0.0/8", "--trusted-proxy=::1", "--api-config=api.yaml"});
  ASSERT_TRUE(parsed.config.has_value()) << parsed.err;
  EXPECT_EQ(parsed.config->web_root.kind, WebRoot::Kind::kDirectory);
  EXPECT_EQ(parsed.config->web_root.directory, "./none");
  EXPECT_EQ(parsed.config->access_log.kind, AccessLogTarget::Kind::kOff);
  EXPECT_EQ(parsed.config->log_level, LogLevel::kWarn);
  EXPECT_EQ(parsed.config->log_format, LogFormat::kJson);
  EXPECT_EQ(parsed.config->max_header_bytes, 131072u);
  EXPECT_EQ(parsed.config->head_wait, absl::Milliseconds(500));
  EXPECT_EQ(parsed.config->heartbeat, absl::InfiniteDuration());
  EXPECT_EQ(parsed.config->threads, 3);
  EXPECT_EQ(parsed.config->max_request_bytes, kNoSizeLimit);
  EXPECT_THAT(parsed.config->trusted_proxy,
              ElementsAre(net::ParseCidr("10.0.0.0/8").value(), net::ParseCidr("::1/128").value()));
  EXPECT_EQ(parsed.config->api_config, "api.yaml");
  const Parsed presets = Parse({});
  EXPECT_EQ(presets.config->web_root.kind, WebRoot::Kind::kEmbedded);
  EXPECT_EQ(presets.config->access_log.kind, AccessLogTarget::Kind::kStdout);
}

TEST(ParseCommandLine, DefaultsFollowTheMachine) {
  struct Row {
    size_t open_files;
    int cpus;
    size_t connections;
    int threads;
    const char* reason;
  };
  for (const Row& row : {
           Row{20000, 1, 17885, 1, "a small machine"},
           Row{1024, 8, 807, 8, "the common soft limit"},
           Row{1048576, 64, 900000, 8, "at most 8 loops"},
           Row{~size_t{0}, 2, 900000, 2, "no limit"},
           Row{129, 2, 1, 2, "just enough"},
       }) {
    const Parsed parsed = Parse({}, {}, row.open_files, row.cpus);
    ASSERT_TRUE(parsed.config.has_value()) << row.reason << ": " << parsed.err;
    EXPECT_EQ(parsed.config->max_connections, row.connections) << row.reason;
    EXPECT_EQ(parsed.config->threads, row.threads) << row.reason;
  }
}

TEST(ParseCommandLine, MemoryIsNineTenthsOfWhatTheGroupMayHave) {
  const std::vector<const char*> argv = {"penstock-gateway"};
  Environment environment{[](const char*) -> const char* { return nullptr; }, 20000, 2, uint64_t{200} << 20};
  EXPECT_EQ(ParseCommandLine(absl::MakeConstSpan(argv), environment).config->max_memory_bytes, size_t{180} << 20);
  environment.memory_limit = absl::nullopt;
  EXPECT_EQ(ParseCommandLine(absl::MakeConstSpan(argv), environment).config->max_memory_bytes, kNoSizeLimit);
}

TEST(ParseCommandLine, RefusesWhatItDoesNotKnow) {
  struct Row {
    std::vector<std::string> flags;
    const char* says;
  };
  for (const Row& row : std::vector<Row>{
           {{"--lisen=:1"}, "unknown flag --lisen: did you mean --listen?"},
           {{"--max-headers-bytes", "1"}, "unknown flag --max-headers-bytes: did you mean --max-header-bytes?"},
           {{"--bogus-thing"}, "unknown flag --bogus-thing: --help lists them all"},
           {{"-x"}, "unknown flag -x"},
           {{"--LISTEN=:1"}, "unknown flag --LISTEN"},
           {{"--check", "stop"}, "--check: must be on or off, got \"stop\""},
           {{"now"}, "unexpected argument \"now\": write a flag's value as --flag=value"},
           {{""}, "unexpected argument \"\""},
           {{"--listen", ":1", ":2"}, "unexpected argument \":2\""},
           {{"--listen"}, "--listen: 1 required"},
           {{"--threads=1", "--threads=1"}, "--threads: given 2 times: give it once"},
       }) {
    const Parsed parsed = Parse(row.flags);
    EXPECT_FALSE(parsed.config.has_value()) << row.says;
    EXPECT_EQ(parsed.exit_code, 2) << row.says;
    EXPECT_THAT(parsed.err, HasSubstr(row.says));
  }
}

TEST(ParseCommandLine, TellsAllBadValuesAtOnce) {
  const Parsed parsed = Parse({"--threads=0", "--heartbeat=1"}, {{"PENSTOCK_LOG_LEVEL", "loud"}});
  EXPECT_THAT(parsed.err, HasSubstr("--threads: "));
  EXPECT_THAT(parsed.err, HasSubstr("--heartbeat: "));
  EXPECT_THAT(parsed.err, HasSubstr("PENSTOCK_LOG_LEVEL: "));
  EXPECT_EQ(std::vector<std::string>(absl::StrSplit(parsed.err, '\n', absl::SkipEmpty())).size(), 3u);
}

TEST(ParseCommandLine, RefusesUnusableCombinations) {
  struct Row {
    std::vector<std::string> flags;
    size_t open_files;
    const char* says;  // empty: usable
  };
  for (const Row& row : std::vector<Row>{
           {{"--listen=:1", "--listen=:1"}, 20000, "--listen: :1 is given twice: give each"},
           {{"--listen=:0", "--listen=:0"}, 20000, ""},
           {{"--listen=:0", "--admin-listen=:0"}, 20000, ""},
           {{"--listen=unix:a", "--listen=unix:a"}, 20000, "--listen: unix:a is given twice"},
           {{"--listen=127.0.0.1:9901"}, 20000, "is given twice (--admin-listen has it)"},
           {{"--upstream=a:1", "--upstream=b:1,a:1"}, 20000, "--upstream: a:1 is given twice"},
           {{"--listen=localhost:50051"}, 20000, "--upstream: localhost:50051 is the gateway's own address"},
           {{"--upstream=127.0.0.1:9901"}, 20000, "--upstream: 127.0.0.1:9901 is the gateway's own address"},
           {{"--tls-cert-file=c"}, 20000, "--tls-cert-file: needs --tls-key-file"},
           {{"--tls-key-file=k"}, 20000, "--tls-key-file: needs --tls-cert-file"},
           {{"--tls-client-ca-file=a"}, 20000, "--tls-client-ca-file: needs TLS"},
           {{"--tls-client-ca-file=a", "--tls-cert-file=c", "--tls-key-file=k"}, 20000, ""},
           {{"--cors-credentials"}, 20000, "--cors-credentials: needs --cors-origin"},
           {{"--upstream-ca-file=a"}, 20000, "--upstream-ca-file: needs --upstream-tls"},
           {{"--upstream-tls", "--upstream-cert-file=c"}, 20000, "--upstream-cert-file: needs --upstream-key-file"},
           {{"--upstream-tls", "--upstream-key-file=k"}, 20000, "--upstream-key-file: needs --upstream-cert-file"},
           {{"--descriptors=a", "--upstream=a:1", "--upstream=b:1"}, 20000, "one of several --upstream"},
           {{"--descriptors=a", "--descriptors=b", "--upstream=a:1,b:1"}, 20000, ""},
           {{"--max-target-bytes=2k", "--max-header-bytes=1k"}, 20000, "exceeds --max-header-bytes (1k)"},
           {{"--max-target-bytes=1k", "--max-header-bytes=1k"}, 20000, ""},
           {{"--max-record-bytes=1M"}, 20000, "--max-record-bytes: 1M is below --max-message-bytes (4M)"},
           {{"--max-record-bytes=1M", "--max-message-bytes=1M"}, 20000, ""},
           {{"--max-connections=873"}, 1000, "--max-connections: 873 and 128 other open files exceed the limit"},
           {{"--max-connections=872"}, 1000, ""},
           {{}, 128, "limit of 128: raise the limit (ulimit -n)"},
           {{"--max-connections=1"}, 100, "limit of 100: raise the limit (ulimit -n)"},
       }) {
    const Parsed parsed = Parse(row.flags, {}, row.open_files);
    EXPECT_EQ(parsed.config.has_value(), absl::string_view(row.says).empty()) << row.says << parsed.err;
    EXPECT_EQ(parsed.exit_code, parsed.config.has_value() ? 0 : 2);
    EXPECT_THAT(parsed.err, HasSubstr(row.says));
  }
}

// What ListSettings prints, given again as flags, is the same configuration.
TEST(ListSettings, ReadsBack) {
  std::vector<std::string> flags;
  for (const FlagRow& row : FlagRows()) flags.push_back(absl::StrCat(row.flag, "=", row.good));
  const Parsed first = Parse(flags);
  ASSERT_TRUE(first.config.has_value()) << first.err;
  Variables printed;
  for (const auto& [name, value] : ListSettings(*first.config)) printed[VariableOf(name)] = value;
  const Parsed second = Parse({}, printed);
  ASSERT_TRUE(second.config.has_value()) << second.err;
  EXPECT_EQ(ListSettings(*second.config), ListSettings(*first.config));
}

// The headers that the gateway or gRPC writes itself, and what is no name at all.
TEST(ParseCommandLine, ForwardsNoHeaderOfItsOwn) {
  for (const char* name : {"Host", "Content-Type", "TE", "Transfer-Encoding", "grpc-timeout", "GRPC-Status", "a b",
                           ":path", "x\r\ny", "User-Agent", "a,b"}) {
    EXPECT_FALSE(Parse({absl::StrCat("--forward-header=", name)}).config.has_value()) << name;
  }
}

}  // namespace
}  // namespace penstock::config
