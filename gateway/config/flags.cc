#include "gateway/config/flags.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gateway/config/dialect_presets.h"
#include "gateway/config/flag_kinds.h"
#include "gateway/config/origin.h"
#include "gateway/config/units.h"
#include "gateway/net/address.h"

namespace penstock::config {
namespace {

constexpr char kAddresses[] = "Addresses";
constexpr char kTls[] = "TLS (clients)";
constexpr char kUpstreamTls[] = "TLS (upstreams)";
constexpr char kApi[] = "API";
constexpr char kHeaders[] = "Headers";
constexpr char kSizes[] = "Limits";
constexpr char kTimes[] = "Timeouts";
constexpr char kDrain[] = "Shutdown";
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

Flag Size(const char* name, const char* help, size_t* field, size_t min, size_t max, None none = None::kRefused) {
  return Single(
      name, kSizes, none == None::kAllowed ? "SIZE|none" : "SIZE", help, field,
      [min, max, none](const std::string& text) -> absl::StatusOr<size_t> {
        const absl::StatusOr<uint64_t> size = ParseSize(text);
        if (!size.ok()) return size.status();
        if (*size == kNoSizeLimit) {
          if (none == None::kAllowed) return static_cast<size_t>(*size);
          return BadValue(text, absl::StrCat("must be at most ", PrintSize(max)));
        }
        if (*size < min) return BadValue(text, absl::StrCat("must be at least ", PrintSize(min)));
        if (*size > max) return BadValue(text, absl::StrCat("must be at most ", PrintSize(max)));
        return static_cast<size_t>(*size);
      },
      [](const size_t& size) { return PrintSize(size); });
}

Flag Time(const char* name, const char* group, const char* help, absl::Duration* field, absl::Duration min,
          None none = None::kRefused) {
  return Single(
      name, group, none == None::kAllowed ? "TIME|none" : "TIME", help, field,
      [min, none](const std::string& text) -> absl::StatusOr<absl::Duration> {
        const absl::StatusOr<absl::Duration> time = ParseDuration(text);
        if (!time.ok()) return time;
        if (*time == absl::InfiniteDuration()) {
          if (none == None::kAllowed) return time;
          return BadValue(text, absl::StrCat("must be at most ", PrintDuration(kDay)));
        }
        if (*time < min) return BadValue(text, absl::StrCat("must be at least ", PrintDuration(min)));
        if (*time > kDay) return BadValue(text, absl::StrCat("must be at most ", PrintDuration(kDay)));
        return time;
      },
      [](const absl::Duration& time) { return PrintDuration(time); });
}

absl::StatusOr<std::string> ParsePath(const std::string& text) {
  if (text.empty()) return BadValue(text, "must be a file name");
  return text;
}

absl::StatusOr<std::string> ParseServerName(const std::string& text) {
  const bool is_name = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("-._:", absl::string_view(&c, 1));
  });
  if (!is_name) return BadValue(text, "must be a host name without scheme or port, such as orders.example.com");
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
    if (!identifier) return BadValue(text, "must be the full name of a service, package.Service");
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
  if (!is_key) return BadValue(text, "must be a header name of letters, digits, \"-\", \"_\" and \".\"");
  if (IsOwnHeader(name)) return BadValue(text, "must not be a header that the gateway or gRPC sets itself");
  return name;
}

absl::StatusOr<std::string> ParseOrigin(const std::string& text) {
  if (IsOrigin(text)) return text;
  return BadValue(
      text,
      "must be an origin as browsers send it: https://host or http://host:port, in lower case, without a path "
      "or the scheme's default port");
}

absl::StatusOr<WebRoot> ParseWebRoot(const std::string& text) {
  if (text.empty()) return BadValue(text, "must be a folder, embedded or none");
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

absl::StatusOr<AccessLogTarget> ParseAccessLog(const std::string& text) {
  if (text.empty()) return BadValue(text, "must be a file, stdout or off");
  if (text == "stdout") return AccessLogTarget{AccessLogTarget::Kind::kStdout, ""};
  if (text == "off") return AccessLogTarget{AccessLogTarget::Kind::kOff, ""};
  return AccessLogTarget{AccessLogTarget::Kind::kFile, text};
}

std::string PrintAccessLog(const AccessLogTarget& log) {
  switch (log.kind) {
    case AccessLogTarget::Kind::kStdout:
      return "stdout";
    case AccessLogTarget::Kind::kOff:
      return "off";
    case AccessLogTarget::Kind::kFile:
      break;
  }
  return log.path;
}

void AddAddresses(Config& config, FlagTable& flags) {
  flags.push_back(List("--listen", kAddresses, "ADDRESS",
                       "address to listen on: host:port, :port, [v6]:port or unix:path; port 0 picks a free port",
                       &config.listen, net::ParseListenAddress, net::PrintAddress));
  flags.push_back(Single("--admin-listen", kAddresses, "ADDRESS",
                         "admin port: /livez, /readyz, /metrics, /streams and /config", &config.admin_listen,
                         net::ParseListenAddress, net::PrintAddress));
  flags.push_back(
      List("--upstream", kAddresses, "TARGET",
           "gRPC server: host:port, dns:///host:port or unix:path; commas separate addresses of one cluster; "
           "repeat for several APIs: each method goes to the cluster that has it",
           &config.upstream, ParseUpstream,
           [](const Upstream& upstream) { return net::PrintAddresses(upstream.addresses, ","); }));
  flags.push_back(Switch("--upstream-health-check", kAddresses,
                         "use only endpoints that report SERVING by grpc.health.v1", &config.upstream_health_check));
}

void AddTls(Config& config, FlagTable& flags) {
  flags.push_back(Single("--tls-cert-file", kTls, "FILE",
                         "certificate and chain (PEM); enables TLS beside plaintext; reloaded when it changes",
                         &config.tls_cert_file, ParsePath, PrintText));
  flags.push_back(Single("--tls-key-file", kTls, "FILE", "private key of the certificate (PEM)", &config.tls_key_file,
                         ParsePath, PrintText));
  flags.push_back(Single("--tls-client-ca-file", kTls, "FILE",
                         "CA bundle for client certificates (PEM); enables mTLS and rejects plaintext",
                         &config.tls_client_ca_file, ParsePath, PrintText));
}

void AddUpstreamTls(Config& config, FlagTable& flags) {
  flags.push_back(Switch("--upstream-tls", kUpstreamTls, "use TLS to every upstream", &config.upstream_tls));
  flags.push_back(Single("--upstream-ca-file", kUpstreamTls, "FILE",
                         "CA bundle for the upstream's certificate (PEM), instead of the system's",
                         &config.upstream_ca_file, ParsePath, PrintText));
  flags.push_back(Single("--upstream-cert-file", kUpstreamTls, "FILE",
                         "client certificate and chain (PEM), for mTLS to the upstream", &config.upstream_cert_file,
                         ParsePath, PrintText));
  flags.push_back(Single("--upstream-key-file", kUpstreamTls, "FILE", "private key of the certificate (PEM)",
                         &config.upstream_key_file, ParsePath, PrintText));
  flags.push_back(Single("--upstream-server-name", kUpstreamTls, "NAME",
                         "name that the upstream's certificate must match, instead of the address's host",
                         &config.upstream_server_name, ParseServerName, PrintText));
}

void AddApi(Config& config, FlagTable& flags) {
  std::vector<std::pair<std::string, Dialect>> dialects;
  for (const DialectPreset& preset : DialectPresets()) dialects.emplace_back(preset.name, preset.dialect);
  flags.push_back(
      Choice(kDialectFlag, kApi, "HTTP behaviour; also sets other defaults", &config.dialect, std::move(dialects)));
  flags.push_back(List("--descriptors", kApi, "FILE",
                       "FileDescriptorSet file with its imports; replaces server reflection", &config.descriptors,
                       ParsePath, PrintText));
  flags.push_back(Single("--api-config", kApi, "FILE",
                         "gRPC API configuration (YAML); its http.rules take precedence over annotations",
                         &config.api_config, ParsePath, PrintText));
  flags.push_back(List("--expose", kApi, "SERVICE", "service to publish; default: all but grpc.*", &config.expose,
                       ParseServiceName, PrintText));
  flags.push_back(Switch("--unbound-methods", kApi,
                         "serve methods without an HTTP rule as POST /package.Service/Method",
                         &config.unbound_methods));
  flags.push_back(Choice("--unescape", kApi, "percent-decoding of path variables", &config.unescape,
                         {{"legacy", route::Unescape::kLegacy},
                          {"all-except-reserved", route::Unescape::kAllExceptReserved},
                          {"all-except-slash", route::Unescape::kAllExceptSlash},
                          {"all", route::Unescape::kAll}}));
  flags.push_back(
      Switch("--print-unpopulated", kApi, "print unset scalars, lists and maps", &config.print_unpopulated));
  flags.push_back(
      Switch("--print-proto-names", kApi, "print field names as in the .proto file", &config.print_proto_names));
  flags.push_back(Switch("--print-enum-numbers", kApi, "print enums as numbers", &config.print_enum_numbers));
  flags.push_back(Single("--web-root", kApi, "FOLDER|embedded|none", "files served at /; API routes take precedence",
                         &config.web_root, ParseWebRoot, PrintWebRoot));
  flags.push_back(Switch("--console", kApi,
                         "serve the live console (/console.html) and its method list (/console/methods)",
                         &config.console));
}

void AddHeaders(Config& config, FlagTable& flags) {
  flags.push_back(List("--forward-header", kHeaders, "NAME", "request header to forward as metadata under its own name",
                       &config.forward_header, ParseHeaderName, PrintText));
  flags.push_back(Switch("--legacy-metadata-headers", kHeaders,
                         "forward Grpc-Metadata-X as metadata x; lets any page set any key",
                         &config.legacy_metadata_headers));
  flags.push_back(List("--cors-origin", kHeaders, "ORIGIN",
                       "origin whose pages may read responses (CORS), such as https://app.example.com",
                       &config.cors_origin, ParseOrigin, PrintText));
  flags.push_back(Switch("--cors-credentials", kHeaders, "allow credentials (cookies) in cross-origin requests",
                         &config.cors_credentials));
  flags.push_back(List("--trusted-proxy", kHeaders, "CIDR", "proxies whose X-Forwarded-* headers are trusted",
                       &config.trusted_proxy, net::ParseCidr, net::PrintCidr));
}

void AddSizes(Config& config, FlagTable& flags) {
  flags.push_back(Count("--threads", kSizes, "number of event loops", &config.threads, kMaxThreads));
  flags.push_back(
      Size("--max-target-bytes", "maximum request target; above: 414", &config.max_target_bytes, 64, kMega));
  flags.push_back(
      Size("--max-header-bytes", "maximum request head; above: 431", &config.max_header_bytes, 256, 16 * kMega));
  flags.push_back(Size("--max-request-bytes", "maximum request body; above: 413", &config.max_request_bytes, 1,
                       kMaxBytes, None::kAllowed));
  flags.push_back(Size("--max-message-bytes", "maximum protobuf message", &config.max_message_bytes, 1, kMaxBytes));
  flags.push_back(Size("--max-record-bytes", "maximum JSON record", &config.max_record_bytes, 1, kMaxBytes));
  flags.push_back(Size("--stream-window-bytes",
                       "flow-control window of an upstream stream: what a slow client can hold",
                       &config.stream_window_bytes, kKilo, kMaxBytes));
  flags.push_back(
      Count("--max-connections", kSizes, "maximum client connections", &config.max_connections, kMaxConnections));
  flags.push_back(Count("--max-connections-per-address", kSizes,
                        "maximum connections per client address (IPv6: per /64); above: 429",
                        &config.max_connections_per_address, kMaxConnections, None::kAllowed));
  flags.push_back(Size("--max-memory-bytes", "memory limit of the process; above: new requests get 503",
                       &config.max_memory_bytes, kMega, kMaxMemory, None::kAllowed));
  flags.push_back(Size("--slow-client-rate",
                       "bytes per second; clients slower than this for --slow-client-timeout are aborted",
                       &config.slow_client_rate, 1, kMaxBytes));
}

void AddTimes(Config& config, FlagTable& flags) {
  constexpr absl::Duration kZero = absl::ZeroDuration();
  flags.push_back(
      Time("--header-timeout", kTimes, "time to receive the request head", &config.header_timeout, kMillisecond));
  flags.push_back(
      Time("--body-timeout", kTimes, "time between bytes of the request body", &config.body_timeout, kMillisecond));
  flags.push_back(
      Time("--idle-timeout", kTimes, "time to keep an idle connection", &config.idle_timeout, kMillisecond));
  flags.push_back(Time("--head-wait", kTimes, "time to hold a stream's head for its first message or status",
                       &config.head_wait, kZero));
  flags.push_back(Time("--heartbeat", kTimes, "time without a record before a heartbeat is sent", &config.heartbeat,
                       kMillisecond, None::kAllowed));
  flags.push_back(Time("--unary-timeout", kTimes, "default deadline of unary calls", &config.unary_timeout,
                       kMillisecond, None::kAllowed));
  flags.push_back(Time("--max-stream-duration", kTimes,
                       "maximum duration of a stream, which then ends with a retry hint", &config.max_stream_duration,
                       kMillisecond, None::kAllowed));
  flags.push_back(Time("--slow-client-timeout", kTimes, "time below --slow-client-rate before a client is aborted",
                       &config.slow_client_timeout, kMillisecond));
  flags.push_back(Time("--drain-delay", kDrain, "time to keep serving while not ready, before streams are closed",
                       &config.drain_delay, kZero));
  flags.push_back(
      Time("--drain-window", kDrain, "period over which open streams are closed", &config.drain_window, kZero));
}

void AddLogs(Config& config, FlagTable& flags) {
  flags.push_back(Choice("--log-level", kLogs, "minimum log level", &config.log_level,
                         {{"debug", LogLevel::kDebug},
                          {"info", LogLevel::kInfo},
                          {"warn", LogLevel::kWarn},
                          {"error", LogLevel::kError}}));
  flags.push_back(Choice("--log-format", kLogs, "format of log messages", &config.log_format,
                         {{"text", LogFormat::kText}, {"json", LogFormat::kJson}}));
  flags.push_back(Single("--access-log", kLogs, "FILE|stdout|off",
                         "destination of the access log: one JSON line per request", &config.access_log, ParseAccessLog,
                         PrintAccessLog));
  flags.push_back(Switch(kCheckFlag, kOther, "validate the configuration and exit", &config.check));
}

}  // namespace

FlagTable FlagsOf(Config& config) {
  FlagTable flags;
  AddAddresses(config, flags);
  AddTls(config, flags);
  AddUpstreamTls(config, flags);
  AddApi(config, flags);
  AddHeaders(config, flags);
  AddSizes(config, flags);
  AddTimes(config, flags);
  AddLogs(config, flags);
  return flags;
}

}  // namespace penstock::config
