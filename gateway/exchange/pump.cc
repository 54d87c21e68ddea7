#include "gateway/exchange/pump.h"

#include <algorithm>
#include <utility>

#include "gateway/base/check.h"

namespace penstock {

void Pump::MoveTo(State next) {
  PENSTOCK_CHECK(state_ != State::kClosed && next != State::kWaiting && next != state_);
  state_ = next;
}

PumpActions Pump::OnRecord(size_t window, size_t record) {
  PumpActions actions;
  if (state_ == State::kClosed) return actions;
  if (state_ == State::kWaiting) {
    MoveTo(State::kStreaming);
    actions.send_head = true;
  }
  // A record of no bytes, such as an HttpBody without data, with nothing before it: nothing will drain and say so.
  if (record == 0 && front_.empty()) {
    actions.give_back = window;
    return actions;
  }
  Generation& generation = front_.empty() ? front_ : back_;
  generation.window += window;
  generation.unsent += record;
  return actions;
}

PumpActions Pump::OnPartial(size_t window) {
  PumpActions actions;
  if (state_ == State::kClosed) return actions;
  if (front_.empty()) {
    actions.give_back = window;
  } else {
    (back_.empty() ? front_ : back_).window += window;
  }
  return actions;
}

PumpActions Pump::OnDrained(size_t bytes, size_t unsent) {
  PumpActions actions;
  if (state_ == State::kClosed) return actions;
  if (unsent == 0) {
    actions.give_back = held();
    front_ = back_ = Generation{};
    return actions;
  }
  while (!front_.empty() && bytes >= front_.unsent) {
    bytes -= front_.unsent;
    actions.give_back += front_.window;
    front_ = std::exchange(back_, Generation{});
  }
  front_.unsent -= std::min(bytes, front_.unsent);
  return actions;
}

PumpActions Pump::OnHeadWait() {
  PumpActions actions;
  if (state_ != State::kWaiting) return actions;
  MoveTo(State::kStreaming);
  actions.send_head = true;
  return actions;
}

PumpActions Pump::OnSilence() {
  PumpActions actions;
  actions.send_heartbeat = state_ == State::kStreaming && style_ == EndingStyle::kRecord && front_.empty();
  return actions;
}

PumpActions Pump::OnUpstreamEnd(bool ok) { return End(ok, /*cancel_upstream=*/false); }

PumpActions Pump::OnLocalEnd() { return End(/*ok=*/false, /*cancel_upstream=*/true); }

PumpActions Pump::End(bool ok, bool cancel_upstream) {
  PumpActions actions;
  if (state_ == State::kClosed) return actions;
  const bool waiting = state_ == State::kWaiting;
  MoveTo(State::kClosed);
  actions.cancel_upstream = cancel_upstream;
  if (waiting && !ok) {
    actions.reply_error = true;
    return actions;
  }
  actions.send_head = waiting;
  actions.send_ending = style_ == EndingStyle::kRecord;
  actions.abort = style_ == EndingStyle::kBare && !ok;
  actions.finish = !actions.abort;
  return actions;
}

PumpActions Pump::OnClientGone() {
  PumpActions actions;
  if (state_ == State::kClosed) return actions;
  MoveTo(State::kClosed);
  actions.cancel_upstream = true;
  return actions;
}

}  // namespace penstock
