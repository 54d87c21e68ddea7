#include "gateway/config/flags.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gateway/config/origin.h"
#include "gateway/config/units.h"
#include "gateway/net/address.h"

namespace penstock::config {
namespace {

constexpr char kAddresses[] = "Addresses";
constexpr char kTls[] = "TLS towards clients";
constexpr char kUpstreamTls[] = "TLS towards upstreams";
constexpr char kApi[] = "API";
constexpr char kHeaders[] = "Headers";
constexpr char kSizes[] = "Limits of size and number";
constexpr char kTimes[] = "Limits of time";
constexpr char kDrain[] = "Shutting down";
constexpr char kLogs[] = "Logs";
constexpr char kOther[] = "Other";

constexpr size_t kKilo = 1024;
constexpr size_t kMega = 1024 * 1024;
// Protobuf and HTTP/2 windows count in 31 bits; half of that leaves room for framing.
constexpr size_t kMaxBytes = 1024 * kMega;
// A machine has fewer, and each loop costs a read buffer and its own upstream connections.
constexpr size_t kMaxThreads = 256;
// What one process can hold in memory at a few kilobytes each.
constexpr size_t kMaxConnections = 1000 * 1000;
// What an address space holds: a bound that only a typing error exceeds.
constexpr size_t kMaxMemory = size_t{1} << 47;
constexpr absl::Duration kMillisecond = absl::Milliseconds(1);
constexpr absl::Duration kDay = absl::Hours(24);

absl::Status Bad(absl::string_view value, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat("\"", value, "\" ", problem));
}

// A flag with one value, by a parser and a printer of its field.
template <typename T>
Flag Single(const char* name, const char* group, const char* value, std::string help, T Config::* field,
            std::function<absl::StatusOr<T>(const std::string&)> parse, std::function<std::string(const T&)> print) {
  Flag flag;
  flag.name = name;
  flag.group = group;
  flag.value = value;
  flag.help = std::move(help);
  flag.set = [field, parse](const std::vector<std::string>& values, Config& config) {
    absl::StatusOr<T> parsed = parse(values.front());
    if (!parsed.ok()) return parsed.status();
    config.*field = *std::move(parsed);
    return absl::OkStatus();
  };
  flag.print = [field, print](const Config& config) { return std::vector<std::string>{print(config.*field)}; };
  return flag;
}

// A flag that may be repeated.
template <typename T>
Flag List(const char* name, const char* group, const char* value, std::string help, std::vector<T> Config::* field,
          std::function<absl::StatusOr<T>(const std::string&)> parse, std::function<std::string(const T&)> print) {
  Flag flag;
  flag.name = name;
  flag.group = group;
  flag.value = value;
  flag.help = absl::StrCat(help, "; may be repeated");
  flag.repeated = true;
  flag.set = [field, parse](const std::vector<std::string>& values, Config& config) {
    std::vector<T> list;
    for (const std::string& text : values) {
      absl::StatusOr<T> parsed = parse(text);
      if (!parsed.ok()) return parsed.status();
      list.push_back(*std::move(parsed));
    }
    config.*field = std::move(list);
    return absl::OkStatus();
  };
  flag.print = [field, print](const Config& config) {
    std::vector<std::string> values;
    for (const T& item : config.*field) values.push_back(print(item));
    return values;
  };
  return flag;
}

Flag Switch(const char* name, const char* group, std::string help, bool Config::* field) {
  Flag flag = Single<bool>(
      name, group, "on|off", std::move(help), field,
      [](const std::string& text) -> absl::StatusOr<bool> {
        if (text == "on" || text == "true") return true;
        if (text == "off" || text == "false") return false;
        return Bad(text, "is neither on nor off");
      },
      [](const bool& on) { return on ? "on" : "off"; });
  flag.is_switch = true;
  return flag;
}

enum class None { kAllowed, kRefused };

Flag Size(const char* name, std::string help, size_t Config::* field, size_t min, size_t max,
          None none = None::kRefused) {
  return Single<size_t>(
      name, kSizes, none == None::kAllowed ? "SIZE|none" : "SIZE", std::move(help), field,
      [min, max, none](const std::string& text) -> absl::StatusOr<size_t> {
        const absl::StatusOr<uint64_t> size = ParseSize(text);
        if (!size.ok()) return size.status();
        if (*size == kNoSizeLimit) {
          if (none == None::kAllowed) return static_cast<size_t>(*size);
          return Bad(text, absl::StrCat("would leave it without a bound: at most ", PrintSize(max)));
        }
        if (*size < min) return Bad(text, absl::StrCat("is too small: at least ", PrintSize(min)));
        if (*size > max) return Bad(text, absl::StrCat("is too large: at most ", PrintSize(max)));
        return static_cast<size_t>(*size);
      },
      [](const size_t& size) { return PrintSize(size); });
}

std::string PrintCount(uint64_t count) { return count == kNoSizeLimit ? "none" : absl::StrCat(count); }

template <typename T>
Flag Count(const char* name, std::string help, T Config::* field, size_t max, None none = None::kRefused) {
  return Single<T>(
      name, kSizes, none == None::kAllowed ? "N|none" : "N", std::move(help), field,
      [max, none](const std::string& text) -> absl::StatusOr<T> {
        uint64_t count = 0;
        if (none == None::kAllowed && text == "none") return static_cast<T>(kNoSizeLimit);
        if (text.empty() || !absl::ascii_isdigit(static_cast<unsigned char>(text.front())) ||
            !absl::SimpleAtoi(text, &count) || count < 1 || count > max) {
          return Bad(text, absl::StrCat("is no number from 1 to ", max));
        }
        return static_cast<T>(count);
      },
      [none](const T& count) {
        return none == None::kAllowed ? PrintCount(static_cast<uint64_t>(count)) : absl::StrCat(count);
      });
}

Flag Time(const char* name, const char* group, std::string help, absl::Duration Config::* field, absl::Duration min,
          None none = None::kRefused) {
  return Single<absl::Duration>(
      name, group, none == None::kAllowed ? "TIME|none" : "TIME", std::move(help), field,
      [min, none](const std::string& text) -> absl::StatusOr<absl::Duration> {
        const absl::StatusOr<absl::Duration> time = ParseDuration(text);
        if (!time.ok()) return time;
        if (*time == absl::InfiniteDuration()) {
          if (none == None::kAllowed) return time;
          return Bad(text, absl::StrCat("would leave it without a bound: at most ", PrintDuration(kDay)));
        }
        if (*time < min) return Bad(text, absl::StrCat("is too short: at least ", PrintDuration(min)));
        if (*time > kDay) return Bad(text, absl::StrCat("is too long: at most ", PrintDuration(kDay)));
        return time;
      },
      [](const absl::Duration& time) { return PrintDuration(time); });
}

template <typename Enum>
Flag Choice(const char* name, const char* group, std::string help, Enum Config::* field,
            std::vector<std::pair<const char*, Enum>> names) {
  const std::string all = absl::StrJoin(names, "|", [](std::string* out, const std::pair<const char*, Enum>& entry) {
    absl::StrAppend(out, entry.first);
  });
  return Single<Enum>(
      name, group, all.c_str(), std::move(help), field,
      [names, all](const std::string& text) -> absl::StatusOr<Enum> {
        for (const auto& [known, value] : names) {
          if (text == known) return value;
        }
        return Bad(text, absl::StrCat("is none of ", all));
      },
      [names](const Enum& value) -> std::string {
        for (const auto& [known, other] : names) {
          if (value == other) return known;
        }
        return "";
      });
}

absl::StatusOr<std::string> ParsePath(const std::string& text) {
  if (text.empty()) return Bad(text, "is no file name");
  return text;
}

absl::StatusOr<std::string> ParseServerName(const std::string& text) {
  const bool is_name = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("-._:", absl::string_view(&c, 1));
  });
  if (!is_name) return Bad(text, "is no host name: write it without a scheme or port, such as orders.example.com");
  return text;
}

std::string PrintText(const std::string& text) { return text; }

absl::StatusOr<Upstream> ParseUpstream(const std::string& text) {
  absl::StatusOr<std::vector<net::UpstreamAddress>> addresses = net::ParseUpstreamAddresses(text);
  if (!addresses.ok()) return addresses.status();
  return Upstream{text, *std::move(addresses)};
}

// "pkg.Service": identifiers with dots between them.
absl::StatusOr<std::string> ParseServiceName(const std::string& text) {
  for (const absl::string_view part : absl::StrSplit(text, '.')) {
    const bool identifier = !part.empty() && !absl::ascii_isdigit(static_cast<unsigned char>(part.front())) &&
                            std::all_of(part.begin(), part.end(), [](char c) {
                              return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_';
                            });
    if (!identifier) return Bad(text, "is no service: write its full name, package.Service");
  }
  return text;
}

// A header that the gateway or gRPC writes itself would arrive twice or contradict the framing.
bool IsOwnHeader(absl::string_view name) {
  static constexpr absl::string_view kOwn[] = {"connection", "content-length", "content-type",      "expect",
                                               "host",       "keep-alive",     "proxy-connection",  "te",
                                               "trailer",    "trailers",       "transfer-encoding", "upgrade",
                                               "user-agent"};
  return absl::StartsWith(name, "grpc-") || std::find(std::begin(kOwn), std::end(kOwn), name) != std::end(kOwn);
}

absl::StatusOr<std::string> ParseHeaderName(const std::string& text) {
  const std::string name = absl::AsciiStrToLower(text);
  const bool is_key = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.';
  });
  if (!is_key) return Bad(text, "is no header name: letters, digits, \"-\", \"_\" and \".\"");
  if (IsOwnHeader(name)) return Bad(text, "cannot be forwarded: the gateway or gRPC writes this header itself");
  return name;
}

absl::StatusOr<std::string> ParseOrigin(const std::string& text) {
  if (IsOrigin(text)) return text;
  return Bad(text,
             "is no origin: write it as browsers do, https://host or http://host:port, in lower case, with "
             "neither a path nor the scheme's own port");
}

absl::StatusOr<WebRoot> ParseWebRoot(const std::string& text) {
  if (text.empty()) return Bad(text, "is no folder: write its name, embedded or none");
  if (text == "embedded") return WebRoot{WebRoot::Kind::kEmbedded, ""};
  if (text == "none") return WebRoot{WebRoot::Kind::kNone, ""};
  return WebRoot{WebRoot::Kind::kDirectory, text};
}

std::string PrintWebRoot(const WebRoot& root) {
  switch (root.kind) {
    case WebRoot::Kind::kEmbedded:
      return "embedded";
    case WebRoot::Kind::kNone:
      return "none";
    case WebRoot::Kind::kDirectory:
      break;
  }
  return root.directory;
}

absl::StatusOr<AccessLog> ParseAccessLog(const std::string& text) {
  if (text.empty()) return Bad(text, "is no file: write its name, stdout or off");
  if (text == "stdout") return AccessLog{AccessLog::Kind::kStdout, ""};
  if (text == "off") return AccessLog{AccessLog::Kind::kOff, ""};
  return AccessLog{AccessLog::Kind::kFile, text};
}

std::string PrintAccessLog(const AccessLog& log) {
  switch (log.kind) {
    case AccessLog::Kind::kStdout:
      return "stdout";
    case AccessLog::Kind::kOff:
      return "off";
    case AccessLog::Kind::kFile:
      break;
  }
  return log.path;
}

void AddAddresses(std::vector<Flag>& flags) {
  flags.push_back(List<net::ListenAddress>("--listen", kAddresses, "ADDRESS",
                                           "host:port, :port, [v6]:port or unix:path; port 0 picks one",
                                           &Config::listen, net::ParseListenAddress, net::PrintAddress));
  flags.push_back(Single<net::ListenAddress>("--admin-listen", kAddresses, "ADDRESS",
                                             "/livez, /readyz, /metrics, /streams and /config", &Config::admin_listen,
                                             net::ParseListenAddress, net::PrintAddress));
  flags.push_back(
      List<Upstream>("--upstream", kAddresses, "TARGET",
                     "gRPC server: host:port, dns:///host:port or unix:path, several of one API with commas; "
                     "given again, each method goes to the one that has it",
                     &Config::upstream, ParseUpstream,
                     [](const Upstream& upstream) { return net::PrintAddresses(upstream.addresses, ","); }));
  flags.push_back(Switch("--upstream-health-check", kAddresses,
                         "use only addresses whose grpc.health.v1 says that they serve",
                         &Config::upstream_health_check));
}

void AddTls(std::vector<Flag>& flags) {
  flags.push_back(Single<std::string>("--tls-cert-file", kTls, "FILE",
                                      "PEM certificate and chain: TLS beside plain HTTP; read again when it changes",
                                      &Config::tls_cert_file, ParsePath, PrintText));
  flags.push_back(Single<std::string>("--tls-key-file", kTls, "FILE", "PEM key of that certificate",
                                      &Config::tls_key_file, ParsePath, PrintText));
  flags.push_back(Single<std::string>("--tls-client-ca-file", kTls, "FILE",
                                      "PEM of the CAs whose clients are served, and nobody else, nor in the clear",
                                      &Config::tls_client_ca_file, ParsePath, PrintText));
}

void AddUpstreamTls(std::vector<Flag>& flags) {
  flags.push_back(Switch("--upstream-tls", kUpstreamTls, "to every --upstream", &Config::upstream_tls));
  flags.push_back(Single<std::string>("--upstream-ca-file", kUpstreamTls, "FILE",
                                      "PEM of the CAs that vouch for it, instead of the system's",
                                      &Config::upstream_ca_file, ParsePath, PrintText));
  flags.push_back(Single<std::string>("--upstream-cert-file", kUpstreamTls, "FILE",
                                      "PEM certificate and chain that the gateway shows", &Config::upstream_cert_file,
                                      ParsePath, PrintText));
  flags.push_back(Single<std::string>("--upstream-key-file", kUpstreamTls, "FILE", "PEM key of that certificate",
                                      &Config::upstream_key_file, ParsePath, PrintText));
  flags.push_back(Single<std::string>("--upstream-server-name", kUpstreamTls, "NAME",
                                      "that its certificate must have, instead of the address's host",
                                      &Config::upstream_server_name, ParseServerName, PrintText));
}

void AddApi(std::vector<Flag>& flags) {
  flags.push_back(Choice<Dialect>(kDialectFlag, kApi, "how the HTTP side behaves; decides other defaults",
                                  &Config::dialect,
                                  {{"native", Dialect::kNative}, {"grpc-gateway", Dialect::kGrpcGateway}}));
  flags.push_back(List<std::string>("--descriptors", kApi, "FILE",
                                    "FileDescriptorSet with its imports, instead of the upstream's reflection",
                                    &Config::descriptors, ParsePath, PrintText));
  flags.push_back(Single<std::string>("--api-config", kApi, "FILE",
                                      "gRPC API Configuration YAML; its http.rules go before the annotations",
                                      &Config::api_config, ParsePath, PrintText));
  flags.push_back(List<std::string>("--expose", kApi, "SERVICE",
                                    "services that are reachable, instead of all but grpc.*", &Config::expose,
                                    ParseServiceName, PrintText));
  flags.push_back(Switch("--unbound-methods", kApi, "methods without a rule as POST /package.Service/Method",
                         &Config::unbound_methods));
  flags.push_back(Choice<route::Unescape>("--unescape", kApi, "what is decoded in a path's variables",
                                          &Config::unescape,
                                          {{"legacy", route::Unescape::kLegacy},
                                           {"all-except-reserved", route::Unescape::kAllExceptReserved},
                                           {"all-except-slash", route::Unescape::kAllExceptSlash},
                                           {"all", route::Unescape::kAll}}));
  flags.push_back(
      Switch("--print-unpopulated", kApi, "JSON has unset scalars, lists and maps", &Config::print_unpopulated));
  flags.push_back(
      Switch("--print-proto-names", kApi, "JSON has field names as the proto spells them", &Config::print_proto_names));
  flags.push_back(
      Switch("--print-enum-numbers", kApi, "JSON has enum numbers, not names", &Config::print_enum_numbers));
  flags.push_back(Single<WebRoot>("--web-root", kApi, "FOLDER|embedded|none", "the page at /; routes go before files",
                                  &Config::web_root, ParseWebRoot, PrintWebRoot));
  flags.push_back(
      Switch("--console", kApi, "the live console, /console.html, and its list, /console/methods", &Config::console));
  flags.push_back(List<std::string>("--forward-header", kHeaders, "NAME",
                                    "request header that becomes metadata under its own name", &Config::forward_header,
                                    ParseHeaderName, PrintText));
  flags.push_back(Switch("--legacy-metadata-headers", kHeaders,
                         "Grpc-Metadata-X becomes metadata x: any page may then set any key",
                         &Config::legacy_metadata_headers));
  flags.push_back(List<std::string>("--cors-origin", kHeaders, "ORIGIN",
                                    "pages of this other origin may read answers, such as https://app.example.com",
                                    &Config::cors_origin, ParseOrigin, PrintText));
  flags.push_back(
      Switch("--cors-credentials", kHeaders, "those pages may use their visitors' cookies", &Config::cors_credentials));
  flags.push_back(List<net::Cidr>("--trusted-proxy", kHeaders, "CIDR", "whose forwarding headers are believed",
                                  &Config::trusted_proxy, net::ParseCidr, net::PrintCidr));
}

void AddSizes(std::vector<Flag>& flags) {
  flags.push_back(Count<int>("--threads", "event loops", &Config::threads, kMaxThreads));
  flags.push_back(Size("--max-target-bytes", "request target; longer: 414", &Config::max_target_bytes, 64, kMega));
  flags.push_back(Size("--max-header-bytes", "request head; longer: 431", &Config::max_header_bytes, 256, 16 * kMega));
  flags.push_back(Size("--max-request-bytes", "request body; longer: 413", &Config::max_request_bytes, 1, kMaxBytes,
                       None::kAllowed));
  flags.push_back(Size("--max-message-bytes", "one protobuf message", &Config::max_message_bytes, 1, kMaxBytes));
  flags.push_back(Size("--max-record-bytes", "one JSON record", &Config::max_record_bytes, 1, kMaxBytes));
  flags.push_back(Size("--stream-window-bytes", "what one slow client may hold of its upstream stream",
                       &Config::stream_window_bytes, kKilo, kMaxBytes));
  flags.push_back(
      Count<size_t>("--max-connections", "client connections at a time", &Config::max_connections, kMaxConnections));
  flags.push_back(Count<size_t>("--max-connections-per-address",
                                "the same of one client address (IPv6: of one /64); more: 429",
                                &Config::max_connections_per_address, kMaxConnections, None::kAllowed));
  flags.push_back(Size("--max-memory-bytes", "memory in use; above: new requests get 503", &Config::max_memory_bytes,
                       kMega, kMaxMemory, None::kAllowed));
  flags.push_back(Size("--slow-client-rate", "bytes a second; slower for --slow-client-timeout: cut",
                       &Config::slow_client_rate, 1, kMaxBytes));
}

void AddTimes(std::vector<Flag>& flags) {
  constexpr absl::Duration kZero = absl::ZeroDuration();
  flags.push_back(
      Time("--header-timeout", kTimes, "until the request head is complete", &Config::header_timeout, kMillisecond));
  flags.push_back(
      Time("--body-timeout", kTimes, "without a byte of the request body", &Config::body_timeout, kMillisecond));
  flags.push_back(
      Time("--idle-timeout", kTimes, "between two requests of a connection", &Config::idle_timeout, kMillisecond));
  flags.push_back(
      Time("--head-wait", kTimes, "a stream's head waits for its first message or status", &Config::head_wait, kZero));
  flags.push_back(Time("--heartbeat", kTimes, "silence of a stream before a heartbeat", &Config::heartbeat,
                       kMillisecond, None::kAllowed));
  flags.push_back(Time("--unary-timeout", kTimes, "deadline of a call that streams nothing where the client gave none",
                       &Config::unary_timeout, kMillisecond, None::kAllowed));
  flags.push_back(Time("--max-stream-duration", kTimes, "then a stream ends with a hint to retry",
                       &Config::max_stream_duration, kMillisecond, None::kAllowed));
  flags.push_back(Time("--slow-client-timeout", kTimes, "below --slow-client-rate for this long: cut",
                       &Config::slow_client_timeout, kMillisecond));
  flags.push_back(Time("--drain-delay", kDrain, "not ready, but serving", &Config::drain_delay, kZero));
  flags.push_back(
      Time("--drain-window", kDrain, "the streams' endings are spread over this", &Config::drain_window, kZero));
}

void AddLogs(std::vector<Flag>& flags) {
  flags.push_back(Choice<LogLevel>("--log-level", kLogs, "least severity that is logged", &Config::log_level,
                                   {{"debug", LogLevel::kDebug},
                                    {"info", LogLevel::kInfo},
                                    {"warn", LogLevel::kWarn},
                                    {"error", LogLevel::kError}}));
  flags.push_back(Choice<LogFormat>("--log-format", kLogs, "of the log and the access log", &Config::log_format,
                                    {{"text", LogFormat::kText}, {"json", LogFormat::kJson}}));
  flags.push_back(Single<AccessLog>("--access-log", kLogs, "FILE|stdout|off", "a line at the end of each request",
                                    &Config::access_log, ParseAccessLog, PrintAccessLog));
  flags.push_back(Switch("--check", kOther, "validate what can be known without traffic, and exit", &Config::check));
  flags.back().listed = false;
}

}  // namespace

const std::vector<Flag>& Flags() {
  static const std::vector<Flag>* const flags = [] {
    auto* all = new std::vector<Flag>();
    AddAddresses(*all);
    AddTls(*all);
    AddUpstreamTls(*all);
    AddApi(*all);
    AddSizes(*all);
    AddTimes(*all);
    AddLogs(*all);
    return all;
  }();
  return *flags;
}

}  // namespace penstock::config
