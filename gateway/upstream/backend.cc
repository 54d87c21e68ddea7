#include "gateway/upstream/backend.h"

#include <algorithm>
#include <utility>

namespace penstock::upstream {
namespace {

using Clock = TimerWheel::Clock;

// Doublings after which any sensible bound has been reached; more would overflow.
constexpr size_t kMaxDoublings = 16;

}  // namespace

Backend::Backend(BackendContext& context, H2Connection::Endpoint endpoint, std::string name, std::string authority,
                 BackendListener* listener)
    : context_(context),
      endpoint_(std::move(endpoint)),
      name_(std::move(name)),
      authority_(std::move(authority)),
      listener_(listener) {}

Backend::~Backend() {
  for (Slot& slot : slots_) slot.connection->Close();
}

void Backend::Start() {
  if (!retired_ && !HasUsable() && !armed()) Open();
}

void Backend::Open() {
  auto connection = std::make_shared<H2Connection>(context_.loop, context_.h2, name_, authority_, this);
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
  for (const Slot& slot : slots_) {
    if (slot.connection->connecting()) {
      slot.connection->Close();
    } else {
      slot.connection->Drain();
    }
  }
  slots_.erase(std::remove_if(slots_.begin(), slots_.end(),
                              [](const Slot& slot) { return slot.ready_since == Clock::time_point(); }),
               slots_.end());
}

bool Backend::ready() const {
  return !retired_ &&
         std::any_of(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.connection->ready(); });
}

bool Backend::HasUsable() const {
  return std::any_of(slots_.begin(), slots_.end(),
                     [](const Slot& slot) { return slot.connection->ready() || slot.connection->connecting(); });
}

void Backend::AppendReady(std::vector<H2Connection*>* connections) const {
  if (retired_) return;
  for (const Slot& slot : slots_) {
    if (slot.connection->ready()) connections->push_back(slot.connection.get());
  }
}

void Backend::OnConnectionChanged(H2Connection& connection) {
  const bool alone = std::none_of(slots_.begin(), slots_.end(), [&](const Slot& slot) {
    return slot.connection.get() != &connection && slot.connection->ready();
  });
  for (Slot& slot : slots_) {
    if (slot.connection.get() != &connection || !connection.ready()) continue;
    failures_ = 0;
    last_error_ = absl::OkStatus();
    if (slot.ready_since != Clock::time_point()) continue;
    slot.ready_since = Clock::now();
    if (alone) listener_->OnBackendJoined();
  }
  if (!HasUsable()) ScheduleReconnect();
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
