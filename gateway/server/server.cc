#include "gateway/server/server.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <exception>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/base/check.h"
#include "gateway/exchange/csrf_gate.h"
#include "gateway/exchange/memory_gate.h"
#include "gateway/grpc_gateway/grpc_gateway_protocol.h"
#include "gateway/grpc_gateway/grpc_gateway_rules.h"
#include "gateway/http/embedded_web.h"
#include "gateway/net/address.h"
#include "gateway/protocol/native_protocol.h"
#include "gateway/schema/method_list.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace penstock {
namespace {

// How often a draining gateway looks whether everybody is gone.
constexpr std::chrono::milliseconds kLookTick(20);

// After the drain window the last endings are still on their way to clients: this long, then what is left is cut.
constexpr absl::Duration kLastWords = absl::Seconds(2);

std::chrono::milliseconds Milliseconds(absl::Duration duration) {
  return absl::ToChronoMilliseconds(std::min(duration, absl::Hours(24 * 365)));
}

http::SessionOptions SessionOptionsOf(const config::Config& config) {
  http::SessionOptions options;
  options.parser.max_target_bytes = config.max_target_bytes;
  options.parser.max_header_bytes = config.max_header_bytes;
  options.header_timeout = Milliseconds(config.header_timeout);
  options.body_timeout = Milliseconds(config.body_timeout);
  options.idle_timeout = Milliseconds(config.idle_timeout);
  options.slow_client_rate = config.slow_client_rate;
  options.slow_client_timeout = Milliseconds(config.slow_client_timeout);
  return options;
}

const SchemaRules& RulesOf(config::Dialect dialect) {
  if (dialect == config::Dialect::kGrpcGateway) return grpc_gateway::kGrpcGatewayRules;
  return kNativeRules;
}

SchemaOptions SchemaOptionsOf(const config::Config& config) {
  SchemaOptions options;
  options.rules = &RulesOf(config.dialect);
  options.expose = config.expose;
  options.unbound_methods = config.unbound_methods;
  options.unescape = config.unescape;
  options.print.unpopulated = config.print_unpopulated;
  options.print.proto_names = config.print_proto_names;
  options.print.enum_numbers = config.print_enum_numbers;
  return options;
}

// What the port speaks.
std::unique_ptr<const ProtocolSet> ProtocolsOf(const config::Config& config) {
  MetadataOptions metadata;
  metadata.forward_headers = config.forward_header;
  metadata.legacy_metadata_headers = config.legacy_metadata_headers;
  metadata.trusted_proxies = config.trusted_proxy;
  std::vector<std::unique_ptr<const Protocol>> protocols;
  if (config.dialect == config::Dialect::kGrpcGateway) {
    protocols.push_back(std::make_unique<grpc_gateway::GrpcGatewayProtocol>(std::move(metadata)));
  } else {
    protocols.push_back(std::make_unique<NativeProtocol>(std::move(metadata)));
  }
  return std::make_unique<const ProtocolSet>(std::move(protocols));
}

// The page, with the console's files or without.
std::vector<http::EmbeddedFile> PageFiles(bool console) {
  std::vector<http::EmbeddedFile> files;
  for (const http::EmbeddedFile& file : http::EmbeddedWeb()) {
    if (console || !absl::StartsWith(file.name, "console")) files.push_back(file);
  }
  return files;
}

observe::AccessLog::Target TargetOf(config::AccessLogTarget::Kind kind) {
  switch (kind) {
    case config::AccessLogTarget::Kind::kStdout:
      return observe::AccessLog::Target::kStdout;
    case config::AccessLogTarget::Kind::kFile:
      return observe::AccessLog::Target::kFile;
    case config::AccessLogTarget::Kind::kOff:
      break;
  }
  return observe::AccessLog::Target::kOff;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Create(const config::Config& config) {
  std::unique_ptr<Server> server(new Server(config));
  if (absl::Status status = server->Prepare(); !status.ok()) return status;
  return server;
}

Server::Server(const config::Config& config) : config_(config) {}

Server::~Server() {
  // Whatever lives on the first loop goes before it.
  signals_.reset();
  tls_reload_.reset();
  memory_.reset();
  feed_.reset();
  acceptor_.reset();
  admin_.reset();
  admin_sessions_.reset();
}

absl::Status Server::Prepare() {
  SchemaFeedOptions feed;
  feed.descriptors = config_.descriptors;
  feed.api_config = config_.api_config;
  feed.schema = SchemaOptionsOf(config_);
  for (const config::Upstream& upstream : config_.upstream) feed.upstreams.push_back(upstream.text);
  upstream_logs_.resize(config_.upstream.size());

  shared_.protocols = ProtocolsOf(config_);
  shared_.exchange.max_request_bytes = config_.max_request_bytes;
  shared_.exchange.max_unsent_bytes = config_.stream_window_bytes;
  shared_.exchange.max_record_bytes = config_.max_record_bytes;
  shared_.exchange.head_wait = config_.head_wait;
  shared_.exchange.heartbeat = config_.heartbeat;
  shared_.exchange.unary_timeout = config_.unary_timeout;
  shared_.exchange.max_stream_duration = config_.max_stream_duration;
  shared_.exchange.cors = Cors(config_.cors_origin, config_.cors_credentials);
  shared_.session = SessionOptionsOf(config_);
  if (config_.upstream_tls) {
    auto tls = net::TlsClient::Load({.ca_file = config_.upstream_ca_file,
                                     .cert_file = config_.upstream_cert_file,
                                     .key_file = config_.upstream_key_file,
                                     .server_name = config_.upstream_server_name});
    if (!tls.ok()) return tls.status();
    upstream_tls_ = *std::move(tls);
  }
  for (const config::Upstream& upstream : config_.upstream) {
    shared_.upstream_names.push_back(net::PrintAddresses(upstream.addresses, ","));
    shared_.channels.push_back({.addresses = upstream.addresses,
                                .stream_window_bytes = config_.stream_window_bytes,
                                .max_message_bytes = config_.max_message_bytes,
                                .tls = upstream_tls_.get(),
                                .health_check = config_.upstream_health_check});
  }
  if (absl::Status status = PrepareFiles(); !status.ok()) return status;
  if (absl::Status status = PrepareTls(); !status.ok()) return status;

  auto known =
      codec::PlanSet::Build({google::rpc::BadRequest::descriptor()->file(), google::rpc::Status::descriptor()->file()},
                            feed.schema.rules->Printing(feed.schema.print));
  if (!known.ok()) return known.status();
  shared_.known_types = *std::move(known);

  for (int i = 0; i < config_.threads; ++i) {
    auto worker = Worker::Create(shared_);
    if (!worker.ok()) return worker.status();
    workers_.push_back(*std::move(worker));
  }
  if (config_.max_memory_bytes != config::kNoSizeLimit) {
    memory_ = std::make_unique<MemoryGuard>(first().loop(), config_.max_memory_bytes);
  }
  PrepareGates();
  auto schema_feed = SchemaFeed::Create(std::move(feed));
  if (!schema_feed.ok()) return schema_feed.status();
  feed_ = *std::move(schema_feed);
  return absl::OkStatus();
}

// In the order in which a request meets them.
void Server::PrepareGates() {
  if (memory_ != nullptr) shared_.gates.push_back(std::make_unique<MemoryGate>(memory_->over_flag()));
  shared_.gates.push_back(std::make_unique<CsrfGate>());
}

absl::Status Server::PrepareFiles() {
  switch (config_.web_root.kind) {
    case config::WebRoot::Kind::kEmbedded:
      shared_.files = http::StaticFiles::Embedded(PageFiles(config_.console));
      break;
    case config::WebRoot::Kind::kDirectory: {
      auto files = http::StaticFiles::Directory(config_.web_root.directory);
      if (!files.ok()) return files.status();
      shared_.files = *std::move(files);
      break;
    }
    case config::WebRoot::Kind::kNone:
      break;
  }
  try {
    shared_.access_log =
        std::make_unique<observe::AccessLog>(TargetOf(config_.access_log.kind), config_.access_log.path);
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat("--access-log=", config_.access_log.path, ": ", error.what()));
  }
  return absl::OkStatus();
}

absl::Status Server::PrepareTls() {
  if (config_.tls_cert_file.empty()) return absl::OkStatus();
  auto tls = net::TlsServer::Load({.cert_file = config_.tls_cert_file,
                                   .key_file = config_.tls_key_file,
                                   .client_ca_file = config_.tls_client_ca_file});
  if (!tls.ok()) return tls.status();
  tls_ = *std::move(tls);
  shared_.session.tls = tls_.get();
  return absl::OkStatus();
}

absl::Status Server::Bind() {
  net::Loop& loop = first().loop();
  http::SessionOptions admin_session = shared_.session;
  admin_session.tls = nullptr;  // scraped and probed from the same machine or pod
  admin_sessions_ = std::make_unique<http::SessionSet>(
      loop, admin_session,
      AdminHandlers({AdminLiveness(),
                     AdminReadiness([this] { return NotReady(); }),
                     {"/metrics", kPrometheusText, [this](auto done) { GatherMetrics(std::move(done)); }},
                     {"/streams", kJsonText, [this](auto done) { GatherStreams(std::move(done)); }},
                     AdminSettings(config::ListSettings(config_))}));
  http::AcceptorOptions admin_options;
  admin_options.addresses = {config_.admin_listen};
  admin_options.serve_from_reserve = true;
  auto admin = http::Acceptor::Listen(loop, admin_options, {admin_sessions_.get()});
  if (!admin.ok()) return admin.status();
  admin_ = *std::move(admin);

  http::AcceptorOptions options;
  options.addresses = config_.listen;
  options.max_connections = config_.max_connections;
  options.max_connections_per_address = config_.max_connections_per_address;
  std::vector<http::SessionSet*> sets;
  for (const auto& worker : workers_) sets.push_back(&worker->sessions());
  auto acceptor = http::Acceptor::Listen(loop, options, sets);
  if (!acceptor.ok()) return acceptor.status();
  acceptor_ = *std::move(acceptor);
  return absl::OkStatus();
}

absl::Status Server::Run() {
  std::signal(SIGPIPE, SIG_IGN);
  if (absl::Status status = Bind(); !status.ok()) return status;
  net::Loop& loop = first().loop();
  signals_ = std::make_unique<boost::asio::signal_set>(loop.io(), SIGTERM, SIGINT, SIGHUP);
  AwaitSignal();
  WatchTls();
  if (memory_ != nullptr) memory_->Start();
  std::vector<upstream::Channel*> channels;
  for (const auto& channel : first().channels()) channels.push_back(channel.get());
  feed_->Start(loop, channels, [this](const std::shared_ptr<const Schema>& schema, const std::string& missing) {
    std::shared_ptr<const std::string> method_list;
    if (config_.console && schema != nullptr) {
      method_list = std::make_shared<const std::string>(PrintMethodList(*schema));
    }
    for (const auto& worker : workers_) worker->Publish(schema, missing, method_list);
  });
  first().OnUpstreamChange(
      [this](size_t upstream, const upstream::PoolChange& change) { OnUpstreamChange(upstream, change); });
  for (const auto& worker : workers_) worker->Start();
  acceptor_->Start();
  admin_->Start();
  spdlog::info("penstock-gateway ready http={} admin={}", net::PrintAddresses(acceptor_->addresses(), ","),
               net::PrintAddresses(admin_->addresses(), ","));

  std::vector<std::thread> threads;
  for (size_t i = 1; i < workers_.size(); ++i) threads.emplace_back([&worker = *workers_[i]] { worker.loop().Run(); });
  loop.Run();
  for (const auto& worker : workers_) worker->loop().Stop();
  for (std::thread& thread : threads) thread.join();
  spdlog::info("penstock-gateway stopped");
  return absl::OkStatus();
}

void Server::WatchTls() {
  if (tls_ == nullptr) return;
  tls_reload_ = std::make_unique<net::TlsReload>(first().loop(), *tls_, [](const absl::StatusOr<bool>& reloaded) {
    if (reloaded.ok()) return spdlog::info("new connections get the new TLS certificate");
    spdlog::warn("the last good TLS certificate stays: {}", std::string(reloaded.status().message()));
  });
}

// --- Upstreams -------------------------------------------------------------------------------------------------------

void Server::OnUpstreamChange(size_t upstream, const upstream::PoolChange& change) {
  if (change.joined) feed_->OnJoined(upstream);
  UpstreamLog& log = upstream_logs_[upstream];
  const std::string& name = config_.upstream[upstream].text;
  const net::TimerWheel::Clock::time_point now = net::TimerWheel::Clock::now();
  if (!change.failure.ok()) {
    if (const auto skipped = log.failures.Due(now)) {
      spdlog::warn("upstream {}: {}{}", name, std::string(change.failure.message()),
                   *skipped == 0 ? "" : absl::StrCat(" (failures since the last such line: ", *skipped, ")"));
    }
  }
  if (change.ready && !log.ready && log.returns.Due(now)) spdlog::info("upstream {}: connected", name);
  log.ready = change.ready;
}

std::vector<std::string> Server::NotReady() const {
  std::vector<std::string> reasons;
  if (state_ != State::kServing) reasons.push_back("draining");
  if (memory_ != nullptr && memory_->over()) {
    reasons.push_back(absl::StrCat(
        "more memory is in use than --max-memory-bytes=", config::PrintSize(config_.max_memory_bytes), " allows"));
  }
  for (size_t i = 0; i < config_.upstream.size(); ++i) {
    const bool connected =
        std::all_of(workers_.begin(), workers_.end(), [i](const auto& worker) { return worker->upstream_ready(i); });
    if (connected) continue;
    const absl::Status error = first().channels()[i]->last_error();
    reasons.push_back(
        absl::StrCat("upstream ", config_.upstream[i].text, ": ", error.ok() ? "not connected yet" : error.message()));
  }
  for (const std::string& reason : feed_->Missing()) reasons.push_back(absl::StrCat("no schema yet: ", reason));
  return reasons;
}

std::string Server::Metrics(const observe::LoopReport& report) const {
  std::vector<const observe::LoopMetrics*> loops;
  observe::ProcessMetrics process;
  for (const auto& worker : workers_) {
    loops.push_back(&worker->metrics());
    process.connections += worker->sessions().size();
  }
  for (size_t i = 0; i < config_.upstream.size(); ++i) {
    const auto loops_ready =
        std::count_if(workers_.begin(), workers_.end(), [i](const auto& worker) { return worker->upstream_ready(i); });
    process.upstreams.push_back({config_.upstream[i].text, static_cast<size_t>(loops_ready)});
  }
  process.schema_changes = feed_->changes();
  process.schema_refusals = feed_->refusals();
  process.ready = NotReady().empty();
  process.draining = state_ != State::kServing;
  return observe::RenderMetrics(loops, report, process);
}

// Each loop tells its own, so that none waits for another; the first puts them together and calls `done`.
template <typename Report, typename Ask>
void Server::Gather(Ask&& ask, std::function<void(Report report)> done) {
  struct Gathering {
    Report report;
    size_t missing;
    std::function<void(Report)> done;
  };
  auto gathering = std::make_shared<Gathering>(Gathering{{}, workers_.size(), std::move(done)});
  for (const auto& worker : workers_) {
    ask(*worker, [this, gathering](Report report) {
      first().loop().Post([gathering, report = std::move(report)]() mutable {
        gathering->report.Add(std::move(report));
        if (--gathering->missing == 0) gathering->done(std::move(gathering->report));
      });
    });
  }
}

void Server::GatherMetrics(std::function<void(AdminPage page)> done) {
  Gather<observe::LoopReport>(
      [](Worker& worker, auto told) { worker.Count(std::move(told)); },
      [this, done = std::move(done)](const observe::LoopReport& report) { done({Metrics(report)}); });
}

void Server::GatherStreams(std::function<void(AdminPage page)> done) {
  Gather<observe::LiveReport>(
      [](Worker& worker, auto told) { worker.Describe(std::move(told)); },
      [done = std::move(done)](observe::LiveReport report) { done({observe::PrintLiveReport(std::move(report))}); });
}

// --- The way out -----------------------------------------------------------------------------------------------------

void Server::AwaitSignal() {
  signals_->async_wait([this](const boost::system::error_code& error, int number) {
    if (error) return;
    number == SIGHUP ? OnReloadSignal() : OnEndSignal();
    AwaitSignal();
  });
}

void Server::OnReloadSignal() {
  if (state_ != State::kServing) return;
  spdlog::info("told to reload (SIGHUP): looking whether the schema or certificates have changed");
  feed_->Reload();
  if (tls_reload_ != nullptr) tls_reload_->Look();
}

void Server::OnEndSignal() {
  net::Loop& loop = first().loop();
  if (state_ == State::kServing) {
    MoveTo(State::kDelaying);
    spdlog::info("draining: not ready now, listening for another {}, then ending streams over {}",
                 absl::FormatDuration(config_.drain_delay), absl::FormatDuration(config_.drain_window));
    loop.Arm(this, absl::ToChronoNanoseconds(config_.drain_delay));
    return;
  }
  spdlog::info("told again: ending everything now");
  if (state_ == State::kDelaying) MoveTo(State::kEnding);
  for (const auto& worker : workers_) worker->Drain(absl::ZeroDuration());
  give_up_ = net::TimerWheel::Clock::now() + absl::ToChronoNanoseconds(kLastWords);
  loop.Arm(this, kLookTick);
}

void Server::MoveTo(State next) {
  PENSTOCK_CHECK(static_cast<int>(next) == static_cast<int>(state_) + 1);
  state_ = next;
  if (next == State::kEnding) acceptor_->StopListening();
}

void Server::OnTimer() {
  net::Loop& loop = first().loop();
  const net::TimerWheel::Clock::time_point now = net::TimerWheel::Clock::now();
  if (state_ == State::kDelaying) {
    MoveTo(State::kEnding);
    give_up_ = now + absl::ToChronoNanoseconds(config_.drain_window + kLastWords);
    for (const auto& worker : workers_) worker->Drain(config_.drain_window);
  } else if (AllGone() || now >= give_up_) {
    MoveTo(State::kStopped);
    return loop.Stop();
  }
  loop.Arm(this, kLookTick);
}

bool Server::AllGone() const {
  return std::all_of(workers_.begin(), workers_.end(),
                     [](const auto& worker) { return worker->sessions().size() == 0; });
}

}  // namespace penstock
