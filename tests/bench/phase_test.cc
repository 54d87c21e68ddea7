// A phase against the floor process: it counts the lines that arrive, and fails if one is missing.
#include "tests/bench/phase.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "tests/bench/floor_sender.h"

namespace penstock::bench {
namespace {

using ::testing::HasSubstr;

class PhaseTest : public ::testing::Test {
 protected:
  PhaseTest() : floor_(testing::Process::Spawn({"/proc/self/exe", "--role=floor"}).value()) {
    const std::string line = floor_->WaitForLine("ready", absl::Now() + absl::Seconds(20)).value_or("address=");
    options_.receiver.address = line.substr(line.find('=') + 1);
    options_.receiver.protocol = Protocol::kBare;
    options_.receiver.interval = absl::ZeroDuration();
    options_.streams = 20;
    options_.ramp = absl::Milliseconds(50);
    options_.window = absl::Milliseconds(800);
    options_.processes = {floor_.get()};
  }

  // What a stream sends, and what the receiver waits for. The sender skips what it could not send in time, so the
  // interval is longer than a busy machine keeps a process waiting.
  void Expect(uint64_t sent, uint64_t wanted) {
    options_.receiver.body = FloorRequest(absl::Milliseconds(250), sent, "hello");
    options_.receiver.count = wanted;
  }

  std::unique_ptr<testing::Process> floor_;
  PhaseOptions options_;
};

TEST_F(PhaseTest, CountsLinesAndCpu) {
  Expect(10, 10);
  const PhaseResult result = RunPhase(options_);
  EXPECT_EQ(result.fault, "");
  EXPECT_GT(result.lines, 20u);
  ASSERT_EQ(result.cpu_us_a_line.size(), 1u);
  EXPECT_GT(result.cpu_us_a_line[0], 0);
  EXPECT_LT(result.cpu_us_a_line[0], 1000);
}

TEST_F(PhaseTest, RefusesMoreLinesThanThereAre) {
  Expect(11, 10);
  EXPECT_THAT(RunPhase(options_).fault, HasSubstr("closed before its end"));
}

// The last number of each of the 20 streams never comes, and nobody says that it was skipped.
TEST_F(PhaseTest, RefusesLinesThatAreMissing) {
  Expect(10, 11);
  EXPECT_THAT(RunPhase(options_).fault, HasSubstr("20 lines are missing, of which the sender skipped 0"));
}

TEST_F(PhaseTest, TakesWhatTheSenderSaysItSkipped) {
  Expect(10, 11);
  uint64_t skipped = 100;
  options_.skipped = [&] { return std::exchange(skipped, 120); };
  const PhaseResult result = RunPhase(options_);
  EXPECT_EQ(result.fault, "");
  EXPECT_EQ(result.sent, 200u);
  EXPECT_EQ(result.skipped, 20u);
}

TEST_F(PhaseTest, TheFloorSaysWhatItSkipped) {
  Expect(10, 10);
  options_.skipped = [&] { return FloorSkipped(options_.receiver.address).value(); };
  EXPECT_EQ(RunPhase(options_).fault, "");
}

TEST_F(PhaseTest, RefusesStreamsThatEndInsideTheWindow) {
  Expect(4, 4);
  EXPECT_THAT(RunPhase(options_).fault, HasSubstr("ended while"));
}

TEST_F(PhaseTest, RefusesAPeerThatDies) {
  Expect(10, 10);
  floor_->Signal(SIGKILL);
  floor_->Wait(absl::InfiniteFuture());
  EXPECT_THAT(RunPhase(options_).fault, HasSubstr("connect"));
}

TEST(SpreadOf, IsTheMedianAndTheEnds) {
  EXPECT_EQ(SpreadOf({3, 1, 2}).median, 2);
  EXPECT_EQ(SpreadOf({4, 1, 2, 3}).median, 2.5);
  EXPECT_EQ(SpreadOf({3, 1, 2}).min, 1);
  EXPECT_EQ(SpreadOf({3, 1, 2}).max, 3);
}

}  // namespace
}  // namespace penstock::bench

int main(int argc, char** argv) {
  if (argc == 2 && absl::string_view(argv[1]) == "--role=floor") return penstock::bench::RunFloorSender();
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
