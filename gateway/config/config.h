// The gateway's configuration: flags and environment in, one validated immutable Config out. Every limit of the gateway
// lives here, with its default and the reason for it. Pure: the environment is handed in, nothing is opened or
// resolved. Call once, at start.
//
//   Parsed parsed = ParseCommandLine(absl::MakeConstSpan(argv, argc), Environment{getenv, limit, CpuCount()});
//   if (!parsed.config) { std::cout << parsed.out; std::cerr << parsed.err; return parsed.exit_code; }
//
// How a flag and its environment variable are read is told in flag_table.h. Where a default depends on the dialect,
// what was given wins.
#ifndef PENSTOCK_GATEWAY_CONFIG_CONFIG_H_
#define PENSTOCK_GATEWAY_CONFIG_CONFIG_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "gateway/config/dialect.h"
#include "gateway/config/flag_table.h"
#include "gateway/config/units.h"
#include "gateway/net/address.h"
#include "gateway/net/cidr.h"
#include "gateway/route/percent.h"

namespace penstock::config {

// One `--upstream`: the addresses over which its calls are balanced.
struct Upstream {
  std::string text;  // as given, for logs and errors
  std::vector<net::UpstreamAddress> addresses;
};

struct WebRoot {
  enum class Kind { kEmbedded, kNone, kDirectory };
  Kind kind = Kind::kEmbedded;
  std::string directory;  // kDirectory
};

struct AccessLogTarget {
  enum class Kind { kStdout, kOff, kFile };
  Kind kind = Kind::kStdout;
  std::string path;  // kFile
};

enum class LogLevel { kDebug, kInfo, kWarn, kError };
enum class LogFormat { kText, kJson };

// One field a flag, named like it. InfiniteDuration and kNoSizeLimit are `none`. The defaults here are native's.
struct Config {
  // --- Where -------------------------------------------------------------------------------------------------------
  std::vector<net::ListenAddress> listen;  // :8080
  net::ListenAddress admin_listen;         // 127.0.0.1:9901: metrics and streams are not for the world
  std::vector<Upstream> upstream;          // localhost:50051

  // --- TLS towards clients; on the same ports as plain HTTP ---------------------------------------------------------
  std::string tls_cert_file;       // PEM chain; empty: no TLS
  std::string tls_key_file;        // PEM, without a passphrase
  std::string tls_client_ca_file;  // PEM; not empty: no client without a certificate of this CA, and none in the clear

  // --- TLS towards the upstreams, all of them ------------------------------------------------------------------------
  bool upstream_tls = false;
  std::string upstream_ca_file;        // PEM; empty: the system's CAs
  std::string upstream_cert_file;      // PEM chain that the gateway shows; empty: none
  std::string upstream_key_file;       // PEM, without a passphrase
  std::string upstream_server_name;    // that the certificate must have; empty: the address's host
  bool upstream_health_check = false;  // grpc.health.v1 decides which addresses are used

  // --- What is served ----------------------------------------------------------------------------------------------
  Dialect dialect = Dialect::kNative;
  std::vector<std::string> descriptors;  // FileDescriptorSet files; empty: reflection
  std::string api_config;                // gRPC API Configuration YAML; empty: none
  std::vector<std::string> expose;       // full service names; empty: all but grpc.*
  bool unbound_methods = true;           // methods without a rule as POST /pkg.Service/Method; grpc-gateway: off
  route::Unescape unescape = route::Unescape::kAllExceptReserved;  // of paths; grpc-gateway: kLegacy
  bool print_unpopulated = true;
  bool print_proto_names = false;
  bool print_enum_numbers = false;
  WebRoot web_root;
  bool console = true;                      // the page's second view, and the list of methods that it reads
  std::vector<std::string> forward_header;  // lower case
  bool legacy_metadata_headers = false;     // on: any web page may set any metadata key
  std::vector<std::string> cors_origin;     // which pages of other origins may read answers; empty: none
  bool cors_credentials = false;            // with the cookies of those who visit them
  std::vector<net::Cidr> trusted_proxy;     // proxies whose X-Forwarded-* headers are trusted; empty: nobody's

  // --- Limits of size and number -----------------------------------------------------------------------------------
  int threads = 1;  // CPUs this process may use, at most 8; one event loop each
  // Longest request target. 8k: what other servers and proxies on the way accept, so more would not arrive anyway.
  size_t max_target_bytes = 8 * 1024;
  // Whole request head, target included. 64k: cookies and tokens fit many times; 10,000 heads in the making stay
  // below 1 GB.
  size_t max_header_bytes = 64 * 1024;
  // Request body. 4M: what a gRPC server accepts by default as a message; JSON of more could not be delivered.
  // grpc-gateway: none.
  size_t max_request_bytes = 4 * 1024 * 1024;
  // One protobuf message from the upstream. 4M: gRPC's own default.
  size_t max_message_bytes = 4 * 1024 * 1024;
  // One JSON record. 16M: JSON outgrows wire, by names and quoted numbers seldom more than fourfold.
  size_t max_record_bytes = 16 * 1024 * 1024;
  // What one slow client may hold of its upstream stream. 64k: HTTP/2's initial window; at 1 ms to the upstream that
  // is 64 MB/s a stream, and 10,000 clients that stand still hold 640 MB at most.
  size_t stream_window_bytes = 64 * 1024;
  // Client connections at a time. What the limit of open files leaves after kReservedFiles, less a tenth for the
  // connections to the upstream.
  size_t max_connections = 0;
  // The same of one client address, so that no client takes all of them. None: behind a proxy all have its address.
  size_t max_connections_per_address = kNoSizeLimit;
  // Memory of this process in use, above which new requests are answered 503. 90 % of the cgroup's limit, if it has
  // one: the rest is the kernel's for sockets, and for what is on its way already.
  size_t max_memory_bytes = kNoSizeLimit;

  // --- Limits of time ----------------------------------------------------------------------------------------------
  absl::Duration header_timeout = absl::Seconds(10);  // head complete: a byte a second must not hold a slot
  absl::Duration body_timeout = absl::Seconds(30);    // since the last body byte: a phone in a tunnel comes back
  absl::Duration idle_timeout = absl::Seconds(75);    // keep-alive: longer than the 60 s of common load balancers
  absl::Duration head_wait = absl::Seconds(1);        // hold the head for the first message or status
  absl::Duration heartbeat = absl::Seconds(15);       // silence before one: half of common 30 s idle cuts; or none
  absl::Duration unary_timeout = absl::Seconds(30);   // deadline where the client gave none; grpc-gateway: none
  absl::Duration max_stream_duration = absl::InfiniteDuration();  // then an ending with a retry hint
  // Bytes are waiting and were acknowledged more slowly than this, for this long: cut. 1k a second is below any link
  // that a person would wait for.
  size_t slow_client_rate = 1024;  // bytes a second
  absl::Duration slow_client_timeout = absl::Seconds(30);

  // --- Shutting down: together the 30 s that orchestrators grant by default -----------------------------------------
  absl::Duration drain_delay = absl::Seconds(5);    // not ready but serving, until load balancers have seen it
  absl::Duration drain_window = absl::Seconds(25);  // endings are spread over this: no herd comes back at once

  // --- Logs --------------------------------------------------------------------------------------------------------
  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kText;
  AccessLogTarget access_log;

  bool check = false;  // validate what can be known without traffic, then exit
};

// Open files that no client connection may take: listeners, loops, upstream connections of an idle gateway, logs, the
// page's files, and the reserve with which a full table is survived.
inline constexpr size_t kReservedFiles = 128;

// What the configuration depends on besides the command line.
struct Environment {
  Getenv getenv;
  size_t open_files_limit;                                // RaiseOpenFilesLimit()
  int cpus;                                               // CpuCount()
  absl::optional<uint64_t> memory_limit = absl::nullopt;  // MemoryLimit()
};

using Parsed = ParsedFlags<Config>;

// `argv` with the program's name first.
Parsed ParseCommandLine(absl::Span<const char* const> argv, const Environment& environment);

// Every setting as flag and value, in the order of --help: what the admin port shows of a running gateway. Values of
// a repeated flag have spaces between them.
std::vector<std::pair<std::string, std::string>> ListSettings(const Config& config);

}  // namespace penstock::config

#endif  // PENSTOCK_GATEWAY_CONFIG_CONFIG_H_
