#include "gateway/upstream/backend.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace penstock::upstream {
namespace {

using Clock = net::TimerWheel::Clock;

// Doublings after which any sensible bound has been reached; more would overflow.
constexpr size_t kMaxDoublings = 16;

}  // namespace

Backend::Backend(BackendContext& context, H2Connection::SocketAddress endpoint, net::Address address,
                 BackendListener* listener)
    : context_(context), endpoint_(std::move(endpoint)), address_(std::move(address)), listener_(listener) {}

Backend::~Backend() {
  for (HeldConnection& held : connections_) held.connection->Close();
}

void Backend::Start() {
  if (!retired_ && !HasUsable() && !armed()) Open();
}

void Backend::Open() {
  auto connection = std::make_shared<H2Connection>(context_.loop, context_.h2, address_, this);
  connections_.push_back({connection});
  connection->Connect(endpoint_);
}

void Backend::Grow(size_t waiting) {
  if (retired_ || armed()) return;  // armed: an attempt has just failed
  size_t connecting = 0;
  size_t limit = 1;  // streams that a new connection will take, as far as the others tell
  for (const HeldConnection& held : connections_) {
    if (held.connection->connecting()) ++connecting;
    if (held.connection->ready()) limit = std::max(limit, held.connection->peer_stream_limit());
  }
  while (connecting < (waiting + limit - 1) / limit && connections_.size() < kMaxConnections) {
    Open();
    ++connecting;
  }
}

void Backend::Retire() {
  retired_ = true;
  Disarm();
  return_.Disarm();
  for (const HeldConnection& held : connections_) {
    if (held.connection->connecting()) {
      held.connection->Close();
    } else {
      if (held.health != nullptr) held.health->Stop();
      held.connection->Drain();
    }
  }
  connections_.erase(std::remove_if(connections_.begin(), connections_.end(),
                                    [](const HeldConnection& held) { return held.ready_since == Clock::time_point(); }),
                     connections_.end());
}

bool Backend::ready() const {
  return !retired_ && std::any_of(connections_.begin(), connections_.end(),
                                  [](const HeldConnection& held) { return held.usable(); });
}

// It has said, on some connection, why it does not serve.
bool Backend::unwell() const {
  return !ready() && std::any_of(connections_.begin(), connections_.end(), [](const HeldConnection& held) {
    return held.connection->ready() && held.health != nullptr && !held.health->why_not().ok();
  });
}

bool Backend::HasUsable() const {
  return std::any_of(connections_.begin(), connections_.end(), [](const HeldConnection& held) {
    return held.connection->ready() || held.connection->connecting();
  });
}

void Backend::AppendReady(std::vector<H2Connection*>* connections) const {
  if (retired_) return;
  for (const HeldConnection& held : connections_) {
    if (held.usable()) connections->push_back(held.connection.get());
  }
}

void Backend::OnConnectionChanged(H2Connection& connection) {
  for (HeldConnection& held : connections_) {
    if (held.connection.get() != &connection) continue;
    if (!connection.ready()) {
      if (held.health != nullptr) held.health->Stop();
      continue;
    }
    failures_ = 0;
    last_error_ = absl::OkStatus();
    if (held.ready_since != Clock::time_point()) continue;
    held.ready_since = Clock::now();
    if (!context_.health_check) continue;
    held.health = std::make_unique<HealthWatch>(context_.loop, connection, net::PrintAddress(address_), this);
    held.health->Start();
  }
  TellJoined();
  if (!HasUsable()) ScheduleReconnect();
  listener_->OnBackendChanged();
}

void Backend::OnHealthChanged() {
  last_error_ = absl::OkStatus();
  for (const HeldConnection& held : connections_) {
    if (held.health == nullptr || held.health->why_not().ok()) continue;
    last_error_ = held.health->why_not();
  }
  if (ready()) last_error_ = absl::OkStatus();
  if (!last_error_.ok()) listener_->OnBackendFailed(last_error_);
  TellJoined();
  listener_->OnBackendChanged();
}

void Backend::TellJoined() {
  if (std::exchange(told_joined_, ready()) || !told_joined_) return;
  ejection_.Clear();
  return_.Disarm();
  listener_->OnBackendJoined();
}

void Backend::OnCallJudged(bool well) {
  if (!ejection_.OnCall(well)) return;
  context_.loop.Arm(&return_, absl::ToChronoNanoseconds(ejection_.stay()));
  listener_->OnBackendFailed(
      absl::UnavailableError(absl::StrCat(net::PrintAddress(address_), " fails call after call: passed over for ",
                                          absl::FormatDuration(ejection_.stay()))));
  listener_->OnBackendChanged();
}

void Backend::OnReturn() {
  ejection_.Return();
  listener_->OnBackendChanged();
}

void Backend::OnConnectionClosed(H2Connection& connection, const absl::Status& why) {
  const auto held = std::find_if(connections_.begin(), connections_.end(), [&](const HeldConnection& candidate) {
    return candidate.connection.get() == &connection;
  });
  if (held == connections_.end()) return;
  const bool stable = held->ready_since != Clock::time_point() &&
                      Clock::now() - held->ready_since >= absl::ToChronoNanoseconds(kStableAfter);
  connections_.erase(held);  // the connection keeps itself for the rest of this call
  last_error_ = why;
  failures_ = stable ? 0 : failures_ + 1;
  told_joined_ = ready();
  if (!stable || !HasUsable()) ScheduleReconnect();
  listener_->OnBackendFailed(why);
  listener_->OnBackendChanged();
}

void Backend::ScheduleReconnect() {
  if (retired_ || armed()) return;
  const size_t doublings = std::min(failures_ > 0 ? failures_ - 1 : 0, kMaxDoublings);
  const absl::Duration bound = std::min(context_.backoff_max, context_.backoff_min * (int64_t{1} << doublings));
  context_.loop.Arm(this, absl::ToChronoNanoseconds(bound * absl::Uniform(context_.random, 0.0, 1.0)));
}

void Backend::OnTimer() {
  if (!HasUsable()) Open();
}

}  // namespace penstock::upstream
