#include "service/tick_schedule.h"

#include <algorithm>
#include <bit>

namespace penstock::service {
namespace {

// The number of the last tick: a stream without an end still cannot count beyond its own type.
uint64_t LastSequence(const TickPlan& plan) {
  return plan.count == 0 ? std::numeric_limits<uint64_t>::max() : plan.count;
}

int64_t CeilDivide(int64_t value, int64_t by) { return (value + by - 1) / by; }

}  // namespace

bool NothingLeft(const TickPlan& plan) { return plan.after_sequence >= LastSequence(plan); }

template <size_t N>
size_t TickSchedule::Wheel<N>::FirstUsed(size_t from) const {
  for (size_t word = from / 64; word < used.size(); ++word) {
    uint64_t bits = used[word];
    if (word == from / 64) bits &= ~uint64_t{0} << (from % 64);
    if (bits != 0) return word * 64 + static_cast<size_t>(std::countr_zero(bits));
  }
  return N;
}

TickSchedule::TickSchedule(int64_t now_ns) : origin_ns_(now_ns), now_ns_(now_ns) {}

void TickSchedule::Add(TickStream* stream, const TickPlan& plan, int64_t now_ns) {
  // However long nothing ran here, there is nothing to catch up with.
  if (size_ == 0) cursor_ = std::max(cursor_, (now_ns - origin_ns_) / kSlotNs);
  stream->due_ns_ = now_ns;
  stream->interval_ns_ = plan.interval_ns;
  stream->sequence_ = plan.after_sequence + 1;
  stream->last_ = LastSequence(plan);
  stream->unsent_ = false;
  stream->exhausted_ = false;
  stream->next_ = fresh_;
  stream->link_ = &fresh_;
  if (fresh_ != nullptr) fresh_->link_ = &stream->next_;
  fresh_ = stream;
  ++size_;
}

void TickSchedule::Remove(TickStream* stream) {
  if (stream->link_ != nullptr) {
    Unlink(stream);
    --size_;
  }
  stream->exhausted_ = true;
}

bool TickSchedule::Sent(TickStream* stream) {
  stream->unsent_ = false;
  return stream->exhausted_;
}

int64_t TickSchedule::NextWake() const {
  if (fresh_ != nullptr) return now_ns_;
  if (size_ == 0) return kNever;
  const int64_t block = cursor_ >> kNearBits;
  const size_t near = near_.FirstUsed(static_cast<size_t>(cursor_) & (kNearSlots - 1));
  if (near < kNearSlots) return origin_ns_ + ((block << kNearBits) + static_cast<int64_t>(near)) * kSlotNs;
  // The block that begins next among those in use: its streams move down then. At most one early wake-up a block.
  const size_t after = static_cast<size_t>(block + 1) & (kFarSlots - 1);
  size_t far = far_.FirstUsed(after);
  if (far == kFarSlots) far = far_.FirstUsed(0);
  const int64_t ahead = static_cast<int64_t>((far - after) & (kFarSlots - 1));
  return origin_ns_ + ((block + 1 + ahead) << kNearBits) * kSlotNs;
}

int64_t TickSchedule::SlotOf(int64_t due_ns, int64_t interval_ns) const {
  const int64_t slot = CeilDivide(due_ns - origin_ns_, kSlotNs);
  if (interval_ns < kEagerIntervalNs) return slot;
  constexpr int64_t kGrid = kSlackNs / kSlotNs;
  return CeilDivide(slot, kGrid) * kGrid;
}

template <size_t N>
void TickSchedule::Push(Wheel<N>* wheel, size_t slot, TickStream* stream) {
  TickStream*& head = wheel->slots[slot];
  stream->next_ = head;
  stream->link_ = &head;
  if (head != nullptr) head->link_ = &stream->next_;
  head = stream;
  wheel->used[slot / 64] |= uint64_t{1} << (slot % 64);
}

void TickSchedule::Place(TickStream* stream) {
  const int64_t slot = stream->slot_;
  if (slot >> kNearBits == cursor_ >> kNearBits) {
    Push(&near_, static_cast<size_t>(slot) & (kNearSlots - 1), stream);
  } else {
    Push(&far_, static_cast<size_t>(slot >> kNearBits) & (kFarSlots - 1), stream);
  }
}

void TickSchedule::Unlink(TickStream* stream) {
  *stream->link_ = stream->next_;
  if (stream->next_ != nullptr) stream->next_->link_ = stream->link_;
  stream->next_ = nullptr;
  stream->link_ = nullptr;
  // The bit of a slot that this empties stays until the slot's time: it costs one look, not a search for the slot.
}

void TickSchedule::EnterBlock(int64_t block) {
  cursor_ = block << kNearBits;
  const size_t slot = static_cast<size_t>(block) & (kFarSlots - 1);
  far_.used[slot / 64] &= ~(uint64_t{1} << (slot % 64));
  // Taken off first: after a stall longer than the wheel has room for, some belong to a later turn and come back here.
  TickStream* rest = far_.slots[slot];
  far_.slots[slot] = nullptr;
  while (rest != nullptr) {
    TickStream* stream = rest;
    rest = stream->next_;
    Place(stream);
  }
}

TickStream* TickSchedule::PopDue() {
  const int64_t now_slot = (now_ns_ - origin_ns_) / kSlotNs;
  while (cursor_ <= now_slot) {
    const int64_t block = cursor_ >> kNearBits;
    const size_t near = near_.FirstUsed(static_cast<size_t>(cursor_) & (kNearSlots - 1));
    const int64_t slot = (block << kNearBits) + static_cast<int64_t>(near);
    if (slot > now_slot) break;
    if (near == kNearSlots) {
      EnterBlock(block + 1);
      continue;
    }
    cursor_ = slot;
    if (TickStream* stream = near_.slots[near]) {
      Unlink(stream);
      return stream;
    }
    near_.used[near / 64] &= ~(uint64_t{1} << (near % 64));
  }
  // All that is placed from here on is due after now, so never before the cursor.
  cursor_ = std::max(cursor_, now_slot);
  TickStream* stream = fresh_;
  if (stream != nullptr) Unlink(stream);
  return stream;
}

bool TickSchedule::Advance(TickStream* stream, uint64_t* sequence) {
  const int64_t late_ns = std::max<int64_t>(now_ns_ - stream->due_ns_, 0);
  uint64_t due = 1;  // ticks that have fallen due, this one included
  if (late_ns >= stream->interval_ns_) due += static_cast<uint64_t>(late_ns / stream->interval_ns_);
  stream->due_ns_ += static_cast<int64_t>(due) * stream->interval_ns_;
  const uint64_t beyond = stream->last_ - stream->sequence_;  // ticks left after this one
  stream->exhausted_ = due > beyond;
  due = stream->exhausted_ ? beyond + 1 : due;

  const bool send = !stream->unsent_;
  *sequence = stream->sequence_;
  stream->unsent_ = true;
  skipped_ += due - (send ? 1 : 0);
  if (stream->exhausted_) {
    --size_;
    return send;
  }
  stream->sequence_ += due;
  stream->slot_ = SlotOf(stream->due_ns_, stream->interval_ns_);
  Place(stream);
  return send;
}

}  // namespace penstock::service
