// One loop with all that a request needs on it: client sessions, exchanges, connections to each upstream. Workers share
//  nothing but immutable options and the schema.
//
// Made and destroyed by the server while its thread does not run; in between everything but the functions marked "any
// thread" belongs to the worker's own thread.
#ifndef PENSTOCK_GATEWAY_SERVER_WORKER_H_
#define PENSTOCK_GATEWAY_SERVER_WORKER_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/codec/message_plan.h"
#include "gateway/config/dialect.h"
#include "gateway/exchange/exchange_context.h"
#include "gateway/exchange/gate.h"
#include "gateway/exchange/local_resource.h"
#include "gateway/http/session_set.h"
#include "gateway/http/static_files.h"
#include "gateway/net/loop.h"
#include "gateway/net/timer_wheel.h"
#include "gateway/observe/access_log.h"
#include "gateway/observe/access_log_observer.h"
#include "gateway/observe/metrics.h"
#include "gateway/observe/metrics_observer.h"
#include "gateway/protocol/protocol_set.h"
#include "gateway/schema/schema.h"
#include "gateway/upstream/endpoint_pool.h"

namespace penstock {

// What all workers share; outlives them.
struct Shared {
  ExchangeOptions exchange;
  std::unique_ptr<const ProtocolSet> protocols;
  Gates gates;
  http::SessionOptions session;
  std::vector<upstream::ChannelOptions> channels;  // one for each upstream
  std::vector<std::string> upstream_names;         // the same
  http::StaticFiles files;
  std::unique_ptr<const codec::PlanSet> known_types;
  std::unique_ptr<observe::AccessLog> access_log;
};

class Worker final : private net::Timer {
 public:
  static absl::StatusOr<std::unique_ptr<Worker>> Create(const Shared& shared);
  ~Worker() override;

  net::Loop& loop() { return loop_; }
  http::SessionSet& sessions() { return sessions_; }
  const std::vector<std::unique_ptr<upstream::EndpointPool>>& channels() { return channels_; }

  // Any thread.
  const observe::LoopMetrics& metrics() const { return metrics_.metrics(); }
  bool upstream_ready(size_t upstream) const { return upstreams_ready_[upstream].value() != 0; }

  // Calls `listener` with what changed about which upstream. Before Start.
  using UpstreamListener = std::function<void(size_t upstream, const upstream::PoolChange& change)>;
  void OnUpstreamChange(UpstreamListener listener) { on_upstream_change_ = std::move(listener); }

  // Starts connecting to the upstreams.
  void Start();

  // New requests get `schema`; those in progress keep theirs. `missing`: which upstreams' schemas are not known yet,
  // and why, for requests that may need them. `method_list`: what the console reads; null: it is off. Any thread.
  void Publish(std::shared_ptr<const Schema> schema, std::string missing,
               std::shared_ptr<const std::string> method_list);

  // Calls `done`, on this worker's thread, with the requests in progress. Any thread.
  void Describe(std::function<void(observe::LiveReport report)> done);

  // The same with what this loop has counted by route.
  void Count(std::function<void(observe::LoopReport report)> done);

  // Ends the requests in progress, spread over `window`; sessions close as they become idle. Calling it again with a
  // shorter window hurries. Any thread.
  void Drain(absl::Duration window);

 private:
  using Channels = std::vector<std::unique_ptr<upstream::EndpointPool>>;

  Worker(const Shared& shared, std::unique_ptr<net::Loop> loop, Channels channels);
  void OnTimer() override;

  const std::unique_ptr<net::Loop> owned_loop_;
  net::Loop& loop_;
  const Channels channels_;
  std::deque<observe::Counter> upstreams_ready_;  // 1: this loop has a connection. A deque, for they cannot move
  observe::MetricsObserver metrics_;
  observe::AccessLogObserver access_log_;
  observe::RequestObservers observers_{{&metrics_, &access_log_}};
  DocumentResource method_list_;
  const FileResource files_;
  ExchangeContext context_;
  http::SessionSet sessions_;
  UpstreamListener on_upstream_change_;
  net::TimerWheel::Clock::time_point drain_end_;
};

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_SERVER_WORKER_H_
