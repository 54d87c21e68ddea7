// What all exchanges of one loop share, and the list of those in progress. One a loop; that loop's thread only, but for
// the metrics, which any thread may read.
#ifndef PENSTOCK_GATEWAY_EXCHANGE_EXCHANGE_CONTEXT_H_
#define PENSTOCK_GATEWAY_EXCHANGE_EXCHANGE_CONTEXT_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gateway/codec/message_plan.h"
#include "gateway/exchange/cors.h"
#include "gateway/http/static_files.h"
#include "gateway/net/loop.h"
#include "gateway/observe/access_log.h"
#include "gateway/observe/live_report.h"
#include "gateway/observe/metrics.h"
#include "gateway/observe/route_metrics.h"
#include "gateway/protocol/dialect.h"
#include "gateway/protocol/request_metadata.h"
#include "gateway/schema/schema.h"
#include "gateway/server/memory_guard.h"
#include "gateway/upstream/call.h"

namespace penstock {

// The same for every loop; immutable.
struct ExchangeOptions {
  size_t max_request_bytes;
  size_t max_record_bytes;
  size_t max_unsent_bytes;             // of a request's stream that the upstream does not take: then the client waits
  absl::Duration head_wait;            // hold the head this long for the first message or status
  absl::Duration heartbeat;            // silence before one; InfiniteDuration: never
  absl::Duration unary_timeout;        // where the client gave none; InfiniteDuration: none
  absl::Duration max_stream_duration;  // InfiniteDuration: none
  MetadataOptions metadata;
  Cors cors = {};
};

class LiveStreams;

// A request in progress, in its loop's list.
class LiveStream {
 public:
  explicit LiveStream(LiveStreams& list);
  LiveStream(const LiveStream&) = delete;
  LiveStream& operator=(const LiveStream&) = delete;
  virtual ~LiveStream();

  // The gateway is shutting down and it is this one's turn to end. Called at most once.
  virtual void EndForDrain() = 0;

  virtual observe::LiveEntry Describe() const = 0;
  // Of the upstream's window: taken in, and not yet taken by the client.
  virtual size_t held_bytes() const = 0;

 private:
  friend class LiveStreams;
  void Unlink();

  LiveStreams& list_;
  LiveStream* next_ = nullptr;
  LiveStream* prev_ = nullptr;
};

// The requests in progress on one loop, oldest first.
class LiveStreams {
 public:
  size_t size() const { return size_; }

  // Takes up to `count` of the oldest off the list and ends them.
  void EndForDrain(size_t count);

  // The oldest of them, LiveReport::kMostEntries at most.
  observe::LiveReport Describe() const;

  // Of all of them together.
  size_t held_bytes() const;

 private:
  friend class LiveStream;
  LiveStream* first_ = nullptr;
  LiveStream* last_ = nullptr;
  size_t size_ = 0;
};

struct ExchangeContext {
  net::Loop& loop;
  const ExchangeOptions& options;
  const Dialect& dialect;
  std::vector<upstream::Channel*> channels;      // by Schema::Method::upstream
  std::vector<std::string> upstream_names = {};  // the same
  const http::StaticFiles& files;
  const codec::PlanSet& known_types;  // google.rpc's error details
  observe::AccessLog& access_log;
  observe::LoopMetrics metrics;
  observe::RouteMetrics routes = {};
  LiveStreams live;
  std::shared_ptr<const Schema> schema;  // null: that of no upstream is known yet
  std::string no_schema_reason;          // empty: that of every upstream is; else whose is not, and why
  std::shared_ptr<const std::string> method_list = nullptr;  // JSON; null: not served
  std::string scratch;                                       // a first record, before its head is sent
  const MemoryGuard* memory = nullptr;                       // null: no bound
};

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_EXCHANGE_EXCHANGE_CONTEXT_H_
