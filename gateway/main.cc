// penstock-gateway: gRPC in, HTTP out. Parses the command line, starts the log, runs the server.
//
// Exit codes: 0 after a drain (and for --help, --version, a good --check), 1 after a fault, 2 for a bad command line.
#include <spdlog/spdlog.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "gateway/config/config.h"
#include "gateway/config/host_resources.h"
#include "gateway/observe/log.h"
#include "gateway/server/server.h"

namespace {

const char* LevelName(penstock::config::LogLevel level) {
  switch (level) {
    case penstock::config::LogLevel::kDebug:
      return "debug";
    case penstock::config::LogLevel::kInfo:
      return "info";
    case penstock::config::LogLevel::kWarn:
      return "warn";
    case penstock::config::LogLevel::kError:
      return "error";
  }
  return "info";
}

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "penstock-gateway: %s\n", std::string(status.message()).c_str());
  return 1;
}

int Run(const penstock::config::Config& config) {
  auto server = penstock::Server::Create(config);
  if (!server.ok()) return Fail(server.status());
  if (config.check) {
    std::puts("penstock-gateway: configuration is valid");
    return 0;
  }
  penstock::observe::StartLog(LevelName(config.log_level), config.log_format == penstock::config::LogFormat::kJson);
  const absl::Status status = (*server)->Run();
  penstock::observe::LeaveWithin(penstock::observe::kLastLinesTime, status.ok() ? 0 : 1);
  server->reset();
  penstock::observe::StopLog();
  return status.ok() ? 0 : Fail(status);
}

}  // namespace

int main(int argc, char** argv) {
  const penstock::config::Environment environment{[](const char* name) { return std::getenv(name); },
                                                  penstock::config::RaiseOpenFilesLimit(), penstock::config::CpuCount(),
                                                  penstock::config::MemoryLimit(penstock::config::ReadWholeFile)};
  const penstock::config::Parsed parsed =
      penstock::config::ParseCommandLine(absl::MakeConstSpan(argv, static_cast<size_t>(argc)), environment);
  if (parsed.config) return Run(*parsed.config);
  std::fputs(parsed.out.c_str(), stdout);
  std::fputs(parsed.err.c_str(), stderr);
  return parsed.exit_code;
}
