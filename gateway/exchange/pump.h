// What happens to a streamed response, decided in one place: when the head goes, which ending it gets, and when the
// upstream's window is given back. Backpressure is nothing but that last decision: while a client does not take its
// records the window stays shut and the upstream stops.
//
// Pure: events in, actions out. The exchange carries the actions out in the order of the fields of PumpActions.
//
//              head wait over, record, good end            end of any kind
//   kWaiting ────────────────────────────────▶ kStreaming ────────────────▶ kClosed
//      └──────────── failure (a plain HTTP error), client gone ───────────────▲
//
// Held at most: the stream's window, one message in the making and one record (DESIGN.md, "Memory of a stream").
#ifndef PENSTOCK_GATEWAY_EXCHANGE_PUMP_H_
#define PENSTOCK_GATEWAY_EXCHANGE_PUMP_H_

#include <cstddef>

namespace penstock {

// What an ended stream of this kind of body looks like.
enum class EndingStyle {
  kRecord,  // exactly one last record says how it ended
  kBare,    // raw bytes: a good end is just the end, a failure aborts the transfer
};

struct PumpActions {
  bool reply_error = false;  // instead of a stream: an HTTP status and a JSON body
  bool send_head = false;
  bool send_heartbeat = false;
  bool send_ending = false;
  bool finish = false;
  bool abort = false;
  bool cancel_upstream = false;
  size_t give_back = 0;  // bytes of the upstream stream's window
};

class Pump {
 public:
  enum class State { kWaiting, kStreaming, kClosed };

  explicit Pump(EndingStyle style) : style_(style) {}

  // A message became a record of `record` bytes, appended to the body; the message still holds `window` bytes. They are
  // given back at once where the record is empty and nothing waits: nothing that drains would ask for them.
  PumpActions OnRecord(size_t window, size_t record);

  // `window` bytes of a message that is not complete. They are given back at once while nothing before them waits
  // for the client: a message larger than the window could never complete otherwise.
  PumpActions OnPartial(size_t window);

  // The transport took `bytes` of the body and has `unsent` left.
  PumpActions OnDrained(size_t bytes, size_t unsent);

  // The head has waited long enough for a first message or status.
  PumpActions OnHeadWait();

  // Nothing was sent for the heartbeat's time.
  PumpActions OnSilence();

  // The upstream ended the call.
  PumpActions OnUpstreamEnd(bool ok);

  // The stream must end here though the upstream goes on: a message that has no JSON, a drain, a time limit.
  PumpActions OnLocalEnd();

  // Nobody is left to tell.
  PumpActions OnClientGone();

  State state() const { return state_; }
  // Window that waits for the client.
  size_t held() const { return front_.window + back_.window; }

 private:
  // Records that wait for the client, as two generations: the window of the first is given back once all its bytes
  // are gone, while the second fills. Exact enough that a reading client never stalls, in constant space.
  struct Generation {
    size_t window = 0;
    size_t unsent = 0;
    bool empty() const { return window == 0 && unsent == 0; }
  };

  void MoveTo(State next);
  PumpActions End(bool ok, bool cancel_upstream);

  const EndingStyle style_;
  State state_ = State::kWaiting;
  Generation front_;
  Generation back_;
};

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_EXCHANGE_PUMP_H_
