#include "service/service_config.h"

#include <map>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace penstock::service {
namespace {

constexpr int kCpus = 3;

ParsedCommand Parse(std::vector<const char*> flags, const std::map<std::string, std::string>& variables = {}) {
  flags.insert(flags.begin(), "penstock-ticks");
  const config::Getenv getenv = [&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  };
  return ParseCommandLine(absl::MakeConstSpan(flags), getenv, kCpus);
}

TEST(ServiceConfigTest, Defaults) {
  const ParsedCommand command = Parse({});
  ASSERT_TRUE(command.config.has_value()) << command.err;
  EXPECT_EQ(net::PrintAddress(command.config->listen), ":50051");
  EXPECT_EQ(net::PrintAddress(command.config->admin_listen), "127.0.0.1:9902");
  EXPECT_EQ(command.config->threads, kCpus);
  EXPECT_EQ(command.config->max_streams, 100'000);
  EXPECT_EQ(command.config->max_connection_age, absl::InfiniteDuration());
  EXPECT_EQ(command.config->drain_delay, absl::Seconds(5));
  EXPECT_EQ(command.config->drain_window, absl::Seconds(25));
  EXPECT_EQ(command.config->log_level, "info");
  EXPECT_FALSE(command.config->log_json);
}

TEST(ServiceConfigTest, FlagsAreRead) {
  const ParsedCommand command = Parse({"--listen=[::1]:0", "--admin-listen", "localhost:7", "--threads=2",
                                       "--max-streams=5", "--max-connection-age=90s", "--drain-delay=0",
                                       "--drain-window=150ms", "--log-level=debug", "--log-format=json"});
  ASSERT_TRUE(command.config.has_value()) << command.err;
  EXPECT_EQ(net::PrintAddress(command.config->listen), "[::1]:0");
  EXPECT_EQ(net::PrintAddress(command.config->admin_listen), "localhost:7");
  EXPECT_EQ(command.config->threads, 2);
  EXPECT_EQ(command.config->max_streams, 5);
  EXPECT_EQ(command.config->max_connection_age, absl::Seconds(90));
  EXPECT_EQ(command.config->drain_delay, absl::ZeroDuration());
  EXPECT_EQ(command.config->drain_window, absl::Milliseconds(150));
  EXPECT_EQ(command.config->log_level, "debug");
  EXPECT_TRUE(command.config->log_json);
}

TEST(ServiceConfigTest, TheEnvironmentIsReadAndTheFlagWins) {
  const std::map<std::string, std::string> variables = {
      {"PENSTOCK_LISTEN", "127.0.0.1:1"}, {"PENSTOCK_DRAIN_WINDOW", "3s"}, {"PENSTOCK_THREADS", ""}};
  const ParsedCommand command = Parse({"--listen=127.0.0.1:2"}, variables);
  ASSERT_TRUE(command.config.has_value()) << command.err;
  EXPECT_EQ(net::PrintAddress(command.config->listen), "127.0.0.1:2");
  EXPECT_EQ(command.config->drain_window, absl::Seconds(3));
  EXPECT_EQ(command.config->threads, kCpus) << "an empty variable is none";
}

struct BadCase {
  const char* why;
  std::vector<const char*> flags;
  std::map<std::string, std::string> variables;
  std::vector<const char*> says;
};

TEST(ServiceConfigTest, BadInputNamesItselfAndTheRemedy) {
  const BadCase cases[] = {
      {"unknown flag", {"--lisen=:1"}, {}, {"--lisen", "--help"}},
      {"a word", {"start"}, {}, {"start", "--help"}},
      {"no value", {"--threads"}, {}, {"--threads", "--help"}},
      {"no number", {"--threads=two"}, {}, {"--threads", "\"two\"", "1 to 256"}},
      {"too small", {"--threads=0"}, {}, {"--threads", "1 to 256"}},
      {"too large", {"--max-streams=1000000000"}, {}, {"--max-streams", "1 to 100000000"}},
      {"no address", {"--listen=nowhere"}, {}, {"--listen", "nowhere"}},
      {"no duration", {"--drain-delay=soon"}, {}, {"--drain-delay", "soon"}},
      {"endless", {"--drain-window=none"}, {}, {"--drain-window", "1h"}},
      {"level", {"--log-level=loud"}, {}, {"--log-level", "debug, info, warn or error"}},
      {"format", {"--log-format=xml"}, {}, {"--log-format", "text", "json"}},
      {"twice", {"--threads=1", "--threads=2"}, {}, {"--threads", "once"}},
      {"variable", {}, {{"PENSTOCK_MAX_CONNECTION_AGE", "1"}}, {"PENSTOCK_MAX_CONNECTION_AGE"}},
      {"one address for both", {"--listen=127.0.0.1:9902"}, {}, {"--admin-listen", "127.0.0.1:9902"}},
  };
  for (const BadCase& c : cases) {
    SCOPED_TRACE(c.why);
    const ParsedCommand command = Parse(c.flags, c.variables);
    ASSERT_FALSE(command.config.has_value());
    EXPECT_EQ(command.exit_code, 2);
    EXPECT_EQ(command.out, "");
    for (const char* part : c.says) {
      EXPECT_NE(command.err.find(part), std::string::npos) << part << " in " << command.err;
    }
  }
}

// What is answered without serving.
std::string Answer(const std::vector<const char*>& flags) {
  const ParsedCommand command = Parse(flags);
  EXPECT_FALSE(command.config.has_value());
  EXPECT_EQ(command.exit_code, 0);
  EXPECT_EQ(command.err, "");
  return command.out;
}

TEST(ServiceConfigTest, HelpIsGroupedAndVersionIsOneLine) {
  const std::string help = Answer({"--help"});
  for (const char* part : {"Listening", "Capacity", "Shutdown", "Logging", "--drain-window", "PENSTOCK_A_B"}) {
    EXPECT_NE(help.find(part), std::string::npos) << part;
  }
  EXPECT_EQ(Answer({"--check", "--threads=2"}), std::string(kProgram) + ": configuration is valid\n");
  EXPECT_EQ(Parse({"--check", "--threads=no"}).exit_code, 2);
  EXPECT_EQ(Answer({"--version"}), std::string(kProgram) + " " + config::kVersion + "\n");
}

}  // namespace
}  // namespace penstock::service
