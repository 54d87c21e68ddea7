#include "gateway/upstream/endpoint_pool.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/upstream/backend.h"
#include "gateway/upstream/endpoint.h"
#include "gateway/upstream/h2_connection.h"
#include "gateway/upstream/h2_stream.h"

namespace penstock::upstream {

// Shared with the turn in hand, so that a handler may destroy the pool from a callback.
class EndpointPool::Impl final : public std::enable_shared_from_this<Impl>,
                                 public BackendListener,
                                 public WaitingRoom,
                                 private net::Deferred {
 public:
  Impl(net::Loop& loop, const ChannelOptions& options)
      : context_{loop,
                 {options.stream_window_bytes, options.max_message_bytes, options.user_agent, options.connect_timeout,
                  options.tls},
                 options.backoff_min,
                 options.backoff_max,
                 options.ejection_time,
                 options.health_check},
        name_(net::PrintAddresses(options.addresses, ", ")),
        max_wait_(options.max_wait),
        max_waiting_(options.max_waiting_calls) {
    for (const net::Address& address : options.addresses) {
      endpoints_.push_back(std::make_shared<Endpoint>(context_, address, this));
    }
  }

  void Start() {
    started_ = true;
    for (const auto& endpoint : endpoints_) endpoint->Start();
    context_.loop.Defer(this);
  }

  void Stop() {
    stopped_ = true;
    for (const auto& endpoint : endpoints_) endpoint->Stop();
    ready_.clear();
    while (!waiting_.empty()) waiting_.front().Orphan();
    while (!failing_.empty()) failing_.front().Orphan();
  }

  void OnChange(std::function<void(const PoolChange&)> listener) { on_change_ = std::move(listener); }

  std::unique_ptr<Call> StartCall(CallRequest request, CallHandler* handler) {
    auto stream = std::make_unique<H2Stream>(context_.loop, this, std::move(request), handler);
    Enter(*stream);
    if (!Place(*stream)) Queue(*stream);
    return stream;
  }

  bool ready() const { return !ready_.empty(); }
  size_t connections() const { return ready_.size(); }

  size_t open_streams() const {
    size_t sum = 0;
    for (const H2Connection* connection : ready_) sum += connection->open_streams();
    return sum;
  }

  absl::Status last_error() const {
    if (ready()) return absl::OkStatus();
    for (const auto& endpoint : endpoints_) {
      const absl::Status error = endpoint->last_error();
      if (!error.ok()) return error;
    }
    return absl::OkStatus();
  }

 private:
  void OnBackendChanged() override {
    if (stopped_) return;
    FindReady();
    context_.loop.Defer(this);
  }

  // The connections that calls may go to. Where more than half of the addresses fail it is hardly their fault, or
  // there is nobody left to take their calls: then all are used.
  void FindReady() {
    size_t addresses = 0, ejected = 0;
    for (const auto& endpoint : endpoints_) {
      endpoint->ForEachReady([&](const Backend& backend) {
        ++addresses;
        if (backend.ejected()) ++ejected;
      });
    }
    const bool all = 2 * ejected > addresses;
    ready_.clear();
    for (const auto& endpoint : endpoints_) {
      endpoint->ForEachReady([&](const Backend& backend) {
        if (all || !backend.ejected()) backend.AppendReady(&ready_);
      });
    }
  }

  void OnBackendJoined() override { joined_ = true; }

  void OnBackendFailed(const absl::Status& why) override { failure_ = why; }

  void OnRoom() override {
    if (!waiting_.empty()) context_.loop.Defer(this);
  }

  void OnLeft() override { --in_room_; }

  // At the end of the turn, when it is known what has become of its connection.
  void OnReturned(H2Stream& stream) override {
    Enter(stream);
    Queue(stream);
  }

  void Enter(H2Stream& stream) {
    ++in_room_;
    stream.Wait(absl::ToChronoNanoseconds(max_wait_));
  }

  void Queue(H2Stream& stream) {
    const bool wait = (!ready_.empty() || Trying()) && in_room_ <= max_waiting_;
    (wait ? waiting_ : failing_).push_back(stream);
    context_.loop.Defer(this);
  }

  absl::Status WaitedTooLong() const override {
    return absl::UnavailableError(absl::StrCat(
        ready() ? "all streams that the upstream allows are taken on the connections to " : "still no connection to ",
        name_, " after ", absl::FormatDuration(max_wait_)));
  }

  bool Trying() const {
    return !started_ ||
           std::any_of(endpoints_.begin(), endpoints_.end(), [](const auto& endpoint) { return endpoint->trying(); });
  }

  // The ready connection with the fewest open streams, `avoided` only if there is no other; the search starts at
  // another one each time, so that equals take turns.
  H2Connection* Pick(const H2Connection* avoided) {
    H2Connection* best = nullptr;
    ++turn_;
    for (size_t i = 0; i < ready_.size(); ++i) {
      H2Connection* connection = ready_[(turn_ + i) % ready_.size()];
      if (!connection->CanStart()) continue;
      const bool fewer = best == nullptr || connection->open_streams() < best->open_streams();
      if (connection == avoided ? best == nullptr : fewer || best == avoided) best = connection;
    }
    return best;
  }

  bool Place(H2Stream& stream) {
    while (H2Connection* connection = Pick(stream.refused_by())) {
      if (connection->Start(stream)) return true;
    }
    return false;
  }

  void RunDeferred() override {
    const auto self = shared_from_this();
    while (!waiting_.empty() && Place(waiting_.front())) {
    }
    if (!waiting_.empty() && ready()) {
      for (const auto& endpoint : endpoints_) {
        if (endpoint->ready()) endpoint->Grow(in_room_);
      }
    } else if (!Trying()) {
      failing_.splice(failing_.end(), waiting_);
    }
    while (!failing_.empty()) failing_.front().End(InferredEnd(WhyFailed(), /*unprocessed=*/true));
    if (stopped_) return;
    const PoolChange change{ready(), std::exchange(joined_, false), std::exchange(failure_, absl::OkStatus())};
    if (change.ready == told_ready_ && !change.joined && change.failure.ok()) return;
    told_ready_ = change.ready;
    if (on_change_) on_change_(change);
  }

  absl::Status WhyFailed() const {
    const absl::Status error = last_error();
    if (!error.ok()) return error;
    return absl::UnavailableError(
        absl::StrCat("too many calls wait for a connection to ", name_, " (", max_waiting_, ")"));
  }

  BackendContext context_;
  const std::string name_;
  const absl::Duration max_wait_;
  const size_t max_waiting_;
  std::vector<std::shared_ptr<Endpoint>> endpoints_;
  std::vector<H2Connection*> ready_;
  H2StreamList waiting_;  // for a connection
  H2StreamList failing_;  // for the end of the turn
  size_t in_room_ = 0;    // in both
  size_t turn_ = 0;
  bool started_ = false;
  bool stopped_ = false;
  bool told_ready_ = false;
  bool joined_ = false;   // in this turn
  absl::Status failure_;  // the same
  std::function<void(const PoolChange&)> on_change_;
};

EndpointPool::EndpointPool(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

EndpointPool::~EndpointPool() { impl_->Stop(); }

absl::StatusOr<std::unique_ptr<EndpointPool>> EndpointPool::Create(net::Loop& loop, ChannelOptions options) {
  if (options.addresses.empty()) return absl::InvalidArgumentError("an upstream needs at least one address");
  return std::unique_ptr<EndpointPool>(new EndpointPool(std::make_shared<Impl>(loop, options)));
}

void EndpointPool::Start() { impl_->Start(); }
void EndpointPool::OnChange(std::function<void(const PoolChange& change)> listener) {
  impl_->OnChange(std::move(listener));
}
std::unique_ptr<Call> EndpointPool::StartCall(CallRequest request, CallHandler* handler) {
  return impl_->StartCall(std::move(request), handler);
}
bool EndpointPool::ready() const { return impl_->ready(); }
absl::Status EndpointPool::last_error() const { return impl_->last_error(); }
size_t EndpointPool::connections() const { return impl_->connections(); }
size_t EndpointPool::open_streams() const { return impl_->open_streams(); }

}  // namespace penstock::upstream
