#include "gateway/observe/log.h"

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <string>

namespace penstock::observe {
namespace {

std::string Logged(bool json, const std::string& level) {
  ::testing::internal::CaptureStderr();
  StartLog(level, json);
  spdlog::info("upstream said \"{}\"", "a\nb\x1b");
  spdlog::debug("details");
  StopLog();
  return ::testing::internal::GetCapturedStderr();
}

TEST(Log, TextIsOneReadableLine) {
  const std::string line = Logged(/*json=*/false, "info");
  EXPECT_NE(line.find("Z info upstream said \"a\\nb\\u001b\"\n"), std::string::npos) << line;
  EXPECT_EQ(line.find('\n'), line.size() - 1) << "no debug line, and no forged one";
}

TEST(Log, JsonIsOneObjectALine) {
  const std::string line = Logged(/*json=*/true, "info");
  EXPECT_NE(line.find("\"level\":\"info\",\"message\":\"upstream said \\\"a\\nb\\u001b\\\"\"}\n"), std::string::npos)
      << line;
}

TEST(Log, LevelsFilter) {
  EXPECT_NE(Logged(false, "debug").find("debug details"), std::string::npos);
  EXPECT_EQ(Logged(false, "warn"), "");
}

}  // namespace
}  // namespace penstock::observe
