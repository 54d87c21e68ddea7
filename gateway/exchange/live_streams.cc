#include "gateway/exchange/live_streams.h"

#include <algorithm>

namespace penstock {

LiveStream::LiveStream(LiveStreams& list) : list_(list) { list_.streams_.push_back(*this); }

LiveStream::~LiveStream() {
  if (is_linked()) list_.streams_.erase(list_.streams_.iterator_to(*this));
}

void LiveStreams::EndForDrain(size_t count) {
  for (; count > 0 && !streams_.empty(); --count) {
    LiveStream& oldest = streams_.front();
    streams_.pop_front();
    oldest.EndForDrain();
  }
}

observe::LiveReport LiveStreams::Describe() const {
  observe::LiveReport report;
  report.total = size();
  report.entries.reserve(std::min(size(), observe::LiveReport::kMostEntries));
  for (const LiveStream& stream : streams_) {
    if (report.entries.size() == observe::LiveReport::kMostEntries) break;
    report.entries.push_back(stream.Describe());
  }
  return report;
}

size_t LiveStreams::held_bytes() const {
  size_t sum = 0;
  for (const LiveStream& stream : streams_) sum += stream.held_bytes();
  return sum;
}

}  // namespace penstock
