// The gRPC server: listeners, the tick service on its workers, health, reflection, keepalive, and a graceful end.
//
//   absl::StatusOr<std::unique_ptr<TickServer>> server = TickServer::Start(options);
//   log((*server)->addresses());              // with the ports that were picked
//   (*server)->StopServing();                 // health: NOT_SERVING
//   (*server)->Drain(absl::Seconds(25));      // blocks until every stream has had its ending
//
// Drain and the destructor belong to the thread that started the server; the rest to any.
#ifndef PENSTOCK_SERVICE_TICK_SERVER_H_
#define PENSTOCK_SERVICE_TICK_SERVER_H_

#include <grpcpp/server.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/base/mutex.h"
#include "gateway/net/address.h"
#include "service/tick_service.h"

namespace penstock::service {

struct TickServerOptions {
  std::vector<net::ListenAddress> listen;
  int threads = 1;
  TickLimits limits;
  // After about this long (gRPC spreads it by 10 %) a connection gets a GOAWAY; after `connection_age_grace` more it is
  // closed with what still runs on it.
  absl::Duration max_connection_age = absl::InfiniteDuration();
  absl::Duration connection_age_grace = absl::Seconds(25);
};

class TickServer {
 public:
  // Listens and serves. UNAVAILABLE: an address cannot be had; the message names it, the reason and the remedy.
  static absl::StatusOr<std::unique_ptr<TickServer>> Start(const TickServerOptions& options);

  // Drains with no window where nobody has drained.
  ~TickServer();
  TickServer(const TickServer&) = delete;
  TickServer& operator=(const TickServer&) = delete;

  // What it listens on, in the order of the options: `host:port` that can be connected to, or `unix:path`.
  const std::vector<std::string>& addresses() const { return addresses_; }

  // Health says NOT_SERVING from now on, for the server and for each service. Calls are still taken.
  void StopServing();
  bool serving() const { return serving_.load(std::memory_order_relaxed); }

  // Sends GOAWAY and takes nothing new, ends all streams over `window`, and returns when nothing is left.
  void Drain(absl::Duration window);

  // Makes a Drain() that runs, or comes, end its streams at once.
  void Hurry();

  // Of each worker; valid as long as the server.
  std::vector<const TickCounters*> counters() const;
  int64_t open_streams() const { return open_streams_.load(std::memory_order_relaxed); }

 private:
  TickServer() = default;

  TickRpc rpc_;
  std::atomic<int64_t> open_streams_{0};
  std::atomic<bool> serving_{true};
  std::vector<std::string> addresses_;
  // gRPC wants its server gone before the queues, which are the workers'.
  std::vector<std::unique_ptr<TickWorker>> workers_;
  std::unique_ptr<grpc::Server> server_;
  std::vector<std::thread> threads_;
  Mutex draining_;                                   // orders to the workers are one caller's at a time
  bool drained_ ABSL_GUARDED_BY(draining_) = false;  // the workers take no more orders
};

}  // namespace penstock::service

#endif  // PENSTOCK_SERVICE_TICK_SERVER_H_
