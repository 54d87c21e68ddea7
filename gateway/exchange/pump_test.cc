#include "gateway/exchange/pump.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace penstock {
namespace {

using State = Pump::State;

enum class Event { kRecord, kPartial, kDrainSome, kDrainAll, kHeadWait, kSilence, kGoodEnd, kBadEnd, kLocalEnd, kGone };
constexpr Event kAllEvents[] = {Event::kRecord,  Event::kPartial, Event::kDrainSome, Event::kDrainAll, Event::kHeadWait,
                                Event::kSilence, Event::kGoodEnd, Event::kBadEnd,    Event::kLocalEnd, Event::kGone};

// Drives a pump as an exchange would and keeps the books that the pump must agree with.
class Book {
 public:
  explicit Book(EndingStyle style) : style_(style), pump_(style) {}

  void Do(Event event) {
    const State before = pump_.state();
    const PumpActions actions = Feed(event);
    Check(event, before, actions);
  }

  // Everything that was taken of the window came back once the client had drained everything.
  void CheckSettled() {
    if (pump_.state() == State::kClosed) return;
    Do(Event::kDrainAll);
    EXPECT_EQ(given_back_, taken_);
    EXPECT_EQ(pump_.held(), 0u);
  }

  int heads = 0, endings = 0, replies = 0, finishes = 0, aborts = 0, cancels = 0;

 private:
  static constexpr size_t kWindow = 37, kRecord = 100, kPartial = 11;

  PumpActions Feed(Event event) {
    const bool open = pump_.state() != State::kClosed;
    switch (event) {
      case Event::kRecord:
        if (open) taken_ += kWindow, unsent_ += kRecord;
        return pump_.OnRecord(kWindow, kRecord);
      case Event::kPartial:
        if (open) taken_ += kPartial;
        return pump_.OnPartial(kPartial);
      case Event::kDrainSome: {
        const size_t bytes = unsent_ / 2 + unsent_ % 2;
        unsent_ -= bytes;
        return pump_.OnDrained(bytes, unsent_);
      }
      case Event::kDrainAll: {
        const size_t bytes = unsent_;
        unsent_ = 0;
        return pump_.OnDrained(bytes, 0);
      }
      case Event::kHeadWait:
        return pump_.OnHeadWait();
      case Event::kSilence:
        return pump_.OnSilence();
      case Event::kGoodEnd:
        return pump_.OnUpstreamEnd(true);
      case Event::kBadEnd:
        return pump_.OnUpstreamEnd(false);
      case Event::kLocalEnd:
        return pump_.OnLocalEnd();
      case Event::kGone:
        return pump_.OnClientGone();
    }
    return {};
  }

  void Check(Event event, State before, const PumpActions& actions) {
    heads += actions.send_head;
    endings += actions.send_ending;
    replies += actions.reply_error;
    finishes += actions.finish;
    aborts += actions.abort;
    cancels += actions.cancel_upstream;
    given_back_ += actions.give_back;

    if (before == State::kClosed) {
      EXPECT_FALSE(actions.send_head || actions.send_ending || actions.reply_error || actions.finish || actions.abort ||
                   actions.cancel_upstream || actions.send_heartbeat || actions.give_back != 0)
          << "a closed stream does nothing";
    }
    EXPECT_LE(heads + replies, 1) << "one head, or one error reply";
    EXPECT_LE(endings + replies + (style_ == EndingStyle::kBare ? finishes + aborts : 0), 1) << "one ending";
    EXPECT_FALSE(actions.finish && actions.abort);
    if (actions.send_ending || actions.abort) {
      EXPECT_EQ(heads, 1) << "no ending without a head";
    }
    if (actions.send_ending) {
      EXPECT_TRUE(actions.finish);
    }
    if (style_ == EndingStyle::kBare) {
      EXPECT_EQ(endings, 0) << "raw bytes have no ending record";
    }
    if (actions.send_heartbeat) {
      EXPECT_EQ(unsent_, 0u) << "no heartbeat behind bytes that wait";
    }
    EXPECT_LE(given_back_, taken_);
    if (event == Event::kPartial && before != State::kClosed && unsent_ == 0) {
      EXPECT_EQ(given_back_, taken_) << "a message larger than the window must be able to complete";
    }
    if (event == Event::kGoodEnd && style_ == EndingStyle::kBare) {
      EXPECT_FALSE(actions.abort);
    }
    const bool ends = event >= Event::kGoodEnd;
    if (ends) {
      EXPECT_EQ(pump_.state(), State::kClosed);
    }
    if (before != State::kClosed && (event == Event::kLocalEnd || event == Event::kGone)) {
      EXPECT_TRUE(actions.cancel_upstream);
    }
    if (before != State::kClosed && ends && event != Event::kGone) {
      EXPECT_EQ(actions.reply_error + actions.finish + actions.abort, 1) << "the client learns of every end";
    }
  }

  const EndingStyle style_;
  Pump pump_;
  size_t taken_ = 0, given_back_ = 0, unsent_ = 0;
};

// Every order of events up to a length at which each pair of events has met in every state.
TEST(Pump, KeepsItsPromisesInEveryOrderOfEvents) {
  constexpr size_t kLength = 6;
  constexpr size_t kEvents = std::size(kAllEvents);
  size_t orders = 1;
  for (size_t i = 0; i < kLength; ++i) orders *= kEvents;
  for (EndingStyle style : {EndingStyle::kRecord, EndingStyle::kBare}) {
    for (size_t order = 0; order < orders; ++order) {
      Book book(style);
      size_t rest = order;
      for (size_t i = 0; i < kLength; ++i, rest /= kEvents) book.Do(kAllEvents[rest % kEvents]);
      book.CheckSettled();
      if (::testing::Test::HasFailure()) {
        std::string events;
        for (size_t i = 0, left = order; i < kLength; ++i, left /= kEvents)
          events += std::to_string(left % kEvents) + " ";
        FAIL() << "order of events: " << events;
      }
    }
  }
}

TEST(Pump, AnEarlyFailureIsAnHttpStatusAndALateOneARecord) {
  Pump early(EndingStyle::kRecord);
  EXPECT_TRUE(early.OnUpstreamEnd(false).reply_error);

  Pump late(EndingStyle::kRecord);
  EXPECT_TRUE(late.OnHeadWait().send_head);
  const PumpActions actions = late.OnUpstreamEnd(false);
  EXPECT_FALSE(actions.reply_error);
  EXPECT_TRUE(actions.send_ending);
  EXPECT_TRUE(actions.finish);
}

TEST(Pump, AGoodEndWithoutARecordStillHasHeadAndEnding) {
  Pump pump(EndingStyle::kRecord);
  const PumpActions actions = pump.OnUpstreamEnd(true);
  EXPECT_TRUE(actions.send_head);
  EXPECT_TRUE(actions.send_ending);
  EXPECT_TRUE(actions.finish);
  EXPECT_FALSE(actions.cancel_upstream);
}

TEST(Pump, GivesTheWindowOfEarlierRecordsBackBeforeLaterOnesAreGone) {
  Pump pump(EndingStyle::kRecord);
  pump.OnRecord(10, 100);                            // the first generation
  pump.OnRecord(20, 200);                            // the second
  pump.OnRecord(30, 300);                            // joins the second
  EXPECT_EQ(pump.OnDrained(99, 501).give_back, 0u);  // one byte of the first record is missing
  EXPECT_EQ(pump.OnDrained(1, 500).give_back, 10u);  // now it is gone
  EXPECT_EQ(pump.OnDrained(499, 1).give_back, 0u);   // one byte of the second generation is missing
  EXPECT_EQ(pump.OnDrained(1, 0).give_back, 50u);
}

TEST(Pump, APartialMessageBehindAWaitingRecordWaitsWithIt) {
  Pump pump(EndingStyle::kRecord);
  pump.OnRecord(10, 100);
  EXPECT_EQ(pump.OnPartial(7).give_back, 0u);
  EXPECT_EQ(pump.OnDrained(100, 0).give_back, 17u);
  EXPECT_EQ(pump.OnPartial(9).give_back, 9u);
}

// An HttpBody may say its type first and have no data yet. Held, its window would keep back that of the next message's
// pieces, and one larger than the window would never be complete.
TEST(Pump, ARecordWithoutBytesWaitsForNothing) {
  Pump pump(EndingStyle::kBare);
  const PumpActions actions = pump.OnRecord(10, 0);
  EXPECT_TRUE(actions.send_head);
  EXPECT_EQ(actions.give_back, 10u);
  EXPECT_EQ(pump.OnPartial(7).give_back, 7u);
  pump.OnRecord(20, 100);
  EXPECT_EQ(pump.OnRecord(5, 0).give_back, 0u);  // behind one that waits, it waits with it
  EXPECT_EQ(pump.OnDrained(100, 0).give_back, 25u);
}

TEST(Pump, OnlySilentStreamsGetHeartbeats) {
  Pump pump(EndingStyle::kRecord);
  EXPECT_FALSE(pump.OnSilence().send_heartbeat);  // no head yet
  pump.OnHeadWait();
  EXPECT_TRUE(pump.OnSilence().send_heartbeat);
  pump.OnRecord(10, 100);
  EXPECT_FALSE(pump.OnSilence().send_heartbeat);  // a record waits: the client is slow, not the upstream

  Pump raw(EndingStyle::kBare);
  raw.OnHeadWait();
  EXPECT_FALSE(raw.OnSilence().send_heartbeat);
}

}  // namespace
}  // namespace penstock
