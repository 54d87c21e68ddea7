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
  for (Slot& slot : slots_) slot.connection->Close();
}

void Backend::Start() {
  if (!retired_ && !HasUsable() && !armed()) Open();
}

void Backend::Open() {
  auto connection = std::make_shared<H2Connection>(context_.loop, context_.h2, address_, this);
  slots_.push_back({connection});
  connection->Connect(endpoint_);
}

void Backend::Grow(size_t waiting) {
  if (retired_ || armed()) return;  // armed: an attempt has just failed
  size_t connecting = 0;
  size_t limit = 1;  // streams that a new connection will take, as far as the others tell
  for (const Slot& slot : slots_) {
    if (slot.connection->connecting()) ++connecting;
    if (slot.connection->ready()) limit = std::max(limit, slot.connection->peer_stream_limit());
  }
  while (connecting < (waiting + limit - 1) / limit && slots_.size() < kMaxConnections) {
    Open();
    ++connecting;
  }
}

void Backend::Retire() {
  retired_ = true;
  Disarm();
  return_.Disarm();
  for (const Slot& slot : slots_) {
    if (slot.connection->connecting()) {
      slot.connection->Close();
    } else {
      if (slot.health != nullptr) slot.health->Stop();
      slot.connection->Drain();
    }
  }
  slots_.erase(std::remove_if(slots_.begin(), slots_.end(),
                              [](const Slot& slot) { return slot.ready_since == Clock::time_point(); }),
               slots_.end());
}

bool Backend::ready() const {
  return !retired_ && std::any_of(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.usable(); });
}

// It has said, on some connection, why it does not serve.
bool Backend::unwell() const {
  return !ready() && std::any_of(slots_.begin(), slots_.end(), [](const Slot& slot) {
    return slot.connection->ready() && slot.health != nullptr && !slot.health->why_not().ok();
  });
}

bool Backend::HasUsable() const {
  return std::any_of(slots_.begin(), slots_.end(),
                     [](const Slot& slot) { return slot.connection->ready() || slot.connection->connecting(); });
}

void Backend::AppendReady(std::vector<H2Connection*>* connections) const {
  if (retired_) return;
  for (const Slot& slot : slots_) {
    if (slot.usable()) connections->push_back(slot.connection.get());
  }
}

void Backend::OnConnectionChanged(H2Connection& connection) {
  for (Slot& slot : slots_) {
    if (slot.connection.get() != &connection) continue;
    if (!connection.ready()) {
      if (slot.health != nullptr) slot.health->Stop();
      continue;
    }
    failures_ = 0;
    last_error_ = absl::OkStatus();
    if (slot.ready_since != Clock::time_point()) continue;
    slot.ready_since = Clock::now();
    if (!context_.health_check) continue;
    slot.health = std::make_unique<HealthWatch>(context_.loop, connection, net::PrintAddress(address_), this);
    slot.health->Start();
  }
  TellJoined();
  if (!HasUsable()) ScheduleReconnect();
  listener_->OnBackendChanged();
}

void Backend::OnHealthChanged() {
  last_error_ = absl::OkStatus();
  for (const Slot& slot : slots_) {
    if (slot.health == nullptr || slot.health->why_not().ok()) continue;
    last_error_ = slot.health->why_not();
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
  const auto slot = std::find_if(slots_.begin(), slots_.end(),
                                 [&](const Slot& candidate) { return candidate.connection.get() == &connection; });
  if (slot == slots_.end()) return;
  const bool stable = slot->ready_since != Clock::time_point() &&
                      Clock::now() - slot->ready_since >= absl::ToChronoNanoseconds(kStableAfter);
  slots_.erase(slot);  // the connection keeps itself for the rest of this call
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
