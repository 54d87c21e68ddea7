#include "gateway/net/loop.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace penstock::net {
namespace {

class Work final : public Deferred {
 public:
  explicit Work(std::function<void()> run) : run_(std::move(run)) {}
  void RunDeferred() override { run_(); }

 private:
  std::function<void()> run_;
};

class Alarm final : public Timer {
 public:
  explicit Alarm(std::function<void()> run) : run_(std::move(run)) {}
  void OnTimer() override { run_(); }

 private:
  std::function<void()> run_;
};

TEST(Loop, DeferredWorkRunsOnceAfterTheTurnHoweverOftenAskedFor) {
  Loop loop;
  std::vector<int> order;
  Work work([&] {
    order.push_back(2);
    loop.Stop();
  });
  loop.Post([&] {
    loop.Defer(&work);
    loop.Defer(&work);
    order.push_back(1);
  });
  loop.Run();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(Loop, DeferredWorkMayDestroyItselfAndOthersOnTheList) {
  Loop loop;
  int runs = 0;
  std::unique_ptr<Work> first, second, last;
  second = std::make_unique<Work>([&] { runs += 100; });
  first = std::make_unique<Work>([&] {
    ++runs;
    second.reset();
    first.reset();
  });
  last = std::make_unique<Work>([&] {
    ++runs;
    loop.Stop();
  });
  loop.Post([&] {
    loop.Defer(first.get());
    loop.Defer(second.get());
    loop.Defer(last.get());
  });
  loop.Run();
  EXPECT_EQ(runs, 2);
}

TEST(Loop, DeferringFromDeferredWorkGetsAnotherTurn) {
  Loop loop;
  int runs = 0;
  std::unique_ptr<Work> work;
  work = std::make_unique<Work>([&] {
    if (++runs < 3) {
      loop.Defer(work.get());
    } else {
      loop.Stop();
    }
  });
  loop.Post([&] { loop.Defer(work.get()); });
  loop.Run();
  EXPECT_EQ(runs, 3);
}

TEST(Loop, WorkMayOutliveTheLoop) {
  auto loop = std::make_unique<Loop>();
  Work work([] {});
  loop->Defer(&work);
  loop.reset();
  EXPECT_FALSE(work.deferred());
}

TEST(Loop, TimersFireInOrderOfTheirTimes) {
  Loop loop;
  std::vector<int> order;
  const auto start = std::chrono::steady_clock::now();
  Alarm late([&] {
    order.push_back(2);
    loop.Stop();
  });
  Alarm early([&] { order.push_back(1); });
  loop.Arm(&late, std::chrono::milliseconds(60));
  loop.Arm(&early, std::chrono::milliseconds(20));
  loop.Run();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(60));
}

TEST(Loop, PostAndStopWorkFromAnotherThread) {
  Loop loop;
  bool ran = false;
  std::thread thread([&] { loop.Run(); });
  loop.Post([&] {
    ran = true;
    loop.Stop();
  });
  thread.join();
  EXPECT_TRUE(ran);
}

}  // namespace
}  // namespace penstock::net
