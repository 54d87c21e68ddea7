#include "tests/bench/load.h"

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_format.h"

namespace penstock::bench {
namespace {

constexpr size_t kStreamsAConnection = 100;
constexpr Way kWays[] = {
    {"h1", Protocol::kHttp1, false, 1},
    {"h2", Protocol::kHttp2, false, kStreamsAConnection},
    {"h1+tls", Protocol::kHttp1, true, 1},
    {"h2+tls", Protocol::kHttp2, true, kStreamsAConnection},
};

// Beyond the ramp: the settling, and what a slow start takes.
constexpr absl::Duration kMargin = absl::Seconds(4);
// For each of many.
constexpr absl::Duration kOpening = absl::Milliseconds(1);

}  // namespace

const Way& WayOf(absl::string_view name) {
  for (const Way& way : kWays) {
    if (name == way.name) return way;
  }
  fprintf(stderr, "bench: '%s' is no way in: h1, h2, h1+tls, h2+tls are\n", std::string(name).c_str());
  exit(2);
}

absl::Duration Interval(const Load& load) { return absl::Seconds(1) / load.rate; }

uint64_t Count(const Load& load) {
  const absl::Duration opening = kRamp + kMargin + kOpening * static_cast<int64_t>(load.streams);
  return static_cast<uint64_t>((load.seconds + absl::ToDoubleSeconds(opening)) * load.rate);
}

std::string TickRequest(const Load& load, uint64_t count) {
  return absl::StrFormat(R"({"message":"%s","interval":"%.9fs","count":"%d"})", load.message,
                         absl::ToDoubleSeconds(Interval(load)), count);
}

PhaseOptions GatewayPhase(const Load& load, const Way& way, testing::Server& gateway, uint64_t count) {
  PhaseOptions phase;
  phase.receiver.address = gateway.address();
  phase.receiver.protocol = way.protocol;
  phase.receiver.tls = way.tls;
  phase.receiver.streams_a_connection = way.streams_a_connection;
  phase.receiver.target = "/v1/ticks:subscribe";
  phase.receiver.body = TickRequest(load, count);
  phase.receiver.count = count;
  phase.window = absl::Seconds(load.seconds);
  return phase;
}

PhaseOptions PacedPhase(const Load& load, const Way& way, testing::Server& gateway, testing::Server& service) {
  PhaseOptions phase = GatewayPhase(load, way, gateway, Count(load));
  phase.receiver.interval = Interval(load);
  phase.streams = load.streams;
  phase.ramp = kRamp;
  phase.processes = {&gateway.process(), &service.process()};
  phase.skipped = [&service] { return static_cast<uint64_t>(service.Metric("penstock_ticks_skipped_total")); };
  return phase;
}

}  // namespace penstock::bench
