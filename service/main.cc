// penstock-ticks: the tick service as a process. Parses the command line, serves, ends gracefully on a signal.
//
// Exit codes: 0 after a drain (and for --help, --version, a good --check), 1 after a fault, 2 for a bad command line.
#include <grpc/support/log.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gateway/admin/admin.h"
#include "gateway/config/host_resources.h"
#include "gateway/observe/log.h"
#include "service/admin.h"
#include "service/service_config.h"
#include "service/service_metrics.h"
#include "service/tick_server.h"

namespace penstock::service {
namespace {

// SIGTERM and SIGINT as values: blocked before the first thread starts, so that all threads inherit it.
class Signals {
 public:
  Signals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    // A client that closed is gRPC's to notice, by the error of the write.
    signal(SIGPIPE, SIG_IGN);
  }

  // True: one came before `timeout` was over.
  bool Wait(absl::Duration timeout) const {
    const auto deadline = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(timeout);
    for (;;) {
      const absl::Duration rest = absl::FromChrono(deadline - std::chrono::steady_clock::now());
      const timespec left = absl::ToTimespec(std::max(rest, absl::ZeroDuration()));
      if (sigtimedwait(&set_, nullptr, &left) > 0) return true;
      if (errno == EAGAIN) return false;
    }
  }

  void Wait() const {
    int number = 0;
    while (sigwait(&set_, &number) != 0) {
    }
  }

  // As if one had come.
  void Send() const { kill(getpid(), SIGTERM); }

 private:
  sigset_t set_;
};

// gRPC's own log is part of ours. While starting it is for debugging only: what keeps the service from starting is told
// in one line, with the remedy.
std::atomic<bool> started{false};

void PassOn(gpr_log_func_args* line) {
  const bool error = line->severity == GPR_LOG_SEVERITY_ERROR && started.load(std::memory_order_relaxed);
  const auto level = error ? spdlog::level::warn : spdlog::level::debug;
  spdlog::log(level, "grpc: {}", observe::EscapedForLog(line->message));
}

void DrainServer(const ServiceConfig& config, const Signals& signals, TickServer* server) {
  spdlog::info("shutting down: not ready from now on, streams end in {} over {}",
               absl::FormatDuration(config.drain_delay), absl::FormatDuration(config.drain_window));
  server->StopServing();
  const bool hurried = signals.Wait(config.drain_delay);
  // A second signal must reach this while Drain() blocks; what ends the waiting when none comes is a signal, too.
  std::atomic<bool> drained{false};
  std::thread second([&] {
    signals.Wait();
    if (drained.load()) return;
    spdlog::info("hurrying");
    server->Hurry();
  });
  server->Drain(hurried ? absl::ZeroDuration() : config.drain_window);
  drained.store(true);
  signals.Send();
  second.join();
}

std::vector<std::string> NotReady(const TickServer& server) {
  if (server.serving()) return {};
  return {"shutting down"};
}

int Fail(const absl::Status& status) {
  spdlog::error("{}", std::string(status.message()));
  observe::StopLog();
  return 1;
}

int Serve(const ServiceConfig& config) {
  const Signals signals;
  config::RaiseOpenFilesLimit();
  observe::StartLog(config.log_level, config.log_json);
  gpr_set_log_function(PassOn);
  auto server = TickServer::Start({.listen = {config.listen},
                                   .threads = config.threads,
                                   .limits = {.max_streams = config.max_streams},
                                   .max_connection_age = config.max_connection_age,
                                   .connection_age_grace = config.drain_window});
  if (!server.ok()) return Fail(server.status());
  auto admin =
      Admin::Start(config.admin_listen, {AdminLiveness(),
                                         AdminReadiness([&] { return NotReady(**server); }),
                                         {"/metrics", kPrometheusText, [&](const auto& done) {
                                            done({RenderMetrics((*server)->counters(), (*server)->open_streams())});
                                          }}});
  if (!admin.ok()) return Fail(admin.status());
  started.store(true);
  spdlog::info("{} ready grpc={} admin={}", kProgram, (*server)->addresses().front(), (*admin)->address());
  signals.Wait();
  DrainServer(config, signals, server->get());
  observe::LeaveWithin(observe::kLastLinesTime, 0);
  admin->reset();
  server->reset();
  spdlog::info("all streams have ended");
  observe::StopLog();
  return 0;
}

int Main(int argc, char** argv) {
  // Debian's Abseil is built with its deadlock detector on, and gRPC locks for each message.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  const ParsedCommand command = ParseCommandLine(
      absl::MakeConstSpan(argv, static_cast<size_t>(argc)), [](const char* name) { return std::getenv(name); },
      config::CpuCount());
  if (command.config) return Serve(*command.config);
  std::fputs(command.out.c_str(), stdout);
  std::fputs(command.err.c_str(), stderr);
  return command.exit_code;
}

}  // namespace
}  // namespace penstock::service

int main(int argc, char** argv) { return penstock::service::Main(argc, argv); }
