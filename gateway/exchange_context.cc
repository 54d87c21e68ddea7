#include "gateway/exchange_context.h"

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

}  // namespace penstock
