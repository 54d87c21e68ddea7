// The pump, with any order of events of any size: one byte chooses an event, further bytes its sizes.
#include <algorithm>

#include "gateway/exchange/pump.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/input.h"

namespace penstock::fuzz {
namespace {

// Keeps the books of an exchange that does what the pump says.
class Book {
 public:
  explicit Book(EndingStyle style) : style_(style), pump_(style) {}

  bool open() const { return pump_.state() != Pump::State::kClosed; }

  void Record(size_t window, size_t record) {
    if (open()) taken_ += window, unsent_ += record;
    Check(pump_.OnRecord(window, record), /*ends=*/false);
  }
  void Partial(size_t window) {
    const bool nothing_waits = open() && unsent_ == 0;
    if (open()) taken_ += window;
    Check(pump_.OnPartial(window), /*ends=*/false);
    FUZZ_EXPECT(!nothing_waits || given_back_ == taken_, "a message larger than the window could never complete");
  }
  void Drain(size_t bytes) {
    bytes = std::min(bytes, unsent_);
    unsent_ -= bytes;
    Check(pump_.OnDrained(bytes, unsent_), /*ends=*/false);
    FUZZ_EXPECT(!open() || unsent_ != 0 || given_back_ == taken_, "all has drained and ", taken_ - given_back_,
                " stay");
  }
  void HeadWait() { Check(pump_.OnHeadWait(), /*ends=*/false); }
  void Silence() {
    const PumpActions actions = pump_.OnSilence();
    FUZZ_EXPECT(!actions.send_heartbeat || (unsent_ == 0 && heads_ == 1 && style_ == EndingStyle::kRecord));
    Check(actions, /*ends=*/false);
  }
  void UpstreamEnd(bool ok) { Check(pump_.OnUpstreamEnd(ok), /*ends=*/true); }
  void LocalEnd() { CheckCancels(pump_.OnLocalEnd(), /*tells=*/true); }
  void ClientGone() { CheckCancels(pump_.OnClientGone(), /*tells=*/false); }

  // Whatever has happened: what was taken comes back, and the stream can be ended once more and only once.
  void Settle() {
    Drain(unsent_);
    const bool was_open = open();
    UpstreamEnd(true);
    FUZZ_EXPECT(!open());
    FUZZ_EXPECT(!was_open || finishes_ + aborts_ + replies_ == 1, "the client learns of the end");
    UpstreamEnd(false);
    LocalEnd();
    ClientGone();
    FUZZ_EXPECT(finishes_ + aborts_ + replies_ <= 1 && cancels_ <= 1);
  }

 private:
  void CheckCancels(const PumpActions& actions, bool tells) {
    FUZZ_EXPECT(closed_before_ || actions.cancel_upstream);
    FUZZ_EXPECT(tells || !(actions.finish || actions.abort || actions.reply_error || actions.send_ending));
    Check(actions, /*ends=*/true);
  }

  void Check(const PumpActions& actions, bool ends) {
    heads_ += actions.send_head;
    endings_ += actions.send_ending;
    replies_ += actions.reply_error;
    finishes_ += actions.finish;
    aborts_ += actions.abort;
    cancels_ += actions.cancel_upstream;
    given_back_ += actions.give_back;
    const bool anything = actions.send_head || actions.send_ending || actions.reply_error || actions.finish ||
                          actions.abort || actions.cancel_upstream || actions.send_heartbeat || actions.give_back != 0;
    FUZZ_EXPECT(!closed_before_ || !anything, "a closed stream does nothing");
    FUZZ_EXPECT(heads_ + replies_ <= 1 && finishes_ + aborts_ + replies_ <= 1 && endings_ <= 1 && cancels_ <= 1);
    FUZZ_EXPECT(endings_ + aborts_ == 0 || heads_ == 1, "no ending without a head");
    FUZZ_EXPECT(!actions.finish || actions.send_ending == (style_ == EndingStyle::kRecord));
    FUZZ_EXPECT(style_ == EndingStyle::kBare || aborts_ == 0, "where a record can tell, nothing is aborted");
    FUZZ_EXPECT(given_back_ <= taken_, given_back_, " of ", taken_);
    FUZZ_EXPECT(!open() || given_back_ + pump_.held() == taken_, "window was lost");
    FUZZ_EXPECT(open() != (ends || closed_before_), "an end closes, and nothing else does");
    closed_before_ = !open();
  }

  const EndingStyle style_;
  Pump pump_;
  size_t taken_ = 0, given_back_ = 0, unsent_ = 0;
  int heads_ = 0, endings_ = 0, replies_ = 0, finishes_ = 0, aborts_ = 0, cancels_ = 0;
  bool closed_before_ = false;
};

// Small, or far apart.
size_t Size(Input& input) { return size_t{input.Byte()} << input.Below(24); }

void Run(Input& input) {
  Book book(input.Flag() ? EndingStyle::kBare : EndingStyle::kRecord);
  while (!input.empty()) {
    switch (input.Below(10)) {
      case 0:
      case 1: {
        const size_t window = Size(input);
        book.Record(window, Size(input));
        break;
      }
      case 2:
        book.Partial(Size(input));
        break;
      case 3:
      case 4:
        book.Drain(Size(input));
        break;
      case 5:
        book.HeadWait();
        break;
      case 6:
        book.Silence();
        break;
      case 7:
        book.UpstreamEnd(input.Flag());
        break;
      case 8:
        book.LocalEnd();
        break;
      case 9:
        book.ClientGone();
        break;
    }
  }
  book.Settle();
}

}  // namespace
}  // namespace penstock::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  penstock::fuzz::Input input(data, size);
  penstock::fuzz::Run(input);
  return 0;
}
