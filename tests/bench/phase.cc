#include "tests/bench/phase.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace penstock::bench {
namespace {

// For all streams to have had their first line.
constexpr absl::Duration kStartLimit = absl::Seconds(20);
// After the last stream has begun, for caches and buffers to find their size.
constexpr absl::Duration kSettle = absl::Milliseconds(500);
// Beyond what is due, for streams to end.
constexpr absl::Duration kEndLimit = absl::Seconds(30);

struct Sample {
  absl::Time time;
  uint64_t lines;
  std::vector<absl::Duration> cpu;
};

Sample Take(const PhaseOptions& options, const Receiver& receiver) {
  Sample sample{absl::Now(), receiver.lines(), {}};
  for (const testing::Process* process : options.processes) sample.cpu.push_back(process->CpuTime());
  return sample;
}

// The figures between two samples.
void Compare(const Sample& before, const Sample& after, PhaseResult* result) {
  result->lines = after.lines - before.lines;
  result->window = after.time - before.time;
  for (size_t i = 0; i < before.cpu.size(); ++i) {
    const double microseconds = absl::ToDoubleMicroseconds(after.cpu[i] - before.cpu[i]);
    result->cpu_us_a_line.push_back(microseconds / static_cast<double>(std::max<uint64_t>(result->lines, 1)));
  }
}

}  // namespace

PhaseResult RunPhase(const PhaseOptions& options) {
  PhaseResult result;
  std::vector<int64_t> memory_before;
  for (const testing::Process* process : options.processes) memory_before.push_back(process->ResidentBytes());
  const auto skipped = [&] { return options.skipped ? options.skipped() : 0; };
  const uint64_t skipped_before = skipped();
  Receiver receiver(options.receiver);
  const auto faulty = [&] { return !receiver.FirstFault().empty(); };
  const auto failed = [&](const std::string& otherwise) {
    result.fault = faulty() ? receiver.FirstFault() : otherwise;
    return result;
  };

  const absl::Time start = absl::Now();
  if (!receiver.Open(options.streams, options.ramp)) return failed("a stream could not be opened");
  receiver.RunFor(kStartLimit, [&] { return receiver.started() == options.streams || faulty(); });
  if (receiver.started() != options.streams) {
    return failed(absl::StrCat("only ", receiver.started(), " of ", options.streams, " streams began"));
  }
  const absl::Duration opening = absl::Now() - start;
  receiver.RunFor(kSettle);

  receiver.Sample(true);
  const Sample before = Take(options, receiver);
  receiver.RunFor(options.window);
  Compare(before, Take(options, receiver), &result);
  receiver.Sample(false);
  for (size_t i = 0; i < options.processes.size(); ++i) {
    const int64_t grown = options.processes[i]->ResidentBytes() - memory_before[i];
    result.memory_kb_a_stream.push_back(static_cast<double>(grown) / 1024 / static_cast<double>(options.streams));
  }
  result.lateness_p50 = receiver.Lateness(0.5);
  result.lateness_p99 = receiver.Lateness(0.99);
  result.delivery_p50 = receiver.Delivery(0.5);
  result.delivery_p99 = receiver.Delivery(0.99);
  result.delivery_longest = receiver.Delivery(1);

  if (receiver.ended() > 0) {
    return failed(absl::StrCat("streams ended while they were still being measured: it took ",
                               absl::FormatDuration(opening), " to open them all"));
  }
  if (options.receiver.count > 0) {
    const absl::Duration rest = options.receiver.interval * static_cast<int64_t>(options.receiver.count);
    receiver.RunFor(rest + kEndLimit, [&] { return receiver.ended() == options.streams || faulty(); });
    if (receiver.ended() != options.streams) {
      return failed(absl::StrCat("only ", receiver.ended(), " of ", options.streams, " streams ended well"));
    }
  }
  if (result.lines == 0) return failed("no line came");
  result.sent = receiver.lines();
  result.skipped = skipped() - skipped_before;
  if (receiver.missing() != result.skipped) {
    return failed(absl::StrCat(receiver.missing(), " lines are missing, of which the sender skipped ", result.skipped));
  }
  result.fault = receiver.FirstFault();
  return result;
}

Spread SpreadOf(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  const double median = values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  return {median, values.front(), values.back()};
}

}  // namespace penstock::bench
