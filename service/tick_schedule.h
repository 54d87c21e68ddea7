// Which streams are due, and which sequence number each one says: the clock work of the tick service, without a clock.
//
// Pure: time comes in as nanoseconds of any monotonic clock, and nothing here waits, locks or allocates after
// construction. One schedule belongs to one thread. It links the streams it is given and owns none of them.
//
//   TickSchedule schedule(now);
//   schedule.Add(&stream, {.interval_ns = 1'000'000'000, .count = 10}, now);   // its first tick is due at once
//   schedule.Fire(now, [&](TickStream* due, uint64_t sequence, bool last) { write(due, sequence, last); });
//   if (schedule.Sent(&stream)) end(&stream);                                  // when a write has completed
//   sleep_until(schedule.NextWake());
//
// Rules of a stream: it is due at its start and then every interval, counted from the start, so lateness never adds
// up. A tick that falls due while the one before it is unsent is skipped, its number with it. The stream ends when the
// tick numbered `count` has been sent or skipped.
//
// Structure: a timing wheel of two levels. Slots of 1 ms hold the current block of 1,024 ms; what lies further away
// waits in one slot a block and moves down when its block begins. Adding, removing and firing touch one slot each.
#ifndef PENSTOCK_SERVICE_TICK_SCHEDULE_H_
#define PENSTOCK_SERVICE_TICK_SCHEDULE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace penstock::service {

// When a stream ticks and how far it counts. Both ends of `interval_ns` are checked by the caller (see subscription.h);
// the schedule holds up to kMaxIntervalNs.
struct TickPlan {
  int64_t interval_ns = 1'000'000'000;
  uint64_t count = 0;           // the last sequence number; 0: no end
  uint64_t after_sequence = 0;  // the first tick has the number after this
};

// True where a plan has no tick at all: such a stream ends at once and must not be added.
bool NothingLeft(const TickPlan& plan);

// A stream's place in a schedule. Make it a base of, or a member in, what the stream is.
class TickStream {
 public:
  TickStream() = default;
  TickStream(const TickStream&) = delete;
  TickStream& operator=(const TickStream&) = delete;

  bool unsent() const { return unsent_; }

 private:
  friend class TickSchedule;

  TickStream* next_ = nullptr;
  TickStream** link_ = nullptr;  // what points here; null: in no slot
  int64_t due_ns_ = 0;
  int64_t slot_ = 0;  // of its next tick
  int64_t interval_ns_ = 0;
  uint64_t sequence_ = 0;  // of its next tick
  uint64_t last_ = 0;
  bool unsent_ = false;
  bool exhausted_ = false;  // its last number has been given out or skipped
};

class TickSchedule {
 public:
  // NextWake() of a schedule with nothing to wait for.
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
  // What the outer wheel can hold without a second turn.
  static constexpr int64_t kMaxIntervalNs = int64_t{3'600} * 1'000'000'000;

  explicit TickSchedule(int64_t now_ns);
  TickSchedule(const TickSchedule&) = delete;
  TickSchedule& operator=(const TickSchedule&) = delete;

  // Takes in a stream that is in no schedule; its first tick is due now. REQUIRES: !NothingLeft(plan),
  // 0 < interval_ns <= kMaxIntervalNs.
  void Add(TickStream* stream, const TickPlan& plan, int64_t now_ns);

  // Forgets a stream. Harmless for one that is in no slot (any more).
  void Remove(TickStream* stream);

  // Calls `send(stream, sequence, last)` for each stream that has a tick to send; it counts as unsent until Sent().
  // After `last` the stream has left the schedule. `send` may remove the stream it was given, and no other.
  template <typename Send>
  void Fire(int64_t now_ns, Send&& send) {
    now_ns_ = now_ns;
    while (TickStream* stream = PopDue()) {
      uint64_t sequence = 0;
      if (Advance(stream, &sequence)) send(stream, sequence, stream->exhausted_);
    }
  }

  // The stream's tick has left. True: it was the last, or the last was skipped meanwhile; the stream is to end.
  bool Sent(TickStream* stream);

  // When to call Fire() next, at the latest: never before a stream is due, at most kSlackNs after it.
  int64_t NextWake() const;

  // Ticks skipped so far, over all streams.
  uint64_t skipped() const { return skipped_; }
  // Streams that have a tick to come.
  size_t size() const { return size_; }

  // Ticks of streams slower than kEagerIntervalNs leave together on a grid of this width, which makes one wake-up of
  // many. With the clock's own granularity (milliseconds, in gRPC) the worst stays under 4 ms.
  static constexpr int64_t kSlackNs = 2'000'000;
  static constexpr int64_t kEagerIntervalNs = 20'000'000;

 private:
  static constexpr int64_t kSlotNs = 1'000'000;
  static constexpr int kNearBits = 10;
  static constexpr int kFarBits = 12;
  static constexpr size_t kNearSlots = size_t{1} << kNearBits;
  static constexpr size_t kFarSlots = size_t{1} << kFarBits;
  static_assert(int64_t{kFarSlots - 1} * kNearSlots * kSlotNs > kMaxIntervalNs + kSlackNs);

  // A row of lists with a bit for each that is not empty.
  template <size_t N>
  struct Wheel {
    std::array<TickStream*, N> slots{};
    std::array<uint64_t, N / 64> used{};
    // The first used slot in [from, N), or N.
    size_t FirstUsed(size_t from) const;
  };

  void Place(TickStream* stream);
  template <size_t N>
  void Push(Wheel<N>* wheel, size_t slot, TickStream* stream);
  void Unlink(TickStream* stream);
  // The next stream whose slot has come, unlinked; null: none up to now_ns_.
  TickStream* PopDue();
  void EnterBlock(int64_t block);
  // Gives out the stream's next number, skips what cannot be sent, places it again. True: `sequence` is to be sent.
  bool Advance(TickStream* stream, uint64_t* sequence);
  int64_t SlotOf(int64_t due_ns, int64_t interval_ns) const;

  const int64_t origin_ns_;
  int64_t now_ns_;
  int64_t cursor_ = 0;           // the first slot that may still hold a stream
  TickStream* fresh_ = nullptr;  // added and not fired yet
  Wheel<kNearSlots> near_;
  Wheel<kFarSlots> far_;
  uint64_t skipped_ = 0;
  size_t size_ = 0;
};

}  // namespace penstock::service

#endif  // PENSTOCK_SERVICE_TICK_SCHEDULE_H_
