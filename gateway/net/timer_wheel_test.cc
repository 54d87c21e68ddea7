#include "gateway/net/timer_wheel.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

namespace penstock::net {
namespace {

using Clock = TimerWheel::Clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

class RecordingTimer final : public Timer {
 public:
  explicit RecordingTimer(Clock::time_point* now) : now_(now) {}
  void OnTimer() override {
    fired.push_back(*now_);
    if (then) then();
  }
  std::vector<Clock::time_point> fired;
  std::function<void()> then;

 private:
  Clock::time_point* now_;
};

class TimerWheelTest : public ::testing::Test {
 protected:
  void AdvanceBy(Clock::duration by) {
    now_ += by;
    wheel_.Advance(now_);
  }

  Clock::time_point now_{seconds(1000)};
  TimerWheel wheel_{now_};
};

TEST_F(TimerWheelTest, FiresOnceNeverEarlyAndAtMostOneTickLate) {
  for (int delay : {0, 1, 9, 10, 11, 999, 5119, 5120, 5121, 15000, 60000}) {
    RecordingTimer timer(&now_);
    const Clock::time_point due = now_ + milliseconds(delay);
    wheel_.Arm(&timer, due);
    for (int step = 0; step < delay + 30; ++step) AdvanceBy(milliseconds(1));
    ASSERT_EQ(timer.fired.size(), 1u) << delay;
    EXPECT_GE(timer.fired[0], due) << delay;
    EXPECT_LE(timer.fired[0], due + 2 * TimerWheel::kGranularity) << delay;
    EXPECT_FALSE(timer.armed());
  }
}

TEST_F(TimerWheelTest, MovingATimerForgetsItsFirstTime) {
  RecordingTimer timer(&now_);
  wheel_.Arm(&timer, now_ + milliseconds(50));
  wheel_.Arm(&timer, now_ + milliseconds(500));
  AdvanceBy(milliseconds(400));
  EXPECT_TRUE(timer.fired.empty());
  AdvanceBy(milliseconds(120));
  EXPECT_EQ(timer.fired.size(), 1u);
}

TEST_F(TimerWheelTest, DestroyedAndDisarmedTimersNeverFire) {
  RecordingTimer timer(&now_);
  wheel_.Arm(&timer, now_ + milliseconds(20));
  timer.Disarm();
  {
    RecordingTimer gone(&now_);
    wheel_.Arm(&gone, now_ + milliseconds(20));
  }
  AdvanceBy(seconds(1));
  EXPECT_TRUE(timer.fired.empty());
  EXPECT_FALSE(wheel_.NextWake().has_value());
}

TEST_F(TimerWheelTest, AFiringTimerMayArmItselfAndDestroyAnother) {
  auto victim = std::make_unique<RecordingTimer>(&now_);
  RecordingTimer timer(&now_);
  timer.then = [&] {
    victim.reset();
    if (timer.fired.size() < 3) wheel_.Arm(&timer, now_);
  };
  wheel_.Arm(&timer, now_ + milliseconds(10));
  wheel_.Arm(victim.get(), now_ + milliseconds(10));
  AdvanceBy(milliseconds(10));
  EXPECT_EQ(timer.fired.size(), 1u);
  AdvanceBy(milliseconds(10));
  AdvanceBy(milliseconds(10));
  AdvanceBy(milliseconds(10));
  EXPECT_EQ(timer.fired.size(), 3u);
}

TEST_F(TimerWheelTest, ALongPauseFiresEverythingDueAndNothingElse) {
  RecordingTimer due(&now_), later(&now_);
  wheel_.Arm(&due, now_ + seconds(30));
  wheel_.Arm(&later, now_ + seconds(3600) + milliseconds(20));
  AdvanceBy(seconds(3600));
  EXPECT_EQ(due.fired.size(), 1u);
  EXPECT_TRUE(later.fired.empty());
  AdvanceBy(milliseconds(30));
  EXPECT_EQ(later.fired.size(), 1u);
}

TEST_F(TimerWheelTest, WakingAtNextWakeNeverMissesATimer) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  std::vector<std::unique_ptr<RecordingTimer>> timers;
  std::vector<Clock::time_point> due;
  for (int i = 0; i < 500; ++i) {
    timers.push_back(std::make_unique<RecordingTimer>(&now_));
    due.push_back(now_ + milliseconds(random() % 20000));
    wheel_.Arm(timers.back().get(), due.back());
  }
  while (auto next = wheel_.NextWake()) {
    ASSERT_GT(*next, now_);
    AdvanceBy(*next - now_);
  }
  for (size_t i = 0; i < timers.size(); ++i) {
    ASSERT_EQ(timers[i]->fired.size(), 1u);
    EXPECT_GE(timers[i]->fired[0], due[i]);
    EXPECT_LE(timers[i]->fired[0], due[i] + TimerWheel::kGranularity);
  }
}

}  // namespace
}  // namespace penstock::net
