// The requests in progress on one loop: what shutting down ends one by one, and what the admin port lists.
//
// The loop's thread only.
#ifndef PENSTOCK_GATEWAY_EXCHANGE_LIVE_STREAMS_H_
#define PENSTOCK_GATEWAY_EXCHANGE_LIVE_STREAMS_H_

#include <boost/intrusive/list.hpp>
#include <cstddef>

#include "gateway/observe/live_report.h"

namespace penstock {

class LiveStreams;

// A request in progress: in its loop's list from construction on, until it ends for a drain or is destroyed.
class LiveStream : public boost::intrusive::list_base_hook<> {
 public:
  // `list` outlives it.
  explicit LiveStream(LiveStreams& list);
  LiveStream(const LiveStream&) = delete;
  LiveStream& operator=(const LiveStream&) = delete;
  virtual ~LiveStream();

  // The gateway is shutting down and it is this one's turn to end. Called at most once.
  virtual void EndForDrain() = 0;

  virtual observe::LiveEntry Describe() const = 0;
  // Of the upstream's window: taken in, and not yet taken by the client.
  virtual size_t held_bytes() const = 0;

 private:
  LiveStreams& list_;
};

// Oldest first.
class LiveStreams {
 public:
  size_t size() const { return streams_.size(); }

  // Takes up to `count` of the oldest off the list and ends them.
  void EndForDrain(size_t count);

  // The oldest of them, LiveReport::kMostEntries at most.
  observe::LiveReport Describe() const;

  // Of all of them together.
  size_t held_bytes() const;

 private:
  friend class LiveStream;
  boost::intrusive::list<LiveStream> streams_;
};

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_EXCHANGE_LIVE_STREAMS_H_
