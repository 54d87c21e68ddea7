#include "tests/support/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cerrno>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"

namespace penstock::testing {
namespace {

using ::testing::HasSubstr;

absl::Time Soon() { return absl::Now() + absl::Seconds(20); }

std::unique_ptr<Process> Shell(const std::string& script, std::vector<std::string> environment = {}) {
  return Process::Spawn({"/bin/sh", "-c", script}, std::move(environment)).value();
}

TEST(Process, CollectsBothOutputsAndTheExitStatus) {
  std::unique_ptr<Process> process = Shell("echo out; echo err >&2; printf last; exit 3");
  EXPECT_EQ(process->Wait(Soon()), 3);
  EXPECT_THAT(process->Output(), HasSubstr("out\n"));
  EXPECT_THAT(process->Output(), HasSubstr("err\n"));
  EXPECT_THAT(process->Output(), HasSubstr("last\n"));
  EXPECT_EQ(process->CountLines("out"), 1u);
}

TEST(Process, WaitsForALineThatComesLater) {
  std::unique_ptr<Process> process = Shell("echo starting; sleep 0.05; echo now ready port=1; exec sleep 1000");
  EXPECT_EQ(process->WaitForLine("ready", Soon()), "now ready port=1");
  EXPECT_EQ(process->WaitForLine("never", absl::Now()), absl::nullopt);
  EXPECT_EQ(process->Wait(absl::Now()), absl::nullopt);
}

TEST(Process, AWaitForALineEndsWithTheProcess) {
  std::unique_ptr<Process> process = Shell("exit 0");
  EXPECT_EQ(process->WaitForLine("ready", absl::InfiniteFuture()), absl::nullopt);
}

TEST(Process, PassesTheEnvironmentOn) {
  std::unique_ptr<Process> process =
      Shell("echo \"value=$PENSTOCK_X home=$HOME\"", {"PENSTOCK_X=seven", "HOME=/nowhere"});
  EXPECT_EQ(process->WaitForLine("value", Soon()), "value=seven home=/nowhere");
}

TEST(Process, TellsASignalAsAShellDoes) {
  std::unique_ptr<Process> process = Shell("echo on; exec sleep 1000");
  process->WaitForLine("on", Soon());
  process->Signal(SIGTERM);
  EXPECT_EQ(process->Wait(Soon()), 128 + SIGTERM);
}

TEST(Process, AMissingFileIsAnErrorThatNamesIt) {
  EXPECT_THAT(Process::Spawn({"/nowhere/at-all"}).status().ToString(), HasSubstr("/nowhere/at-all"));
}

TEST(Process, ItsEndTakesTheWholeGroupAlong) {
  std::unique_ptr<Process> process = Shell("sleep 1000 & echo child $!; wait");
  const std::string line = process->WaitForLine("child", Soon()).value();
  int child = 0;
  ASSERT_TRUE(absl::SimpleAtoi(std::vector<std::string>(absl::StrSplit(line, ' '))[1], &child));
  process.reset();
  EXPECT_TRUE(WaitUntil([&] { return kill(child, 0) != 0 && errno == ESRCH; }, Soon()));
}

TEST(Process, WritesBlockWhenNobodyReads) {
  std::unique_ptr<Process> process = Shell("echo ready; kill -STOP $$; echo more; echo ended >&2");
  ASSERT_TRUE(process->WaitForLine("ready", Soon()));
  process->StopReading();
  process->Signal(SIGCONT);
  EXPECT_EQ(process->Wait(absl::Now() + absl::Milliseconds(200)), absl::nullopt);
  EXPECT_EQ(process->CountLines("ended"), 0u);
}

TEST(Process, SeesMemoryDescriptorsAndCpu) {
  std::unique_ptr<Process> process =
      Shell("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo done; read x < /dev/zero");
  ASSERT_TRUE(process->WaitForLine("done", Soon()));
  EXPECT_GT(process->ResidentBytes(), 100'000);
  EXPECT_GE(process->OpenDescriptors(), 3u);
  EXPECT_GT(process->CpuTime(), absl::ZeroDuration());
}

}  // namespace
}  // namespace penstock::testing
