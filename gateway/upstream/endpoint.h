// One configured address of an upstream: its name resolved, a Backend for each socket address behind it.
//
// A name is resolved again every 30 s (Asio tells no TTL) and when a connection failed. Of a name with IPv4 and IPv6
// addresses one family is used, the first that answers: both usually are the same machine. An address that left the
// name is drained, not cut.
//
// The loop's thread only; owned by shared_ptr, for the resolver's handler.
#ifndef PENSTOCK_GATEWAY_UPSTREAM_ENDPOINT_H_
#define PENSTOCK_GATEWAY_UPSTREAM_ENDPOINT_H_

#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gateway/net/address.h"
#include "gateway/net/loop.h"
#include "gateway/net/timer_wheel.h"
#include "gateway/upstream/backend.h"

namespace penstock::upstream {

class Endpoint final : public std::enable_shared_from_this<Endpoint>,
                       public BackendListener,
                       private net::Deferred,
                       private net::Timer {
 public:
  static constexpr absl::Duration kResolveEvery = absl::Seconds(30);
  // After a failure a name is not asked for more often than this.
  static constexpr absl::Duration kResolveAgainAfter = absl::Seconds(1);
  // More addresses behind one name than this are not used: each costs a connection a loop.
  static constexpr size_t kMaxBackends = 64;

  Endpoint(BackendContext& context, net::Address address, BackendListener* listener);
  ~Endpoint() override;

  void Start();
  // Ends everything without a word.
  void Stop();
  void Grow(size_t waiting);

  bool ready() const;
  bool trying() const;
  absl::Status last_error() const;
  // Calls `visit` with each backend that takes calls.
  template <typename Visit>
  void ForEachReady(Visit&& visit) const {
    for (const auto& backend : backends_) {
      if (backend->ready()) visit(*backend);
    }
  }

 private:
  void OnBackendChanged() override;
  void OnBackendJoined() override { listener_->OnBackendJoined(); }
  void OnBackendFailed(const absl::Status& why) override { listener_->OnBackendFailed(why); }
  void OnRoom() override { listener_->OnRoom(); }
  void RunDeferred() override;
  void OnTimer() override;

  bool UseLiteral();
  void Resolve();
  void OnResolved(const boost::system::error_code& error, const boost::asio::ip::tcp::resolver::results_type& results);
  void ChooseFamilies();
  void Sync();

  BackendContext& context_;
  const net::Address address_;
  BackendListener* const listener_;
  boost::asio::ip::tcp::resolver resolver_;
  std::vector<H2Connection::SocketAddress> addresses_;  // what the name stands for
  std::vector<int> families_;                           // of them, those in use
  std::vector<std::unique_ptr<Backend>> backends_;
  std::vector<std::unique_ptr<Backend>> retired_;
  net::TimerWheel::Clock::time_point resolved_at_ = {};
  absl::Status resolve_error_;
  bool is_name_ = false;
  bool resolving_ = false;
  bool resolved_once_ = false;  // answered, well or not
  bool stopped_ = false;
};

}  // namespace penstock::upstream

#endif  // PENSTOCK_GATEWAY_UPSTREAM_ENDPOINT_H_
