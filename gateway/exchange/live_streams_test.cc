#include "gateway/exchange/live_streams.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace penstock {
namespace {

using ::testing::ElementsAre;

class FakeStream final : public LiveStream {
 public:
  FakeStream(LiveStreams& list, std::string name, std::vector<std::string>& ended)
      : LiveStream(list), name_(std::move(name)), ended_(ended) {}

  void EndForDrain() override { ended_.push_back(name_); }
  observe::LiveEntry Describe() const override {
    observe::LiveEntry entry;
    entry.peer = name_;
    return entry;
  }
  size_t held_bytes() const override { return 10; }

 private:
  const std::string name_;
  std::vector<std::string>& ended_;
};

TEST(LiveStreams, TheOldestEndFirstAndOnce) {
  LiveStreams live;
  std::vector<std::string> ended;
  FakeStream a(live, "a", ended);
  auto b = std::make_unique<FakeStream>(live, "b", ended);
  FakeStream c(live, "c", ended);
  FakeStream d(live, "d", ended);
  EXPECT_EQ(live.size(), 4u);
  EXPECT_EQ(live.held_bytes(), 40u);
  b.reset();
  live.EndForDrain(2);
  EXPECT_THAT(ended, ElementsAre("a", "c"));
  EXPECT_EQ(live.size(), 1u);
  live.EndForDrain(10);
  live.EndForDrain(1);
  EXPECT_THAT(ended, ElementsAre("a", "c", "d"));
  EXPECT_EQ(live.size(), 0u);
}

TEST(LiveStreams, DescribesTheOldestAndCountsAll) {
  LiveStreams live;
  std::vector<std::string> ended;
  std::vector<std::unique_ptr<FakeStream>> streams;
  for (size_t i = 0; i < observe::LiveReport::kMostEntries + 5; ++i) {
    streams.push_back(std::make_unique<FakeStream>(live, std::to_string(i), ended));
  }
  const observe::LiveReport report = live.Describe();
  EXPECT_EQ(report.total, observe::LiveReport::kMostEntries + 5);
  ASSERT_EQ(report.entries.size(), observe::LiveReport::kMostEntries);
  EXPECT_EQ(report.entries[1].peer, "1");
}

}  // namespace
}  // namespace penstock
