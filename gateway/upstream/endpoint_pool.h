// The Channel to one upstream, for one loop: its addresses, the connections to them, and their return after a failure.
//
// Connects eagerly from Start() on. A call goes to the ready connection with the fewest open streams. While the first
// connect is under way calls wait, briefly and in bounded number; once every address has failed they end UNAVAILABLE
// at once, unprocessed, with the address and the reason, until a connection is back. Lost connections are reopened
// with full-jitter exponential backoff. When the peer's stream limit is reached another connection is opened. An
// address whose calls fail in a row is passed over for a while; a call that was refused before it was processed is sent
// again.
//
// The loop's thread only, or any thread while the loop does not run. Destroy it there as well; calls that are still
// open are silenced.
//
//   auto pool = EndpointPool::Create(loop, {.addresses = {net::Address::Tcp("localhost", 50051)}}).value();
//   pool->OnChange([](const PoolChange& change) { ... });
//   pool->Start();
//   std::unique_ptr<Call> call = pool->StartCall(request, handler);
#ifndef PENSTOCK_GATEWAY_UPSTREAM_ENDPOINT_POOL_H_
#define PENSTOCK_GATEWAY_UPSTREAM_ENDPOINT_POOL_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/net/address.h"
#include "gateway/net/loop.h"
#include "gateway/net/tls_client.h"
#include "gateway/upstream/call.h"

namespace penstock::upstream {

struct ChannelOptions {
  std::vector<net::Address> addresses;  // calls are spread over all of them
  // What one stream may send ahead of GiveBack. The default is HTTP/2's own.
  size_t stream_window_bytes = 65535;
  // A longer message ends its call with RESOURCE_EXHAUSTED.
  size_t max_message_bytes = 4 * 1024 * 1024;
  std::string user_agent = "penstock";
  // From the start of a connect to the peer's SETTINGS.
  absl::Duration connect_timeout = absl::Seconds(5);
  // Null: in the clear. Outlives the pool; the same for all of its loops.
  const net::TlsClient* tls = nullptr;
  // The bound that the random delay before a reconnect is drawn below: doubled with each failure, from min to max.
  absl::Duration backoff_min = absl::Milliseconds(100);
  absl::Duration backoff_max = absl::Seconds(5);
  // How long an address is passed over whose calls fail one after the other; longer each time (see Ejection).
  absl::Duration ejection_time = absl::Seconds(10);
  // Use only addresses whose grpc.health.v1 says that they serve; one without that service serves.
  bool health_check = false;
  // How long, and how many at a time, calls wait for a connection.
  absl::Duration max_wait = absl::Seconds(1);
  size_t max_waiting_calls = 1000;
};

// What a turn of the loop changed about an upstream.
struct PoolChange {
  bool ready;            // there is a connection now
  bool joined;           // an address has one that had none: another process may answer there, with another schema
  absl::Status failure;  // the last attempt that failed or connection that was lost; OK: neither
};

class EndpointPool final : public Channel {
 public:
  // INVALID_ARGUMENT: no address.
  static absl::StatusOr<std::unique_ptr<EndpointPool>> Create(net::Loop& loop, ChannelOptions options);
  ~EndpointPool() override;

  // Starts connecting.
  void Start();

  // `listener` hears, from the loop, of each turn in which ready() changed, an address joined or failed.
  void OnChange(std::function<void(const PoolChange& change)> listener);

  std::unique_ptr<Call> StartCall(CallRequest request, CallHandler* handler) override;
  bool ready() const override;

  // Why there is no connection: OK while ready() or still trying for the first time.
  absl::Status last_error() const;

  // Connections that are up, and streams open on them: for metrics.
  size_t connections() const;
  size_t open_streams() const;

 private:
  class Impl;
  explicit EndpointPool(std::shared_ptr<Impl> impl);

  std::shared_ptr<Impl> impl_;
};

}  // namespace penstock::upstream

#endif  // PENSTOCK_GATEWAY_UPSTREAM_ENDPOINT_POOL_H_
