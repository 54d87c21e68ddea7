#include "gateway/exchange/exchange_context.h"

#include <algorithm>

namespace penstock {

LiveStream::LiveStream(LiveStreams& list) : list_(list), prev_(list.last_) {
  (prev_ == nullptr ? list_.first_ : prev_->next_) = this;
  list_.last_ = this;
  ++list_.size_;
}

LiveStream::~LiveStream() { Unlink(); }

void LiveStream::Unlink() {
  const bool linked = prev_ != nullptr || list_.first_ == this;
  if (!linked) return;
  (prev_ == nullptr ? list_.first_ : prev_->next_) = next_;
  (next_ == nullptr ? list_.last_ : next_->prev_) = prev_;
  next_ = prev_ = nullptr;
  --list_.size_;
}

void LiveStreams::EndForDrain(size_t count) {
  for (; count > 0 && first_ != nullptr; --count) {
    LiveStream* oldest = first_;
    oldest->Unlink();
    oldest->EndForDrain();
  }
}

observe::LiveReport LiveStreams::Describe() const {
  observe::LiveReport report;
  report.total = size_;
  report.entries.reserve(std::min(size_, observe::LiveReport::kMostEntries));
  for (const LiveStream* at = first_; at != nullptr && report.entries.size() < observe::LiveReport::kMostEntries;
       at = at->next_) {
    report.entries.push_back(at->Describe());
  }
  return report;
}

size_t LiveStreams::held_bytes() const {
  size_t sum = 0;
  for (const LiveStream* at = first_; at != nullptr; at = at->next_) sum += at->held_bytes();
  return sum;
}

}  // namespace penstock
