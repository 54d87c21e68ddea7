// The gateway as a whole: workers on their threads, listeners, the schema, and the way out.
//
//              SIGTERM            delay over              all gone, or time is up
//   kServing ──────────▶ kDelaying ──────────▶ kEnding ────────────────────────────▶ kStopped
//                            └── second SIGTERM ──▲ (hurries from either)
//
// SIGHUP, while it serves: the schema is read, or asked for, again.
//
//   auto server = Server::Create(config);
//   if (server.ok()) exit_code = (*server)->Run();
#ifndef PENSTOCK_GATEWAY_SERVER_SERVER_H_
#define PENSTOCK_GATEWAY_SERVER_SERVER_H_

#include <boost/asio/signal_set.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/admin/admin.h"
#include "gateway/base/log_pace.h"
#include "gateway/config/config.h"
#include "gateway/http/acceptor.h"
#include "gateway/http/session_set.h"
#include "gateway/net/timer_wheel.h"
#include "gateway/net/tls_client.h"
#include "gateway/net/tls_reload.h"
#include "gateway/net/tls_server.h"
#include "gateway/schema/schema_feed.h"
#include "gateway/server/memory_guard.h"
#include "gateway/server/worker.h"
#include "gateway/upstream/endpoint_pool.h"

namespace penstock {

class Server final : private net::Timer {
 public:
  // Checks everything that can be known without traffic: `--check` is this and no more. Opens files, binds nothing.
  static absl::StatusOr<std::unique_ptr<Server>> Create(const config::Config& config);
  ~Server() override;

  // Binds, serves until it is told to end (SIGTERM, SIGINT), drains. OK after a drain; else what could not be bound.
  absl::Status Run();

 private:
  enum class State { kServing, kDelaying, kEnding, kStopped };

  // What the log has said of an upstream's connections. Lost ones come in storms; lines do not.
  struct UpstreamLog {
    LogPace failures;
    LogPace returns;
    bool ready = false;
  };

  explicit Server(const config::Config& config);
  absl::Status Prepare();
  void PrepareGates();
  absl::Status PrepareFiles();
  absl::Status PrepareTls();
  absl::Status Bind();
  void WatchTls();
  void OnUpstreamChange(size_t upstream, const upstream::PoolChange& change);
  void AwaitSignal();
  void OnEndSignal();
  void OnReloadSignal();
  void MoveTo(State next);
  void OnTimer() override;
  bool AllGone() const;
  std::vector<std::string> NotReady() const;
  std::string Metrics(const observe::LoopReport& report) const;
  template <typename Report, typename Ask>
  void Gather(Ask&& ask, std::function<void(Report report)> done);
  void GatherMetrics(std::function<void(AdminPage page)> done);
  void GatherStreams(std::function<void(AdminPage page)> done);

  Worker& first() const { return *workers_.front(); }

  const config::Config config_;
  std::unique_ptr<SchemaFeed> feed_;
  std::unique_ptr<net::TlsServer> tls_;           // null: none; used by every worker
  std::unique_ptr<net::TlsClient> upstream_tls_;  // likewise, towards upstreams
  Shared shared_;
  std::vector<std::unique_ptr<Worker>> workers_;
  // On the first worker's loop from here on.
  std::unique_ptr<http::SessionSet> admin_sessions_;
  std::unique_ptr<http::Acceptor> admin_;
  std::unique_ptr<http::Acceptor> acceptor_;
  std::unique_ptr<net::TlsReload> tls_reload_;
  std::unique_ptr<MemoryGuard> memory_;  // null: no bound
  std::unique_ptr<boost::asio::signal_set> signals_;
  State state_ = State::kServing;
  net::TimerWheel::Clock::time_point give_up_;  // kEnding: when what is left is cut
  std::vector<UpstreamLog> upstream_logs_;
};

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_SERVER_SERVER_H_
