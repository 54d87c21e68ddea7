#include "gateway/worker.h"

#include <chrono>
#include <utility>

#include "gateway/drain_pace.h"
#include "gateway/exchange.h"

namespace penstock {
namespace {

// Between two helpings of endings: fine enough that 10,000 streams end eight at a time.
constexpr std::chrono::milliseconds kDrainTick(20);

}  // namespace

absl::StatusOr<std::unique_ptr<Worker>> Worker::Create(const Shared& shared) {
  auto loop = std::make_unique<Loop>();
  auto channel = upstream::EndpointPool::Create(*loop, shared.channel);
  if (!channel.ok()) return channel.status();
  return std::unique_ptr<Worker>(new Worker(shared, std::move(loop), *std::move(channel)));
}

Worker::Worker(const Shared& shared, std::unique_ptr<Loop> loop, std::unique_ptr<upstream::EndpointPool> channel)
    : owned_loop_(std::move(loop)),
      loop_(*owned_loop_),
      channel_(std::move(channel)),
      context_{.loop = loop_,
               .options = shared.exchange,
               .channel = *channel_,
               .files = shared.files,
               .known_types = *shared.known_types,
               .access_log = *shared.access_log,
               .metrics = {},
               .live = {},
               .schema = nullptr,
               .no_schema_reason = "the upstream has not been asked yet",
               .scratch = {}},
      sessions_(loop_, shared.session, [this](http::RequestHead head, http::ResponseStream& response) {
        return std::make_unique<Exchange>(context_, std::move(head), response);
      }) {
  channel_->OnReadyChange([this](bool ready) {
    context_.metrics.upstream_ready.Add(ready ? 1 : -1);
    if (ready && on_upstream_ready_) on_upstream_ready_();
  });
}

Worker::~Worker() = default;

void Worker::Publish(std::shared_ptr<const Schema> schema) {
  loop_.Post([this, schema = std::move(schema)]() mutable { context_.schema = std::move(schema); });
}

void Worker::PublishNoSchema(std::string reason) {
  loop_.Post([this, reason = std::move(reason)]() mutable { context_.no_schema_reason = std::move(reason); });
}

void Worker::Drain(absl::Duration window) {
  loop_.Post([this, window] {
    sessions_.BeginDrain();
    drain_end_ = TimerWheel::Clock::now() + absl::ToChronoNanoseconds(window);
    OnTimer();
  });
}

void Worker::OnTimer() {
  const absl::Duration left = absl::FromChrono(drain_end_ - TimerWheel::Clock::now());
  context_.live.EndForDrain(StreamsToEnd(context_.live.size(), left, absl::FromChrono(kDrainTick)));
  loop_.Arm(this, kDrainTick);
}

}  // namespace penstock
