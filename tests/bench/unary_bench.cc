// The cost of a unary call: keep-alive HTTP/1.1 connections send requests to this gateway, then to the reference
// gateway (grpc-gateway, Go), both in front of the same server.
//
//   bazel run --config=release //tests/bench:unary_bench -- --connections 16 --seconds 5 --rounds 3
//
// Phases alternate, so that both run under the same conditions; each pair is a round, and ratios are taken within a
// round. CPU time is what the scheduler accounted to the gateway's process, including the kernel's work for it. Every
// response is compared with the expected one; a difference makes the run fail.
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/bench/phase.h"
#include "tests/support/process.h"
#include "tests/support/raw_client.h"
#include "tests/support/response_parser.h"
#include "tests/support/servers.h"

namespace penstock::bench {
namespace {

struct Options {
  size_t connections = 16;
  double seconds = 5;
  int rounds = 3;
  size_t payload = 100;  // bytes of text in the message
  std::string target = "/v1/everything:echo";
};

// One connection: asks, waits for the answer, asks again.
class Caller {
 public:
  Caller(const std::string& address, const std::string& request, const std::string& expected)
      : client_(testing::RawClient::Connect(address).value()), request_(request), expected_(expected) {}

  int fd() const { return client_.fd(); }
  uint64_t answers() const { return answers_; }
  const std::string& fault() const { return fault_; }

  bool Ask() {
    if (client_.Send(request_).ok()) return true;
    fault_ = "the connection was reset";
    return false;
  }

  // Takes what has come; asks again after a whole answer. False: see fault().
  bool OnReadable() {
    char buffer[16 * 1024];
    const ssize_t n = ::recv(fd(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    if (n <= 0) {
      fault_ = "the gateway closed the connection";
      return false;
    }
    parser_.Feed(absl::string_view(buffer, static_cast<size_t>(n)));
    if (parser_.failed()) fault_ = parser_.response().error;
    if (!parser_.complete()) return fault_.empty();
    const testing::Response& response = parser_.response();
    if (response.status != 200 || !absl::StrContains(response.body, expected_)) {
      fault_ = absl::StrCat("status ", response.status, ": ", response.body.substr(0, 200));
      return false;
    }
    ++answers_;
    parser_ = testing::ResponseParser();
    return Ask();
  }

 private:
  testing::RawClient client_;
  const std::string& request_;
  const std::string& expected_;
  testing::ResponseParser parser_;
  uint64_t answers_ = 0;
  std::string fault_;
};

struct PhaseFigures {
  double calls_a_cpu_second = 0;
  double calls_a_second = 0;
};

[[noreturn]] void Invalid(const std::string& why) {
  printf("INVALID: %s\n", why.c_str());
  exit(1);
}

uint64_t Answers(const std::vector<std::unique_ptr<Caller>>& callers) {
  uint64_t total = 0;
  for (const auto& caller : callers) total += caller->answers();
  return total;
}

void RunFor(std::vector<std::unique_ptr<Caller>>& callers, absl::Duration duration) {
  std::vector<pollfd> polls;
  for (const auto& caller : callers) polls.push_back({caller->fd(), POLLIN, 0});
  const absl::Time end = absl::Now() + duration;
  while (absl::Now() < end) {
    ::poll(polls.data(), polls.size(), 100);
    for (size_t i = 0; i < polls.size(); ++i) {
      if (polls[i].revents != 0 && !callers[i]->OnReadable()) Invalid(callers[i]->fault());
    }
  }
}

PhaseFigures RunPhaseOf(const Options& options, testing::Server& gateway) {
  const std::string text(options.payload, 'p');
  const std::string request = testing::PostJson(options.target, absl::StrCat("{\"stringValue\":\"", text, "\"}"));
  std::vector<std::unique_ptr<Caller>> callers;
  for (size_t i = 0; i < options.connections; ++i) {
    callers.push_back(std::make_unique<Caller>(gateway.address(), request, text));
    if (!callers.back()->Ask()) Invalid(callers.back()->fault());
  }
  RunFor(callers, absl::Milliseconds(300));  // connections and caches settle
  const uint64_t answers = Answers(callers);
  const absl::Duration cpu = gateway.process().CpuTime();
  const absl::Time start = absl::Now();
  RunFor(callers, absl::Seconds(options.seconds));
  const double calls = static_cast<double>(Answers(callers) - answers);
  return {calls / absl::ToDoubleSeconds(gateway.process().CpuTime() - cpu),
          calls / absl::ToDoubleSeconds(absl::Now() - start)};
}

void PrintRow(const char* name, const std::vector<PhaseFigures>& rounds) {
  std::vector<double> per_cpu, per_second;
  for (const PhaseFigures& round : rounds) {
    per_cpu.push_back(round.calls_a_cpu_second);
    per_second.push_back(round.calls_a_second);
  }
  const Spread cpu = SpreadOf(per_cpu);
  printf("| %-12s | %6.0f (%.0f to %.0f) | %6.0f |\n", name, cpu.median, cpu.min, cpu.max, SpreadOf(per_second).median);
}

int Run(const Options& options) {
  const std::unique_ptr<testing::Server> upstream = testing::StartEverythingServer();
  const std::unique_ptr<testing::Server> ours =
      testing::StartGateway({"--upstream=" + upstream->address(), "--threads=1", "--access-log=off"});
  const std::unique_ptr<testing::Server> reference =
      testing::StartReferenceGateway({"--upstream=" + upstream->address()});
  printf("unary: %d connections, %g s, %d rounds, %d bytes of text\n", static_cast<int>(options.connections),
         options.seconds, options.rounds, static_cast<int>(options.payload));
  std::vector<PhaseFigures> our_rounds, reference_rounds;
  std::vector<double> ratios;
  for (int i = 0; i < options.rounds; ++i) {
    our_rounds.push_back(RunPhaseOf(options, *ours));
    reference_rounds.push_back(RunPhaseOf(options, *reference));
    ratios.push_back(our_rounds.back().calls_a_cpu_second / reference_rounds.back().calls_a_cpu_second);
  }
  printf("\n| gateway      | calls a CPU second (least to most) | calls a second |\n|---|---|---|\n");
  PrintRow("penstock", our_rounds);
  PrintRow("grpc-gateway", reference_rounds);
  const Spread ratio = SpreadOf(ratios);
  printf("\ncalls a CPU second: %.2f times the reference's (%.2f to %.2f)\n", ratio.median, ratio.min, ratio.max);
  return 0;
}

int Main(int argc, char** argv) {
  Options options;
  CLI::App app("What a unary call costs, beside grpc-gateway.");
  app.add_option("--connections", options.connections, "keep-alive connections, one call at a time each")
      ->check(CLI::Range(1, 1000));
  app.add_option("--seconds", options.seconds, "to count for, in each phase")->check(CLI::Range(0.1, 600.0));
  app.add_option("--rounds", options.rounds, "pairs of phases")->check(CLI::Range(1, 100));
  app.add_option("--payload", options.payload, "bytes of text in each message")->check(CLI::Range(0, 1000000));
  CLI11_PARSE(app, argc, argv);
  setvbuf(stdout, nullptr, _IOLBF, 0);
  alarm(static_cast<unsigned>(60 + 2 * options.rounds * (options.seconds + 2)));  // whatever hangs
  return Run(options);
}

}  // namespace
}  // namespace penstock::bench

int main(int argc, char** argv) { return penstock::bench::Main(argc, argv); }
