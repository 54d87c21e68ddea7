// What a line costs: N HTTP/1.1 streams through the gateway, beside a process that only sends the same lines.
//
//   bazel run --config=release //tests/bench:stream_bench -- --mode paced --streams 1000 --rate 50 --seconds 10
//   bazel run --config=release //tests/bench:stream_bench -- --mode flood
//   bazel run --config=release //tests/bench:stream_bench -- --mode memory --streams 5000
//
// Phases alternate (gateway, floor, gateway, floor, …), so that both meet the same machine; each pair is a round, and a
// ratio is always taken within one. CPU is what the scheduler counted for the process (schedstat): the kernel's work on
// its behalf is in it. A round in which one line is missing has no figures, and the exit status says so.
//
// The service skips a tick that it could not send in time, so a machine that is busy with something else invalidates
// rounds: `chrt -r 1` before the command puts the benchmark first.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "tests/bench/floor_sender.h"
#include "tests/bench/phase.h"
#include "tests/support/process.h"
#include "tests/support/raw_client.h"
#include "tests/support/servers.h"

namespace penstock::bench {
namespace {

struct Options {
  std::string mode = "paced";
  std::string role;
  size_t streams = 1000;
  size_t flood_streams = 32;
  double rate = 50;
  double seconds = 10;
  int rounds = 3;
  std::string message = "hello";
  std::vector<std::string> gateway_flags, service_flags;
};

// A stream's first tick comes at once and the others by the interval, so phases are spread by opening over this.
constexpr absl::Duration kRamp = absl::Seconds(1);
// Ticks a stream has beyond the window: the ramp, the settling, and what a slow start takes.
constexpr absl::Duration kMargin = absl::Seconds(4);

absl::Duration Interval(const Options& options) { return absl::Seconds(1) / options.rate; }

uint64_t Count(const Options& options) {
  return static_cast<uint64_t>((options.seconds + absl::ToDoubleSeconds(kRamp + kMargin)) * options.rate);
}

std::string SubscribeRequest(const Options& options, uint64_t count) {
  const std::string body = absl::StrFormat(R"({"message":"%s","interval":"%.9fs","count":"%d"})", options.message,
                                           absl::ToDoubleSeconds(Interval(options)), count);
  return testing::Request("POST", "/v1/ticks:subscribe", body, "Content-Type: application/json");
}

// A helper process of the benchmark: the line it prints when ready holds its address.
struct Helper {
  std::unique_ptr<testing::Process> process;
  std::string address;
};

Helper StartHelper(std::vector<std::string> argv) {
  Helper helper;
  absl::StatusOr<std::unique_ptr<testing::Process>> process = testing::Process::Spawn(std::move(argv));
  if (!process.ok()) {
    fprintf(stderr, "stream_bench: %s\n", process.status().ToString().c_str());
    exit(1);
  }
  helper.process = *std::move(process);
  const std::string line = helper.process->WaitForLine("ready", testing::Soon()).value_or("");
  const size_t start = line.find("127.0.0.1:");
  if (start == std::string::npos) {
    fprintf(stderr, "stream_bench: no address in the ready line '%s' of\n%s", line.c_str(),
            helper.process->Output().c_str());
    exit(1);
  }
  helper.address = line.substr(start, line.find(' ', start) - start);
  return helper;
}

Helper StartFloor() { return StartHelper({"/proc/self/exe", "--role=floor"}); }

PhaseResult RunFloorPhase(const Options& options, const Helper& floor) {
  PhaseOptions phase;
  phase.receiver = {.address = floor.address,
                    .request = FloorRequest(Interval(options), Count(options), options.message),
                    .http = false,
                    .count = Count(options),
                    .interval = absl::ZeroDuration()};
  phase.streams = options.streams;
  phase.ramp = kRamp;
  phase.window = absl::Seconds(options.seconds);
  phase.processes = {floor.process.get()};
  return RunPhase(phase);
}

PhaseResult RunPacedPhase(const Options& options, testing::Server& gateway, testing::Server& service) {
  PhaseOptions phase;
  phase.receiver = {.address = gateway.address(),
                    .request = SubscribeRequest(options, Count(options)),
                    .http = true,
                    .count = Count(options),
                    .interval = Interval(options)};
  phase.streams = options.streams;
  phase.ramp = kRamp;
  phase.window = absl::Seconds(options.seconds);
  phase.processes = {&gateway.process(), &service.process()};
  return RunPhase(phase);
}

PhaseResult RunFloodPhase(const Options& options, testing::Server& gateway, const Helper& upstream) {
  PhaseOptions phase;
  phase.receiver = {.address = gateway.address(),
                    .request = SubscribeRequest(options, 0),
                    .http = true,
                    .count = 0,
                    .interval = absl::ZeroDuration()};
  phase.streams = options.flood_streams;
  phase.ramp = absl::ZeroDuration();
  phase.window = absl::Seconds(options.seconds);
  phase.processes = {&gateway.process(), upstream.process.get()};
  return RunPhase(phase);
}

// The rounds of a run whose lines all arrived.
struct Rounds {
  std::vector<PhaseResult> measured, floor;
  int invalid = 0;

  void Add(PhaseResult result, PhaseResult floor_result) {
    for (const PhaseResult* phase : {&result, &floor_result}) {
      if (!phase->fault.empty()) printf("INVALID round: %s\n", phase->fault.c_str());
    }
    if (!result.fault.empty() || !floor_result.fault.empty()) {
      ++invalid;
      return;
    }
    measured.push_back(std::move(result));
    floor.push_back(std::move(floor_result));
  }

  std::vector<double> Cpu(size_t process) const {
    std::vector<double> values;
    for (const PhaseResult& result : measured) values.push_back(result.cpu_us_a_line[process]);
    return values;
  }

  std::vector<double> FloorCpu() const {
    std::vector<double> values;
    for (const PhaseResult& result : floor) values.push_back(result.cpu_us_a_line[0]);
    return values;
  }

  std::vector<double> Ratios(size_t process) const {
    std::vector<double> values;
    for (size_t i = 0; i < measured.size(); ++i) {
      values.push_back(measured[i].cpu_us_a_line[process] / floor[i].cpu_us_a_line[0]);
    }
    return values;
  }
};

void PrintRow(const char* name, const Spread& cpu, const Spread* ratio) {
  printf("| %-8s | %7.3f (%.3f to %.3f) |", name, cpu.median, cpu.min, cpu.max);
  if (ratio != nullptr) {
    printf(" %6.3f (%.3f to %.3f) |\n", ratio->median, ratio->min, ratio->max);
  } else {
    printf(" 1 |\n");
  }
}

// Prints the table; returns the exit status.
int Report(const Rounds& rounds, const char* const names[2]) {
  if (rounds.measured.empty()) {
    printf("INVALID: no round in which every line arrived, so there are no figures\n");
    return 1;
  }
  printf("\n| process  | CPU µs a line (least to most) | × the floor (least to most) |\n|---|---|---|\n");
  PrintRow("floor", SpreadOf(rounds.FloorCpu()), nullptr);
  for (size_t process = 0; process < 2; ++process) {
    const Spread ratio = SpreadOf(rounds.Ratios(process));
    PrintRow(names[process], SpreadOf(rounds.Cpu(process)), &ratio);
  }
  const PhaseResult& first = rounds.measured.front();
  std::vector<double> lines_a_second, late_p50, late_p99, delivery_p99;
  for (const PhaseResult& result : rounds.measured) {
    lines_a_second.push_back(static_cast<double>(result.lines) / absl::ToDoubleSeconds(result.window));
    late_p50.push_back(absl::ToDoubleMilliseconds(result.lateness_p50));
    late_p99.push_back(absl::ToDoubleMilliseconds(result.lateness_p99));
    delivery_p99.push_back(absl::ToDoubleMilliseconds(result.delivery_p99));
  }
  printf("\nlines a second: %.0f, all arrived in %d of %d rounds\n", SpreadOf(lines_a_second).median,
         static_cast<int>(rounds.measured.size()), static_cast<int>(rounds.measured.size()) + rounds.invalid);
  printf("memory a stream (resident, first round): %s %.2f KB, %s %.2f KB\n", names[0], first.memory_kb_a_stream[0],
         names[1], first.memory_kb_a_stream[1]);
  if (SpreadOf(delivery_p99).max > 0) {
    printf("ticks sent late: p50 %.2f ms, p99 %.2f ms; from there to the client: p99 %.2f ms\n",
           SpreadOf(late_p50).median, SpreadOf(late_p99).median, SpreadOf(delivery_p99).median);
  }
  return rounds.invalid == 0 ? 0 : 1;
}

std::unique_ptr<testing::Server> StartGateway(const Options& options, std::vector<std::string> flags) {
  flags.push_back("--threads=1");
  flags.insert(flags.end(), options.gateway_flags.begin(), options.gateway_flags.end());
  return testing::StartGateway(std::move(flags));
}

int RunPaced(const Options& options) {
  std::unique_ptr<testing::Server> service = testing::StartService(options.service_flags);
  std::unique_ptr<testing::Server> gateway = StartGateway(options, {"--upstream=" + service->address()});
  const Helper floor = StartFloor();
  printf("paced: %d streams × %g a second, %g s, %d rounds, %d CPUs\n", static_cast<int>(options.streams), options.rate,
         options.seconds, options.rounds, static_cast<int>(std::thread::hardware_concurrency()));
  Rounds rounds;
  for (int i = 0; i < options.rounds; ++i) {
    PhaseResult result = RunPacedPhase(options, *gateway, *service);
    rounds.Add(std::move(result), RunFloorPhase(options, floor));
  }
  const char* const names[] = {"gateway", "service"};
  return Report(rounds, names);
}

int RunFlood(const Options& options) {
  const Helper upstream = StartHelper({testing::FindBinary("tests/bench/flood_upstream", "PENSTOCK_FLOOD_UPSTREAM")});
  std::unique_ptr<testing::Server> gateway =
      StartGateway(options, {"--upstream=" + upstream.address,
                             "--descriptors=" + testing::FindBinary("proto/tick.binpb", "PENSTOCK_TICK_DESCRIPTORS")});
  const Helper floor = StartFloor();
  printf("flood: %d streams as fast as they go, %g s, %d rounds, %d CPUs; the floor: %d streams × %g a second\n",
         static_cast<int>(options.flood_streams), options.seconds, options.rounds,
         static_cast<int>(std::thread::hardware_concurrency()), static_cast<int>(options.streams), options.rate);
  Rounds rounds;
  for (int i = 0; i < options.rounds; ++i) {
    PhaseResult result = RunFloodPhase(options, *gateway, upstream);
    rounds.Add(std::move(result), RunFloorPhase(options, floor));
  }
  const char* const names[] = {"gateway", "upstream"};
  return Report(rounds, names);
}

int RunMemory(const Options& options) {
  std::unique_ptr<testing::Server> service = testing::StartService(options.service_flags);
  std::unique_ptr<testing::Server> gateway = StartGateway(options, {"--upstream=" + service->address()});
  const PhaseResult result = RunPacedPhase(options, *gateway, *service);
  if (!result.fault.empty()) {
    printf("INVALID: %s\n", result.fault.c_str());
    return 1;
  }
  printf("memory: %d streams × %g a second: gateway %.2f KB a stream, service %.2f KB a stream\n",
         static_cast<int>(options.streams), options.rate, result.memory_kb_a_stream[0], result.memory_kb_a_stream[1]);
  return 0;
}

// The floor alone: what this machine takes for a send(), and a check that the bench itself loses nothing.
int RunFloor(const Options& options) {
  const Helper floor = StartFloor();
  for (int i = 0; i < options.rounds; ++i) {
    const PhaseResult result = RunFloorPhase(options, floor);
    if (!result.fault.empty()) {
      printf("INVALID: %s\n", result.fault.c_str());
      return 1;
    }
    printf("floor: %.3f µs a line, %.0f lines a second\n", result.cpu_us_a_line[0],
           static_cast<double>(result.lines) / absl::ToDoubleSeconds(result.window));
  }
  return 0;
}

int Main(int argc, char** argv) {
  Options options;
  CLI::App app("What a line costs through the gateway, beside a bare send().");
  app.add_option("--mode", options.mode, "paced, flood, memory or floor")
      ->check(CLI::IsMember({"paced", "flood", "memory", "floor"}));
  app.add_option("--streams", options.streams, "HTTP/1.1 connections, one stream each")->check(CLI::Range(1, 19000));
  app.add_option("--flood-streams", options.flood_streams, "the same, of the flood")->check(CLI::Range(1, 1000));
  app.add_option("--rate", options.rate, "ticks a second and stream")->check(CLI::Range(0.1, 1000.0));
  app.add_option("--seconds", options.seconds, "to count for, in each phase")->check(CLI::Range(0.1, 600.0));
  app.add_option("--rounds", options.rounds, "pairs of phases")->check(CLI::Range(1, 100));
  app.add_option("--message", options.message, "in every tick");
  app.add_option("--gateway-flag", options.gateway_flags, "passed on to the gateway");
  app.add_option("--service-flag", options.service_flags, "passed on to the service");
  app.add_option("--role", options.role)->group("");
  CLI11_PARSE(app, argc, argv);
  setvbuf(stdout, nullptr, _IOLBF, 0);
  testing::RaiseDescriptorLimit();
  if (options.role == "floor") return RunFloorSender();
  // Whatever hangs: the end of this process is the end of all it started.
  constexpr double kMostOfAPhase = 90;
  alarm(static_cast<unsigned>(2 * options.rounds * (2 * options.seconds + kMostOfAPhase)));
  if (options.mode == "flood") return RunFlood(options);
  if (options.mode == "memory") return RunMemory(options);
  if (options.mode == "floor") return RunFloor(options);
  return RunPaced(options);
}

}  // namespace
}  // namespace penstock::bench

int main(int argc, char** argv) { return penstock::bench::Main(argc, argv); }
