// The cost per line: N streams through the gateway, over HTTP/1.1, HTTP/2 and TLS, compared to a process that only
// sends the same lines over TCP.
//
//   bazel run --config=release //tests/bench:stream_bench -- --mode paced --streams 1000 --rate 50 --seconds 10
//   bazel run --config=release //tests/bench:stream_bench -- --mode flood
//   bazel run --config=release //tests/bench:stream_bench -- --mode memory --streams 5000
//   bazel run --config=release //tests/bench:stream_bench -- --protocol h1 --protocol h2 --protocol h1+tls
//
// Phases alternate (gateway, floor, gateway, floor, …), so that both run under the same conditions; one of each is a
// round, and ratios are taken within a round. CPU time is what the scheduler accounted to the process (schedstat),
// including the kernel's work for it. A round in which a line is lost is discarded, and the exit status is 1. A tick
// that the sender skipped, because it was scheduled too late, was never sent: senders count skipped ticks, every other
// missing number is a loss, and the table shows how many were skipped.
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
#include "gateway/net/testing/certificates.h"
#include "tests/bench/floor_sender.h"
#include "tests/bench/load.h"
#include "tests/bench/phase.h"
#include "tests/support/process.h"
#include "tests/support/servers.h"

namespace penstock::bench {
namespace {

struct Options {
  std::string mode = "paced";
  std::string role;
  std::vector<std::string> protocols = {"h1"};
  Load load;
  size_t flood_streams = 32;
  int rounds = 3;
  std::vector<std::string> gateway_flags, service_flags;
};

std::vector<Way> WaysOf(const Options& options) {
  std::vector<Way> ways;
  for (const std::string& name : options.protocols) ways.push_back(WayOf(name));
  return ways;
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

PhaseResult RunFloorPhase(const Load& load, const Helper& floor) {
  const uint64_t count = Count(load);
  PhaseOptions phase;
  phase.receiver.address = floor.address;
  phase.receiver.protocol = Protocol::kBare;
  phase.receiver.body = FloorRequest(Interval(load), count, load.message);
  phase.receiver.count = count;
  phase.streams = load.streams;
  phase.ramp = kRamp;
  phase.window = absl::Seconds(load.seconds);
  phase.processes = {floor.process.get()};
  phase.skipped = [&floor] { return FloorSkipped(floor.address).value_or(0); };
  return RunPhase(phase);
}

PhaseResult RunFloodPhase(const Options& options, const Way& way, testing::Server& gateway, const Helper& upstream) {
  PhaseOptions phase = GatewayPhase(options.load, way, gateway, /*count=*/0);
  phase.streams = options.flood_streams;
  phase.ramp = absl::ZeroDuration();
  phase.processes = {&gateway.process(), upstream.process.get()};
  return RunPhase(phase);
}

// The rounds of a run whose lines all arrived: the phase of each way in, then the floor's.
struct Rounds {
  std::vector<Way> ways;
  std::vector<std::vector<PhaseResult>> valid = {};
  int invalid = 0;

  void Add(std::vector<PhaseResult> phases) {
    bool faulty = false;
    for (size_t i = 0; i < phases.size(); ++i) {
      if (phases[i].fault.empty()) continue;
      faulty = true;
      printf("INVALID round: %s: %s\n", i < ways.size() ? ways[i].name : "floor", phases[i].fault.c_str());
    }
    if (faulty) {
      ++invalid;
    } else {
      valid.push_back(std::move(phases));
    }
  }

  // Of `process` in the phase of way `way`; way ways.size() is the floor.
  Spread Cpu(size_t way, size_t process) const {
    std::vector<double> values;
    for (const auto& round : valid) values.push_back(round[way].cpu_us_a_line[process]);
    return SpreadOf(values);
  }

  // The same process's cost beside that of `base`'s first process, round by round.
  Spread Ratio(size_t way, size_t process, size_t base) const {
    std::vector<double> values;
    for (const auto& round : valid) values.push_back(round[way].cpu_us_a_line[process] / round[base].cpu_us_a_line[0]);
    return SpreadOf(values);
  }
};

std::string Cell(const Spread& spread) {
  return absl::StrFormat("%.3f (%.3f to %.3f)", spread.median, spread.min, spread.max);
}

void PrintDetails(const Rounds& rounds, size_t way, const char* const names[2]) {
  std::vector<double> lines_a_second, skipped, late_p50, late_p99, delivery_p99;
  for (const auto& round : rounds.valid) {
    const PhaseResult& result = round[way];
    lines_a_second.push_back(static_cast<double>(result.lines) / absl::ToDoubleSeconds(result.window));
    skipped.push_back(100.0 * static_cast<double>(result.skipped) / static_cast<double>(result.sent + result.skipped));
    late_p50.push_back(absl::ToDoubleMilliseconds(result.lateness_p50));
    late_p99.push_back(absl::ToDoubleMilliseconds(result.lateness_p99));
    delivery_p99.push_back(absl::ToDoubleMilliseconds(result.delivery_p99));
  }
  const PhaseResult& first = rounds.valid.front()[way];
  printf(
      "%s: %.0f lines a second, %.4f %% of the ticks skipped by the service; memory a stream in the first round: %s "
      "%.2f KB, %s %.2f KB",
      rounds.ways[way].name, SpreadOf(lines_a_second).median, SpreadOf(skipped).median, names[0],
      first.memory_kb_a_stream[0], names[1], first.memory_kb_a_stream[1]);
  if (SpreadOf(delivery_p99).max > 0) {
    printf("; ticks sent late: p50 %.2f ms, p99 %.2f ms, from there to the client: p99 %.2f ms",
           SpreadOf(late_p50).median, SpreadOf(late_p99).median, SpreadOf(delivery_p99).median);
  }
  printf("\n");
}

// Prints the table; returns the exit status.
int Report(const Rounds& rounds, const char* const names[2]) {
  if (rounds.valid.empty()) {
    printf("INVALID: no round in which every line arrived, so there are no figures\n");
    return 1;
  }
  const size_t floor = rounds.ways.size();
  const bool many = rounds.ways.size() > 1;
  printf("\n| process | CPU µs a line (least to most) | × the floor |%s\n|---|---|---|%s\n",
         many ? absl::StrCat(" × ", rounds.ways[0].name, " |").c_str() : "", many ? "---|" : "");
  printf("| floor | %s | 1 |%s\n", Cell(rounds.Cpu(floor, 0)).c_str(), many ? " |" : "");
  for (size_t way = 0; way < rounds.ways.size(); ++way) {
    for (size_t process = 0; process < 2; ++process) {
      const bool compared = many && process == 0;
      printf("| %s, %s | %s | %s |%s\n", names[process], rounds.ways[way].name, Cell(rounds.Cpu(way, process)).c_str(),
             Cell(rounds.Ratio(way, process, floor)).c_str(),
             compared ? absl::StrCat(" ", Cell(rounds.Ratio(way, 0, 0)), " |").c_str()
             : many   ? " |"
                      : "");
    }
  }
  printf("\nall lines arrived in %d of %d rounds\n", static_cast<int>(rounds.valid.size()),
         static_cast<int>(rounds.valid.size()) + rounds.invalid);
  for (size_t way = 0; way < rounds.ways.size(); ++way) PrintDetails(rounds, way, names);
  return rounds.invalid == 0 ? 0 : 1;
}

// One that takes TLS and plain connections on its one port, if TLS is among the ways in.
std::unique_ptr<testing::Server> StartGateway(const Options& options, std::vector<std::string> flags) {
  flags.push_back("--threads=1");
  for (const Way& way : WaysOf(options)) {
    if (!way.tls) continue;
    const net::testing::TestCertificate certificate = net::testing::MakeTestCertificate("localhost");
    flags.push_back("--tls-cert-file=" + net::testing::WriteTestFile("bench.crt", certificate.certificate_pem));
    flags.push_back("--tls-key-file=" + net::testing::WriteTestFile("bench.key", certificate.key_pem));
    break;
  }
  flags.insert(flags.end(), options.gateway_flags.begin(), options.gateway_flags.end());
  return testing::StartGateway(std::move(flags));
}

int RunPaced(const Options& options) {
  std::unique_ptr<testing::Server> service = testing::StartService(options.service_flags);
  std::unique_ptr<testing::Server> gateway = StartGateway(options, {"--upstream=" + service->address()});
  const Helper floor = StartFloor();
  printf("paced: %d streams × %g a second, %g s, %d rounds, %d CPUs\n", static_cast<int>(options.load.streams),
         options.load.rate, options.load.seconds, options.rounds,
         static_cast<int>(std::thread::hardware_concurrency()));
  Rounds rounds{WaysOf(options)};
  for (int i = 0; i < options.rounds; ++i) {
    std::vector<PhaseResult> phases;
    for (const Way& way : rounds.ways) phases.push_back(RunPhase(PacedPhase(options.load, way, *gateway, *service)));
    phases.push_back(RunFloorPhase(options.load, floor));
    rounds.Add(std::move(phases));
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
         static_cast<int>(options.flood_streams), options.load.seconds, options.rounds,
         static_cast<int>(std::thread::hardware_concurrency()), static_cast<int>(options.load.streams),
         options.load.rate);
  Rounds rounds{WaysOf(options)};
  for (int i = 0; i < options.rounds; ++i) {
    std::vector<PhaseResult> phases;
    for (const Way& way : rounds.ways) phases.push_back(RunFloodPhase(options, way, *gateway, upstream));
    phases.push_back(RunFloorPhase(options.load, floor));
    rounds.Add(std::move(phases));
  }
  const char* const names[] = {"gateway", "upstream"};
  return Report(rounds, names);
}

int RunMemory(const Options& options) {
  std::unique_ptr<testing::Server> service = testing::StartService(options.service_flags);
  std::unique_ptr<testing::Server> gateway = StartGateway(options, {"--upstream=" + service->address()});
  for (const Way& way : WaysOf(options)) {
    const PhaseResult result = RunPhase(PacedPhase(options.load, way, *gateway, *service));
    if (!result.fault.empty()) {
      printf("INVALID: %s: %s\n", way.name, result.fault.c_str());
      return 1;
    }
    printf("memory, %s: %d streams × %g a second: gateway %.2f KB a stream, service %.2f KB a stream\n", way.name,
           static_cast<int>(options.load.streams), options.load.rate, result.memory_kb_a_stream[0],
           result.memory_kb_a_stream[1]);
  }
  return 0;
}

// The floor alone: what this machine takes for a send(), and a check that the bench itself loses nothing.
int RunFloor(const Options& options) {
  const Helper floor = StartFloor();
  for (int i = 0; i < options.rounds; ++i) {
    const PhaseResult result = RunFloorPhase(options.load, floor);
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
  app.add_option("--protocol", options.protocols, "a way in; several are measured in turn, the first is compared with")
      ->check(CLI::IsMember({"h1", "h2", "h1+tls", "h2+tls"}));
  app.add_option("--streams", options.load.streams, "one a connection over HTTP/1.1, 100 over HTTP/2")
      ->check(CLI::Range(1, 19000));
  app.add_option("--flood-streams", options.flood_streams, "the same, of the flood")->check(CLI::Range(1, 1000));
  app.add_option("--rate", options.load.rate, "ticks a second and stream")->check(CLI::Range(0.1, 1000.0));
  app.add_option("--seconds", options.load.seconds, "to count for, in each phase")->check(CLI::Range(0.1, 600.0));
  app.add_option("--rounds", options.rounds, "pairs of phases")->check(CLI::Range(1, 100));
  app.add_option("--message", options.load.message, "in every tick");
  app.add_option("--gateway-flag", options.gateway_flags, "passed on to the gateway");
  app.add_option("--service-flag", options.service_flags, "passed on to the service");
  app.add_option("--role", options.role)->group("");
  CLI11_PARSE(app, argc, argv);
  setvbuf(stdout, nullptr, _IOLBF, 0);
  testing::RaiseDescriptorLimit();
  if (options.role == "floor") return RunFloorSender();
  // Whatever hangs: the end of this process is the end of all it started.
  constexpr double kMostOfAPhase = 90;
  const double phases = options.rounds * (static_cast<double>(options.protocols.size()) + 1);
  alarm(static_cast<unsigned>(phases * (2 * options.load.seconds + kMostOfAPhase)));
  if (options.mode == "flood") return RunFlood(options);
  if (options.mode == "memory") return RunMemory(options);
  if (options.mode == "floor") return RunFloor(options);
  return RunPaced(options);
}

}  // namespace
}  // namespace penstock::bench

int main(int argc, char** argv) { return penstock::bench::Main(argc, argv); }
