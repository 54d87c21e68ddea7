#include "gateway/server/worker.h"

#include <chrono>
#include <utility>

#include "gateway/exchange/dialect_of.h"
#include "gateway/exchange/exchange.h"
#include "gateway/net/address.h"
#include "gateway/server/drain_pace.h"

namespace penstock {
namespace {

// Between two helpings of endings: fine enough that 10,000 streams end eight at a time.
constexpr std::chrono::milliseconds kDrainTick(20);

}  // namespace

absl::StatusOr<std::unique_ptr<Worker>> Worker::Create(const Shared& shared) {
  auto loop = std::make_unique<net::Loop>();
  Channels channels;
  for (const upstream::ChannelOptions& options : shared.channels) {
    auto channel = upstream::EndpointPool::Create(*loop, options);
    if (!channel.ok()) return channel.status();
    channels.push_back(*std::move(channel));
  }
  return std::unique_ptr<Worker>(new Worker(shared, std::move(loop), std::move(channels)));
}

Worker::Worker(const Shared& shared, std::unique_ptr<net::Loop> loop, Channels channels)
    : owned_loop_(std::move(loop)),
      loop_(*owned_loop_),
      channels_(std::move(channels)),
      context_{.loop = loop_,
               .options = shared.exchange,
               .dialect = DialectOf(shared.dialect),
               .channels = {},
               .files = shared.files,
               .known_types = *shared.known_types,
               .access_log = *shared.access_log,
               .metrics = {},
               .live = {},
               .schema = nullptr,
               .no_schema_reason = "no upstream has been asked yet",
               .scratch = {}},
      sessions_(loop_, shared.session, [this](http::RequestHead head, http::ResponseStream& response) {
        return std::make_unique<Exchange>(context_, std::move(head), response);
      }) {
  for (size_t i = 0; i < channels_.size(); ++i) {
    context_.channels.push_back(channels_[i].get());
    context_.upstream_names.push_back(net::PrintAddresses(shared.channels[i].addresses, ","));
    upstreams_ready_.emplace_back();
    channels_[i]->OnChange([this, i](const upstream::PoolChange& change) {
      observe::Counter& ready = upstreams_ready_[i];
      ready.Add((change.ready ? 1 : 0) - ready.value());
      if (on_upstream_change_) on_upstream_change_(i, change);
    });
  }
}

Worker::~Worker() = default;

void Worker::Start() {
  for (const auto& channel : channels_) channel->Start();
}

void Worker::Publish(std::shared_ptr<const Schema> schema, std::string missing,
                     std::shared_ptr<const std::string> method_list) {
  loop_.Post(
      [this, schema = std::move(schema), missing = std::move(missing), method_list = std::move(method_list)]() mutable {
        context_.schema = std::move(schema);
        context_.no_schema_reason = std::move(missing);
        context_.method_list = std::move(method_list);
      });
}

void Worker::Describe(std::function<void(observe::LiveReport report)> done) {
  loop_.Post([this, done = std::move(done)] { done(context_.live.Describe()); });
}

void Worker::Count(std::function<void(observe::LoopReport report)> done) {
  loop_.Post([this, done = std::move(done)] { done({context_.routes, context_.live.held_bytes()}); });
}

void Worker::Drain(absl::Duration window) {
  loop_.Post([this, window] {
    sessions_.BeginDrain();
    drain_end_ = net::TimerWheel::Clock::now() + absl::ToChronoNanoseconds(window);
    OnTimer();
  });
}

void Worker::OnTimer() {
  const absl::Duration left = absl::FromChrono(drain_end_ - net::TimerWheel::Clock::now());
  context_.live.EndForDrain(StreamsToEnd(context_.live.size(), left, absl::FromChrono(kDrainTick)));
  loop_.Arm(this, kDrainTick);
}

}  // namespace penstock
