#include "service/tick_server.h"

#include <grpc/grpc.h>
#include <grpc/support/time.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "grpc/health/v1/health.pb.h"

namespace penstock::service {
namespace {

// A peer that vanished without a FIN is noticed after the two together.
constexpr absl::Duration kKeepaliveTime = absl::Seconds(60);
constexpr absl::Duration kKeepaliveTimeout = absl::Seconds(20);
// A client may PING this often, with or without calls; gRPC's own 5 minutes cuts clients behind impatient middleboxes.
constexpr absl::Duration kMinPingInterval = absl::Seconds(10);
// Reflection is gRPC's synchronous service and holds a thread a stream: more than a few at a time are refused.
constexpr int kMaxSyncThreads = 32;
// After the last streams were reset: how long gRPC may take to close what is left of its own (health watches).
constexpr absl::Duration kCloseTime = absl::Seconds(1);

int Milliseconds(absl::Duration duration) {
  return static_cast<int>(std::min<int64_t>(absl::ToInt64Milliseconds(duration), std::numeric_limits<int>::max()));
}

void Configure(const TickServerOptions& options, grpc::ServerBuilder* builder) {
  // Off: a port that another process listens on would be shared with it without a word.
  builder->AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // No compression, no tracing, no channelz: nothing here uses them and each stream pays for them.
  builder->AddChannelArgument(GRPC_ARG_MINIMAL_STACK, 1);
  builder->AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, 0);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(kKeepaliveTime));
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Milliseconds(kKeepaliveTimeout));
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, Milliseconds(kMinPingInterval));
  if (options.max_connection_age != absl::InfiniteDuration()) {
    builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, Milliseconds(options.max_connection_age));
    builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, Milliseconds(options.connection_age_grace));
  }
  grpc::ResourceQuota quota("penstock-ticks");
  quota.SetMaxThreads(kMaxSyncThreads);
  builder->SetResourceQuota(quota);
  builder->SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder->SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
  builder->SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 1);
}

net::ListenAddress WithHost(net::ListenAddress address, const char* host) {
  if (address.kind == net::Address::Kind::kTcp && address.host.empty()) address.host = host;
  return address;
}

// Why `address` cannot be listened on, asked of the kernel once more, as gRPC only says that it could not; empty: it
// can.
std::string ListenError(const net::ListenAddress& address) {
  if (address.kind != net::Address::Kind::kTcp) return "";
  addrinfo hints = {};
  hints.ai_flags = AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code = getaddrinfo(address.host.empty() ? nullptr : address.host.c_str(),
                               std::to_string(address.port).c_str(), &hints, &found);
  if (code != 0) return gai_strerror(code);
  std::string error;
  for (const addrinfo* one = found; one != nullptr && error.empty(); one = one->ai_next) {
    const int fd = socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC, one->ai_protocol);
    if (fd < 0) continue;  // A family that this machine does not have is not the reason.
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, one->ai_addr, one->ai_addrlen) != 0 || listen(fd, 1) != 0) error = std::strerror(errno);
    close(fd);
  }
  freeaddrinfo(found);
  return error;
}

absl::Status CannotListen(const std::vector<net::ListenAddress>& listen) {
  for (const net::ListenAddress& address : listen) {
    const std::string error = ListenError(address);
    if (error.empty()) continue;
    return absl::UnavailableError(absl::StrCat("cannot listen on ", net::PrintAddress(address), ": ", error,
                                               "; end what uses it or choose another with --listen"));
  }
  std::string all;
  for (const auto& address : listen) absl::StrAppend(&all, all.empty() ? "" : ", ", net::PrintAddress(address));
  return absl::UnavailableError(
      absl::StrCat("cannot listen on ", all, "; gRPC gives no reason, choose another with --listen"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<TickServer>> TickServer::Start(const TickServerOptions& options) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  // gRPC serves health without its descriptor; with it in the binary, reflection can describe the service that it
  // lists.
  grpc::health::v1::HealthCheckRequest::descriptor();
  std::unique_ptr<TickServer> server(new TickServer);
  grpc::ServerBuilder builder;
  Configure(options, &builder);
  std::vector<int> ports(options.listen.size());
  for (size_t i = 0; i < ports.size(); ++i) {
    builder.AddListeningPort(net::PrintAddress(WithHost(options.listen[i], "::")), grpc::InsecureServerCredentials(),
                             &ports[i]);
  }
  builder.RegisterService(&server->rpc_);
  for (int i = 0; i < options.threads; ++i) {
    server->workers_.push_back(std::make_unique<TickWorker>(&server->rpc_, builder.AddCompletionQueue(), options.limits,
                                                            &server->open_streams_));
  }
  server->server_ = builder.BuildAndStart();
  if (server->server_ == nullptr) return CannotListen(options.listen);
  server->server_->GetHealthCheckService()->SetServingStatus(penstock::tick::v1::TickService::service_full_name(),
                                                             true);
  for (size_t i = 0; i < ports.size(); ++i) {
    net::ListenAddress address = WithHost(options.listen[i], "0.0.0.0");
    if (address.kind == net::Address::Kind::kTcp) address.port = static_cast<uint16_t>(ports[i]);
    server->addresses_.push_back(net::PrintAddress(address));
  }
  for (auto& worker : server->workers_) server->threads_.emplace_back([one = worker.get()] { one->Run(); });
  return server;
}

TickServer::~TickServer() {
  if (!threads_.empty()) Drain(absl::ZeroDuration());
}

void TickServer::StopServing() {
  if (!serving_.exchange(false)) return;  // Health watchers are told once.
  server_->GetHealthCheckService()->SetServingStatus(false);
}

void TickServer::Drain(absl::Duration window) {
  StopServing();
  // On a thread of its own, as it blocks until the last call is gone; the deadline is for what nobody here ends.
  // Monotonic, as the workers' schedule is: a clock that is set meanwhile neither cuts streams off nor holds this up.
  const int64_t within_ms = absl::ToInt64Milliseconds(window + TickWorker::kLastBytesTime + kCloseTime);
  const gpr_timespec deadline =
      gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(within_ms, GPR_TIMESPAN));
  std::thread closing([this, deadline] { server_->Shutdown(deadline); });
  {
    const MutexLock lock(draining_);
    for (auto& worker : workers_) worker->Drain(window);
  }
  // The workers see to it that this comes, by resetting what is left at the end.
  for (int64_t open = open_streams_.load(); open != 0; open = open_streams_.load()) open_streams_.wait(open);
  // What is left now is health's watches and reflection, which would stay as long as their clients like.
  grpc_server_cancel_all_calls(server_->c_server());
  closing.join();
  {
    const MutexLock lock(draining_);
    drained_ = true;
    for (auto& worker : workers_) worker->Stop();
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void TickServer::Hurry() {
  const MutexLock lock(draining_);
  if (drained_) return;
  for (auto& worker : workers_) worker->Drain(absl::ZeroDuration());
}

std::vector<const TickCounters*> TickServer::counters() const {
  std::vector<const TickCounters*> counters;
  for (const auto& worker : workers_) counters.push_back(&worker->counters());
  return counters;
}

}  // namespace penstock::service
