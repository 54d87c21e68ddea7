// What all exchanges of one loop share. One per loop, on that loop's thread.
#ifndef PENSTOCK_GATEWAY_EXCHANGE_EXCHANGE_CONTEXT_H_
#define PENSTOCK_GATEWAY_EXCHANGE_EXCHANGE_CONTEXT_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gateway/codec/message_plan.h"
#include "gateway/exchange/cors.h"
#include "gateway/exchange/gate.h"
#include "gateway/exchange/live_streams.h"
#include "gateway/exchange/local_resource.h"
#include "gateway/net/loop.h"
#include "gateway/observe/request_observer.h"
#include "gateway/protocol/protocol_set.h"
#include "gateway/schema/schema.h"
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
  Cors cors = {};
};

struct ExchangeContext {
  net::Loop& loop;
  const ExchangeOptions& options;
  const ProtocolSet& protocols;
  const Gates& gates;
  std::vector<const LocalResource*> resources;  // in order of precedence
  std::vector<upstream::Channel*> channels;     // by Schema::Method::upstream
  std::vector<std::string> upstream_names;      // the same
  const codec::PlanSet& known_types;            // google.rpc's error details
  observe::RequestObserver& observer;
  LiveStreams live = {};
  std::shared_ptr<const Schema> schema = nullptr;  // null: that of no upstream is known yet
  std::string no_schema_reason = {};               // empty: that of every upstream is; else whose is not, and why
  std::string scratch = {};                        // a first record, before its head is sent
};

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_EXCHANGE_EXCHANGE_CONTEXT_H_
