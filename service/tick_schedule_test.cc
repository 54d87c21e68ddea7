#include "service/tick_schedule.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "gtest/gtest.h"

namespace penstock::service {
namespace {

constexpr int64_t kMs = 1'000'000;
constexpr int64_t kSecond = 1'000 * kMs;
constexpr int64_t kStart = 77 * kSecond + 123'456;  // not on any grid
constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();

struct Fired {
  TickStream* stream;
  uint64_t sequence;
  bool last;
  friend bool operator==(const Fired& a, const Fired& b) {
    return std::tie(a.stream, a.sequence, a.last) == std::tie(b.stream, b.sequence, b.last);
  }
};

std::vector<Fired> FireAt(TickSchedule* schedule, int64_t now) {
  std::vector<Fired> fired;
  schedule->Fire(now,
                 [&](TickStream* stream, uint64_t sequence, bool last) { fired.push_back({stream, sequence, last}); });
  return fired;
}

TEST(TickScheduleTest, EmptyScheduleNeverWakes) {
  TickSchedule schedule(kStart);
  EXPECT_EQ(schedule.NextWake(), TickSchedule::kNever);
  EXPECT_TRUE(FireAt(&schedule, kStart + kSecond).empty());
}

TEST(TickScheduleTest, FirstTickIsDueAtOnce) {
  TickSchedule schedule(kStart);
  TickStream stream;
  schedule.Add(&stream, {.interval_ns = 3'600 * kSecond}, kStart + 5);
  EXPECT_LE(schedule.NextWake(), kStart + 5);
  EXPECT_EQ(FireAt(&schedule, kStart + 5), (std::vector<Fired>{{&stream, 1, false}}));
  EXPECT_TRUE(FireAt(&schedule, kStart + 6).empty());
}

TEST(TickScheduleTest, LatenessDoesNotAddUp) {
  TickSchedule schedule(kStart);
  TickStream stream;
  schedule.Add(&stream, {.interval_ns = 100 * kMs}, kStart);
  std::mt19937_64 random(1);
  for (uint64_t tick = 1; tick <= 1'000; ++tick) {
    const int64_t due = kStart + static_cast<int64_t>(tick - 1) * 100 * kMs;
    ASSERT_LE(schedule.NextWake(), due + TickSchedule::kSlackNs);
    // Fired late by up to 90 ms each time: the next is still due where the start says.
    const int64_t late = TickSchedule::kSlackNs + static_cast<int64_t>(random() % (88 * kMs));
    ASSERT_EQ(FireAt(&schedule, due + late), (std::vector<Fired>{{&stream, tick, false}}));
    ASSERT_FALSE(schedule.Sent(&stream));
  }
  EXPECT_EQ(schedule.skipped(), 0u);
}

TEST(TickScheduleTest, TicksThatFallDueWhileOneIsUnsentAreSkippedWithTheirNumbers) {
  TickSchedule schedule(kStart);
  TickStream stream;
  schedule.Add(&stream, {.interval_ns = 10 * kMs}, kStart);
  EXPECT_EQ(FireAt(&schedule, kStart), (std::vector<Fired>{{&stream, 1, false}}));
  for (int tick = 1; tick <= 5; ++tick) EXPECT_TRUE(FireAt(&schedule, kStart + tick * 10 * kMs + kMs).empty());
  EXPECT_EQ(schedule.skipped(), 5u);
  EXPECT_FALSE(schedule.Sent(&stream));
  EXPECT_EQ(FireAt(&schedule, kStart + 61 * kMs), (std::vector<Fired>{{&stream, 7, false}}));
}

TEST(TickScheduleTest, AStallSendsTheFirstOfWhatItMissed) {
  TickSchedule schedule(kStart);
  TickStream stream;
  schedule.Add(&stream, {.interval_ns = 10 * kMs}, kStart);
  FireAt(&schedule, kStart);
  schedule.Sent(&stream);
  // Ticks 2 to 11 fell due together: 2 goes out, the others fell due while it was unsent.
  EXPECT_EQ(FireAt(&schedule, kStart + 105 * kMs), (std::vector<Fired>{{&stream, 2, false}}));
  EXPECT_EQ(schedule.skipped(), 9u);
  schedule.Sent(&stream);
  EXPECT_EQ(FireAt(&schedule, kStart + 111 * kMs), (std::vector<Fired>{{&stream, 12, false}}));
}

struct CountCase {
  const char* why;
  uint64_t count;
  uint64_t after;
  bool nothing;
  uint64_t first;
};

TEST(TickScheduleTest, CountNamesTheLastSequence) {
  const CountCase cases[] = {
      {"no end, from the start", 0, 0, false, 1},
      {"one tick", 1, 0, false, 1},
      {"goes on behind what the client has", 10, 9, false, 10},
      {"all was received", 10, 10, true, 0},
      {"more than all was received", 10, 11, true, 0},
      {"the largest count, the last tick left", kMax, kMax - 1, false, kMax},
      {"the largest count, nothing left", kMax, kMax, true, 0},
      {"no end, yet no number is left to give", 0, kMax, true, 0},
      {"no end, one number left", 0, kMax - 1, false, kMax},
  };
  for (const CountCase& c : cases) {
    SCOPED_TRACE(c.why);
    const TickPlan plan{.interval_ns = kMs, .count = c.count, .after_sequence = c.after};
    EXPECT_EQ(NothingLeft(plan), c.nothing);
    if (c.nothing) continue;
    TickSchedule schedule(kStart);
    TickStream stream;
    schedule.Add(&stream, plan, kStart);
    const bool last = c.first == (c.count == 0 ? kMax : c.count);
    EXPECT_EQ(FireAt(&schedule, kStart), (std::vector<Fired>{{&stream, c.first, last}}));
    EXPECT_EQ(schedule.Sent(&stream), last);
    EXPECT_EQ(schedule.size(), last ? 0u : 1u);
  }
}

TEST(TickScheduleTest, EndsWhenTheLastTickIsSkipped) {
  TickSchedule schedule(kStart);
  TickStream stream;
  schedule.Add(&stream, {.interval_ns = 10 * kMs, .count = 3}, kStart);
  EXPECT_EQ(FireAt(&schedule, kStart), (std::vector<Fired>{{&stream, 1, false}}));
  EXPECT_TRUE(FireAt(&schedule, kStart + 500 * kMs).empty());
  EXPECT_EQ(schedule.skipped(), 2u) << "numbers beyond the count were never due";
  EXPECT_EQ(schedule.NextWake(), TickSchedule::kNever);
  EXPECT_TRUE(schedule.Sent(&stream));
}

TEST(TickScheduleTest, AStallBeyondTheCountMakesTheTickItSendsTheLast) {
  TickSchedule schedule(kStart);
  TickStream stream;
  schedule.Add(&stream, {.interval_ns = kMs, .count = 100, .after_sequence = 10}, kStart);
  EXPECT_EQ(FireAt(&schedule, kStart + 10 * kSecond), (std::vector<Fired>{{&stream, 11, true}}));
  EXPECT_EQ(schedule.skipped(), 89u);
}

TEST(TickScheduleTest, CountingDoesNotOverflowAtTheLargestSequence) {
  TickSchedule schedule(kStart);
  TickStream stream;
  schedule.Add(&stream, {.interval_ns = kMs, .count = 0, .after_sequence = kMax - 3}, kStart);
  EXPECT_EQ(FireAt(&schedule, kStart), (std::vector<Fired>{{&stream, kMax - 2, false}}));
  EXPECT_TRUE(FireAt(&schedule, kStart + kSecond).empty());
  EXPECT_EQ(schedule.skipped(), 2u);
  EXPECT_TRUE(schedule.Sent(&stream));
}

TEST(TickScheduleTest, ARemovedStreamIsNotHeardOfAgain) {
  TickSchedule schedule(kStart);
  TickStream fresh, near, far;
  schedule.Add(&near, {.interval_ns = 5 * kMs}, kStart);
  schedule.Add(&far, {.interval_ns = 100 * kSecond}, kStart);
  FireAt(&schedule, kStart);
  schedule.Sent(&near);
  schedule.Sent(&far);
  schedule.Add(&fresh, {}, kStart + kMs);
  for (TickStream* stream : {&fresh, &near, &far, &near}) schedule.Remove(stream);
  EXPECT_EQ(schedule.size(), 0u);
  EXPECT_TRUE(FireAt(&schedule, kStart + 200 * kSecond).empty());
}

TEST(TickScheduleTest, AStreamMayBeRemovedWhileItIsFired) {
  TickSchedule schedule(kStart);
  TickStream streams[3];
  for (TickStream& stream : streams) schedule.Add(&stream, {.interval_ns = kMs}, kStart);
  int fired = 0;
  schedule.Fire(kStart, [&](TickStream* stream, uint64_t, bool) {
    ++fired;
    schedule.Remove(stream);
  });
  EXPECT_EQ(fired, 3);
  EXPECT_EQ(schedule.NextWake(), TickSchedule::kNever);
}

TEST(TickScheduleTest, WakesOnceABlockAtMostForWhatIsFarAway) {
  TickSchedule schedule(kStart);
  TickStream stream;
  schedule.Add(&stream, {.interval_ns = 3'600 * kSecond}, kStart);
  FireAt(&schedule, kStart);
  schedule.Sent(&stream);
  int wakes = 0;
  std::vector<Fired> fired;
  int64_t now = kStart;
  while (fired.empty()) {
    ASSERT_GT(schedule.NextWake(), now);
    now = schedule.NextWake();
    fired = FireAt(&schedule, now);
    ASSERT_LT(++wakes, 5);
  }
  EXPECT_EQ(fired, (std::vector<Fired>{{&stream, 2, false}}));
  EXPECT_GE(now, kStart + 3'600 * kSecond);
  EXPECT_LE(now, kStart + 3'600 * kSecond + TickSchedule::kSlackNs);
}

TEST(TickScheduleTest, AnIdleYearIsNotCaughtUpWith) {
  TickSchedule schedule(kStart);
  const int64_t later = kStart + 365 * 24 * 3'600 * kSecond;
  TickStream stream;
  schedule.Add(&stream, {.interval_ns = 250 * kMs}, later);
  EXPECT_EQ(FireAt(&schedule, later).size(), 1u);
  schedule.Sent(&stream);
  EXPECT_LE(schedule.NextWake(), later + 250 * kMs + TickSchedule::kSlackNs);
  EXPECT_EQ(FireAt(&schedule, later + 252 * kMs), (std::vector<Fired>{{&stream, 2, false}}));
}

TEST(TickScheduleTest, SurvivesAStallLongerThanTheWheel) {
  TickSchedule schedule(kStart);
  TickStream slow, slower;
  schedule.Add(&slow, {.interval_ns = 3'500 * kSecond}, kStart);
  schedule.Add(&slower, {.interval_ns = 3'600 * kSecond}, kStart);
  FireAt(&schedule, kStart);
  schedule.Sent(&slow);
  schedule.Sent(&slower);
  // Both are late by more than the far wheel holds, and are due next beyond one turn of where it stood.
  EXPECT_EQ(FireAt(&schedule, kStart + 7'190 * kSecond).size(), 2u);
  EXPECT_EQ(schedule.skipped(), 1u) << "the slow one's third tick fell due at 7,000 s";
  schedule.Sent(&slow);
  schedule.Sent(&slower);
  EXPECT_EQ(FireAt(&schedule, kStart + 7'201 * kSecond), (std::vector<Fired>{{&slower, 3, false}}));
  EXPECT_EQ(FireAt(&schedule, kStart + 10'501 * kSecond), (std::vector<Fired>{{&slow, 4, false}}));
}

// The rules again, one stream at a time and without a wheel: every stream is looked at, every tick walked.
class Model {
 public:
  explicit Model(int64_t origin) : origin_(origin) {}

  void Add(const TickPlan& plan, int64_t now) {
    streams_.push_back({now, now, plan, plan.after_sequence + 1, false, false});
  }
  void Remove(size_t id) { streams_[id].over = true; }
  bool Sent(size_t id) {
    streams_[id].unsent = false;
    return streams_[id].over;
  }

  // What stream `id` sends at `now`: 0 for nothing.
  uint64_t Fire(size_t id, int64_t now, bool* last) {
    Stream& stream = streams_[id];
    uint64_t sent = 0;
    if (stream.held > now) return 0;
    while (!stream.over && stream.due <= now) {
      if (!stream.unsent) {
        sent = stream.next;
        stream.unsent = true;
      }
      stream.over = stream.next == stream.plan.count;
      ++stream.next;
      stream.due += stream.plan.interval_ns;
    }
    const int64_t grid = stream.plan.interval_ns < 20 * kMs ? kMs : 2 * kMs;
    stream.held = origin_ + (stream.due - origin_ + grid - 1) / grid * grid;
    *last = stream.over;
    return sent;
  }
  int64_t NextWake() const {
    int64_t wake = TickSchedule::kNever;
    for (const Stream& stream : streams_) {
      if (!stream.over) wake = std::min(wake, stream.held);
    }
    return wake;
  }

 private:
  struct Stream {
    int64_t due;
    int64_t held;  // when the grid lets it go
    TickPlan plan;
    uint64_t next;
    bool unsent;
    bool over;
  };

  int64_t origin_;
  std::vector<Stream> streams_;
};

TEST(TickSchedulePropertyTest, AgreesWithTheModel) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const int64_t intervals[] = {kMs,      2 * kMs,   7 * kMs, 19'999'999,  20 * kMs,
                               33 * kMs, 200 * kMs, kSecond, 1'024 * kMs, 61 * kSecond};
  for (int round = 0; round < 60; ++round) {
    int64_t now = kStart + static_cast<int64_t>(random() % kSecond);
    TickSchedule schedule(now);
    Model model(now);
    std::vector<std::unique_ptr<TickStream>> streams;
    for (int step = 0; step < 400; ++step) {
      if (streams.size() < 40 && random() % 4 == 0) {
        TickPlan plan{.interval_ns = intervals[random() % std::size(intervals)], .after_sequence = random() % 100};
        if (random() % 2 == 0) plan.count = plan.after_sequence + 1 + random() % 50;
        streams.push_back(std::make_unique<TickStream>());
        schedule.Add(streams.back().get(), plan, now);
        model.Add(plan, now);
      }
      if (!streams.empty() && random() % 20 == 0) {
        const size_t id = random() % streams.size();
        schedule.Remove(streams[id].get());
        model.Remove(id);
      }
      const int64_t wake = schedule.NextWake();
      ASSERT_LE(wake, std::max(now, model.NextWake()));
      // Mostly on time, now and then late or early.
      if (random() % 8 == 0) {
        now += static_cast<int64_t>(random() % (2 * kSecond));
      } else if (wake != TickSchedule::kNever) {
        now = std::max(now, wake);
      }
      std::map<TickStream*, Fired> fired;
      for (const Fired& f : FireAt(&schedule, now)) ASSERT_TRUE(fired.emplace(f.stream, f).second) << "fired twice";
      for (size_t id = 0; id < streams.size(); ++id) {
        bool last = false;
        const uint64_t sequence = model.Fire(id, now, &last);
        const auto found = fired.find(streams[id].get());
        ASSERT_EQ(sequence, found == fired.end() ? 0 : found->second.sequence) << "stream " << id << " step " << step;
        if (sequence != 0) {
          ASSERT_EQ(last, found->second.last);
        }
        if (streams[id]->unsent() && random() % 3 != 0) {
          ASSERT_EQ(schedule.Sent(streams[id].get()), model.Sent(id));
        }
      }
    }
  }
}

}  // namespace
}  // namespace penstock::service
