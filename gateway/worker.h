// One loop with all that a request needs on it: client sessions, exchanges, the connection to the upstream. Workers
// share nothing but immutable options and the schema.
//
// Made and destroyed by the server while its thread does not run; in between everything but the functions marked "any
// thread" belongs to the worker's own thread.
#ifndef PENSTOCK_GATEWAY_WORKER_H_
#define PENSTOCK_GATEWAY_WORKER_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/exchange_context.h"
#include "gateway/http/session_set.h"
#include "gateway/http/static_files.h"
#include "gateway/loop.h"
#include "gateway/observe/access_log.h"
#include "gateway/observe/metrics.h"
#include "gateway/schema.h"
#include "gateway/timer_wheel.h"
#include "gateway/transcode/message_plan.h"
#include "gateway/upstream/endpoint_pool.h"

namespace penstock {

// What all workers share; outlives them.
struct Shared {
  ExchangeOptions exchange;
  http::SessionOptions session;
  upstream::ChannelOptions channel;
  http::StaticFiles files;
  std::unique_ptr<const transcode::PlanSet> known_types;
  std::unique_ptr<observe::AccessLog> access_log;
};

class Worker final : private Timer {
 public:
  static absl::StatusOr<std::unique_ptr<Worker>> Create(const Shared& shared);
  ~Worker() override;

  Loop& loop() { return loop_; }
  http::SessionSet& sessions() { return sessions_; }
  upstream::EndpointPool& channel() { return *channel_; }

  // Any thread.
  const observe::LoopMetrics& metrics() const { return context_.metrics; }
  bool upstream_ready() const { return context_.metrics.upstream_ready.value() != 0; }

  // Calls `listener` each time that this loop has got a connection to the upstream. Before the channel is started.
  void OnUpstreamReady(std::function<void()> listener) { on_upstream_ready_ = std::move(listener); }

  // New requests get `schema`; those in progress keep theirs. Any thread.
  void Publish(std::shared_ptr<const Schema> schema);

  // Why there is no schema yet, for the requests that would need one. Any thread.
  void PublishNoSchema(std::string reason);

  // Ends the requests in progress, spread over `window`; sessions close as they become idle. Calling it again with a
  // shorter window hurries. Any thread.
  void Drain(absl::Duration window);

 private:
  Worker(const Shared& shared, std::unique_ptr<Loop> loop, std::unique_ptr<upstream::EndpointPool> channel);
  void OnTimer() override;

  const std::unique_ptr<Loop> owned_loop_;
  Loop& loop_;
  std::unique_ptr<upstream::EndpointPool> channel_;
  ExchangeContext context_;
  http::SessionSet sessions_;
  std::function<void()> on_upstream_ready_;
  TimerWheel::Clock::time_point drain_end_;
};

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_WORKER_H_
