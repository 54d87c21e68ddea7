// How streams are affected by their neighbours: the lateness of ticks at their clients while another client floods the
// same event loop, or a monitoring system scrapes the admin port, compared to the lateness without.
//
//   ./penstock bench neighbour -- --streams 200
//   ./penstock bench neighbour -- --neighbour scrape --protocol h2 --streams 10000 --rate 1
//
// Phases alternate (quiet, one neighbour, the next, …, quiet, …); one of each is a round, and ratios are taken within a
// round. A round in which a line is lost, or a flooding client is not disconnected, is discarded, and the exit status
// is 1. Floods are rate-limited, because the flooding client shares the cores with the gateway.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "tests/bench/load.h"
#include "tests/bench/neighbour.h"
#include "tests/bench/phase.h"
#include "tests/support/process.h"
#include "tests/support/servers.h"

namespace penstock::bench {
namespace {

struct Options {
  Load load{/*streams=*/200};
  std::string protocol = "h1";
  std::vector<std::string> neighbours = NeighbourNames();
  double floods_a_second = 5000, scrapes_a_second = 10;
  int rounds = 3;
};

struct Beheld {
  PhaseResult result;
  std::string report;
};

Beheld RunBeside(const Options& options, const std::string& name, testing::Server& gateway, testing::Server& service) {
  const double pace = name == "scrape" ? options.scrapes_a_second : options.floods_a_second;
  const std::unique_ptr<Neighbour> neighbour = MakeNeighbour(name, gateway, pace);
  Beheld beheld;
  {
    Beside beside(neighbour.get());
    beheld.result = RunPhase(PacedPhase(options.load, WayOf(options.protocol), gateway, service));
  }
  if (neighbour == nullptr) return beheld;
  beheld.report = neighbour->Report();
  if (beheld.result.fault.empty()) beheld.result.fault = neighbour->met().fault;
  return beheld;
}

using Round = std::vector<Beheld>;  // the quiet phase, then each neighbour's

double P99(const Beheld& beheld) { return absl::ToDoubleMilliseconds(beheld.result.delivery_p99); }

void Print(const std::vector<std::string>& names, const std::vector<Round>& rounds) {
  printf(
      "\n| beside | ms from the service to the client, p50 | p99 (least to most) | longest | p99, × the quiet one |\n"
      "|---|---|---|---|---|\n");
  for (size_t i = 0; i < names.size(); ++i) {
    std::vector<double> p50, p99, longest, ratio;
    for (const Round& round : rounds) {
      p50.push_back(absl::ToDoubleMilliseconds(round[i].result.delivery_p50));
      p99.push_back(P99(round[i]));
      longest.push_back(absl::ToDoubleMilliseconds(round[i].result.delivery_longest));
      ratio.push_back(P99(round[i]) / P99(round[0]));
    }
    const Spread p = SpreadOf(p99), r = SpreadOf(ratio);
    printf("| %s | %.2f | %.2f (%.2f to %.2f) | %.1f | %.2f (%.2f to %.2f) |\n", names[i].c_str(), SpreadOf(p50).median,
           p.median, p.min, p.max, SpreadOf(longest).median, r.median, r.min, r.max);
  }
  printf("\n");
  for (size_t i = 1; i < names.size(); ++i) {
    for (const Round& round : rounds) printf("%s: %s\n", names[i].c_str(), round[i].report.c_str());
  }
}

int Run(const Options& options) {
  std::unique_ptr<testing::Server> service = testing::StartService();
  std::unique_ptr<testing::Server> gateway = testing::StartGateway({"--upstream=" + service->address(), "--threads=1"});
  std::vector<std::string> names = {"nobody"};
  names.insert(names.end(), options.neighbours.begin(), options.neighbours.end());
  printf("neighbours: %d streams × %g a second, %g s, %d rounds, %d CPUs\n", static_cast<int>(options.load.streams),
         options.load.rate, options.load.seconds, options.rounds,
         static_cast<int>(std::thread::hardware_concurrency()));
  std::vector<Round> valid;
  for (int i = 0; i < options.rounds; ++i) {
    Round round;
    std::string fault;
    for (const std::string& name : names) {
      round.push_back(RunBeside(options, name, *gateway, *service));
      if (round.back().result.fault.empty()) continue;
      fault = absl::StrFormat("beside %s: %s", name, round.back().result.fault);
      printf("INVALID round: %s\n", fault.c_str());
    }
    if (fault.empty()) valid.push_back(std::move(round));
  }
  if (valid.empty()) {
    printf("INVALID: no round in which every line arrived, so there are no figures\n");
    return 1;
  }
  Print(names, valid);
  return static_cast<int>(valid.size()) == options.rounds ? 0 : 1;
}

int Main(int argc, char** argv) {
  Options options;
  CLI::App app("What streams notice of who floods or looks beside them.");
  app.add_option("--neighbour", options.neighbours, "each beside the streams in turn")
      ->check(CLI::IsMember(NeighbourNames()));
  app.add_option("--protocol", options.protocol, "of the streams")->check(CLI::IsMember({"h1", "h2"}));
  app.add_option("--streams", options.load.streams, "one a connection over HTTP/1.1, 100 over HTTP/2")
      ->check(CLI::Range(1, 19000));
  app.add_option("--rate", options.load.rate, "ticks a second and stream")->check(CLI::Range(0.1, 1000.0));
  app.add_option("--seconds", options.load.seconds, "to count for, in each phase")->check(CLI::Range(0.1, 600.0));
  app.add_option("--rounds", options.rounds, "of one phase each")->check(CLI::Range(1, 100));
  app.add_option("--floods", options.floods_a_second, "streams reset, or frames, a second, of who floods")
      ->check(CLI::Range(1000.0, 1e6));
  app.add_option("--scrapes", options.scrapes_a_second, "a second, of who looks")->check(CLI::Range(0.1, 1000.0));
  CLI11_PARSE(app, argc, argv);
  setvbuf(stdout, nullptr, _IOLBF, 0);
  testing::RaiseDescriptorLimit();
  // Whatever hangs: the end of this process is the end of all it started.
  constexpr double kMostOfAPhase = 90;
  alarm(static_cast<unsigned>(options.rounds * (static_cast<double>(options.neighbours.size()) + 1) *
                              (2 * options.load.seconds + kMostOfAPhase)));
  return Run(options);
}

}  // namespace
}  // namespace penstock::bench

int main(int argc, char** argv) { return penstock::bench::Main(argc, argv); }
