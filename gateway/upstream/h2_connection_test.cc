// What a call hears when the peer is a server of the test's own: frame by frame, well or badly.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "gateway/net/address.h"
#include "gateway/net/loop.h"
#include "gateway/upstream/endpoint_pool.h"
#include "gateway/upstream/grpc_frames.h"
#include "gateway/upstream/testing/scripted_server.h"

namespace penstock::upstream {
namespace {

using testing::DataFrame;
using testing::HeadersFrame;
using testing::OkTrailers;
using testing::Recorder;
using testing::ResponseHead;
using testing::RunUntil;
using testing::ScriptedPeer;
using testing::ScriptedServer;

std::string Framed(const std::string& message) {
  std::string out;
  AppendFrame(message, &out);
  return out;
}

// A head of 80,000 bytes: HEADERS and four CONTINUATIONs, each within what one frame takes.
std::string LargeHead() {
  const std::string large(16000, 'x');
  std::string frames =
      HeadersFrame(1, {{":status", "200"}, {"content-type", "application/grpc"}, {"large", large}}, false);
  frames[4] = 0;  // not END_HEADERS
  for (int i = 0; i < 4; ++i) {
    std::string frame = HeadersFrame(1, {{"large", large}}, false);
    frame[3] = 9;  // CONTINUATION
    if (i < 3) frame[4] = 0;
    frames += frame;
  }
  return frames;
}

class H2ConnectionTest : public ::testing::Test {
 protected:
  void Connect(const std::vector<std::pair<uint16_t, uint32_t>>& settings = {}) {
    options_.addresses = {server_.address()};
    pool_ = EndpointPool::Create(loop_, options_).value();
    pool_->Start();
    peer_ = server_.Accept(settings);
    ASSERT_TRUE(RunUntil(loop_, [&] { return pool_->ready(); }));
  }

  // Starts a unary call whose request is "ask".
  void Start(Recorder& recorder, CallRequest request = {"/pkg.Service/Method", {}, absl::InfiniteDuration()}) {
    recorder.call = pool_->StartCall(std::move(request), &recorder);
    recorder.call->SendMessage("ask", /*last=*/true);
  }

  void AwaitEnd(Recorder& recorder) {
    ASSERT_TRUE(RunUntil(loop_, [&] { return recorder.end.has_value(); })) << "the call does not end";
  }

  net::Loop loop_;
  ScriptedServer server_{loop_};
  ChannelOptions options_;
  std::unique_ptr<EndpointPool> pool_;
  std::unique_ptr<ScriptedPeer> peer_;
};

TEST_F(H2ConnectionTest, SendsTheRequestAndHearsTheAnswer) {
  Connect();
  Recorder recorder;
  Start(recorder);
  peer_->Await(testing::kHeaders, 1);
  const testing::Frame body = peer_->Await(testing::kData, 1);
  EXPECT_EQ(body.payload, Framed("ask"));
  EXPECT_EQ(body.flags & testing::kEndStream, testing::kEndStream);
  EXPECT_EQ(recorder.call->Unsent(), 0u);

  peer_->Send(HeadersFrame(1, {{":status", "200"}, {"content-type", "application/grpc+proto"}, {"a", "b"}}, false) +
              DataFrame(1, Framed("one") + Framed("")) + DataFrame(1, Framed("three")) +
              HeadersFrame(1, {{"grpc-status", "0"}, {"t-bin", "AAE"}}, true));
  AwaitEnd(recorder);
  EXPECT_EQ(recorder.messages, (std::vector<std::string>{"one", "", "three"}));
  EXPECT_EQ(recorder.heads, (std::vector<Metadata>{{{"content-type", "application/grpc+proto"}, {"a", "b"}}}));
  EXPECT_TRUE(recorder.end->status.ok());
  EXPECT_TRUE(recorder.end->from_upstream);
  EXPECT_EQ(recorder.end->trailers, (Metadata{{"t-bin", std::string("\0\1", 2)}}));
  EXPECT_FALSE(peer_->Has(testing::kRstStream)) << "a call that is complete needs no reset";
}

TEST_F(H2ConnectionTest, EndsAsThePeerSays) {
  struct Row {
    const char* why;
    std::string frames;
    absl::StatusCode code;
    const char* message;
    bool from_upstream;
    bool unprocessed;
  };
  const Metadata ok_head = {{":status", "200"}, {"content-type", "application/grpc"}};
  const auto with = [](Metadata head, const Metadata& more) {
    head.insert(head.end(), more.begin(), more.end());
    return head;
  };
  const std::string head = ResponseHead(1);
  const std::vector<Row> rows = {
      {"trailers-only", HeadersFrame(1, with(ok_head, {{"grpc-status", "5"}, {"grpc-message", "no%20such"}}), true),
       absl::StatusCode::kNotFound, "no such", true, false},
      {"an error after a message", head + DataFrame(1, Framed("x")) + HeadersFrame(1, {{"grpc-status", "14"}}, true),
       absl::StatusCode::kUnavailable, "", true, false},
      {"a code that gRPC does not know", head + HeadersFrame(1, {{"grpc-status", "77"}}, true),
       absl::StatusCode::kUnknown, "", true, false},
      {"a proxy's answer", HeadersFrame(1, {{":status", "503"}, {"content-type", "text/html"}}, false),
       absl::StatusCode::kUnavailable, "503", false, false},
      {"a web server", HeadersFrame(1, {{":status", "200"}, {"content-type", "text/html"}}, false),
       absl::StatusCode::kUnknown, "not gRPC", false, false},
      {"trailers without a status", head + HeadersFrame(1, {{"a", "b"}}, true), absl::StatusCode::kUnknown,
       "without a grpc-status", false, false},
      {"no trailers", head + DataFrame(1, Framed("x"), true), absl::StatusCode::kUnknown, "without a grpc-status",
       false, false},
      {"OK inside a message", head + DataFrame(1, Framed("12345").substr(0, 7)) + OkTrailers(1),
       absl::StatusCode::kInternal, "inside a message", false, false},
      {"an interim answer is none",
       HeadersFrame(1, {{":status", "103"}}, false) + head + HeadersFrame(1, {{"grpc-status", "8"}}, true),
       absl::StatusCode::kResourceExhausted, "", true, false},
      {"a stream refused after it was answered", head + DataFrame(1, Framed("x")) + testing::RstFrame(1, 7),
       absl::StatusCode::kUnavailable, "REFUSED_STREAM", false, false},
      {"a cancelled stream", head + testing::RstFrame(1, 8), absl::StatusCode::kCancelled, "CANCEL", false, false},
      {"an upset server", testing::RstFrame(1, 11), absl::StatusCode::kResourceExhausted, "ENHANCE", false, false},
      {"any other reset", testing::RstFrame(1, 2), absl::StatusCode::kInternal, "INTERNAL_ERROR", false, false},
      {"a compressed message", head + DataFrame(1, std::string("\1\0\0\0\1x", 6)), absl::StatusCode::kInternal,
       "compressed", false, false},
      {"a message over the limit", head + DataFrame(1, std::string("\0\0\0\4\1", 5)),
       absl::StatusCode::kResourceExhausted, "1025 bytes; at most 1024", false, false},
      {"metadata over the limit", LargeHead(), absl::StatusCode::kResourceExhausted, "metadata", false, false},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    options_.max_message_bytes = 1024;
    Connect();
    Recorder recorder;
    Start(recorder);
    peer_->Await(testing::kData, 1);
    peer_->Send(row.frames);
    AwaitEnd(recorder);
    ASSERT_TRUE(recorder.end.has_value());
    EXPECT_EQ(recorder.end->status.code(), row.code) << recorder.end->status;
    EXPECT_TRUE(absl::StrContains(recorder.end->status.message(), row.message)) << recorder.end->status;
    EXPECT_EQ(recorder.end->from_upstream, row.from_upstream);
    EXPECT_EQ(recorder.end->unprocessed, row.unprocessed);
    pool_.reset();
  }
}

TEST_F(H2ConnectionTest, AFaultOfOneStreamLeavesTheOthersAlone) {
  Connect();
  Recorder bad, good;
  Start(bad);
  Start(good);
  peer_->Await(testing::kData, 3);
  peer_->Send(ResponseHead(1) + ResponseHead(3) + DataFrame(1, std::string("\2\0\0\0\1x", 6)));
  AwaitEnd(bad);
  EXPECT_EQ(bad.end->status.code(), absl::StatusCode::kInternal);
  peer_->Await(testing::kRstStream, 1);
  // What was on its way on the reset stream is dropped, what comes on the other is heard.
  peer_->Send(DataFrame(1, Framed("late")) + DataFrame(3, Framed("fine")) + OkTrailers(3));
  AwaitEnd(good);
  EXPECT_TRUE(good.end->status.ok());
  EXPECT_EQ(good.messages, (std::vector<std::string>{"fine"}));
}

TEST_F(H2ConnectionTest, EveryCutOfTheAnswerIsTheSameAnswer) {
  Connect();
  std::string answer;
  uint32_t id = 1;
  const auto make = [&id] {
    return ResponseHead(id) + DataFrame(id, Framed("hello").substr(0, 7)) +
           DataFrame(id, Framed("hello").substr(7) + Framed("")) + OkTrailers(id);
  };
  for (size_t cut = 0; cut <= make().size(); ++cut, id += 2) {
    SCOPED_TRACE(cut);
    Recorder recorder;
    Start(recorder);
    peer_->Await(testing::kData, id);
    answer = make();
    peer_->Send(answer.substr(0, cut));
    loop_.io().poll();
    peer_->Send(answer.substr(cut));
    AwaitEnd(recorder);
    EXPECT_TRUE(recorder.end->status.ok());
    EXPECT_EQ(recorder.messages, (std::vector<std::string>{"hello", ""}));
  }
}

TEST_F(H2ConnectionTest, ALostConnectionEndsItsCalls) {
  for (const bool reset : {false, true}) {
    SCOPED_TRACE(reset ? "TCP reset" : "clean close inside a frame");
    Connect();
    Recorder recorder;
    Start(recorder);
    peer_->Await(testing::kData, 1);
    peer_->Send(ResponseHead(1) + DataFrame(1, Framed("whole")) + DataFrame(1, Framed("cut short")).substr(0, 12));
    ASSERT_TRUE(RunUntil(loop_, [&] { return recorder.messages.size() == 1; }));
    reset ? peer_->Reset() : peer_->Close();
    AwaitEnd(recorder);
    EXPECT_EQ(recorder.messages, (std::vector<std::string>{"whole"}));
    EXPECT_EQ(recorder.end->status.code(), absl::StatusCode::kUnavailable);
    EXPECT_TRUE(absl::StrContains(recorder.end->status.message(), net::PrintAddress(server_.address())))
        << recorder.end->status;
    EXPECT_FALSE(recorder.end->unprocessed) << "the upstream may have acted on it";
    EXPECT_FALSE(recorder.end->from_upstream);
    pool_.reset();
  }
}

TEST_F(H2ConnectionTest, GoawayLetsOpenCallsFinishAndMovesTheRest) {
  Connect();
  Recorder kept, moved;
  Start(kept);
  Start(moved);
  peer_->Await(testing::kData, 3);
  peer_->Send(testing::GoawayFrame(1, 0));

  // The pool connects again; what was left out goes there, while the old one ends in peace.
  const std::unique_ptr<ScriptedPeer> next = server_.Accept();
  next->Await(testing::kData, 1);
  peer_->Send(ResponseHead(1) + DataFrame(1, Framed("late but whole")) + OkTrailers(1));
  AwaitEnd(kept);
  EXPECT_TRUE(kept.end->status.ok());
  EXPECT_EQ(kept.messages.size(), 1u);
  EXPECT_TRUE(RunUntil(loop_, [&] {
    peer_->Poll();
    return peer_->closed();
  })) << "a connection without calls after GOAWAY is closed";
}

TEST_F(H2ConnectionTest, DestroyingTheCallResetsTheStream) {
  Connect();
  Recorder recorder;
  Start(recorder);
  peer_->Await(testing::kData, 1);
  recorder.call.reset();
  const testing::Frame reset = peer_->Await(testing::kRstStream, 1);
  EXPECT_EQ(reset.payload, std::string("\0\0\0\x8", 4)) << "CANCEL";
  EXPECT_FALSE(recorder.end.has_value());
  // Before anything was sent nothing is said at all.
  Start(recorder);
  recorder.call.reset();
  Recorder after;
  Start(after);
  peer_->Await(testing::kHeaders, 5);
  EXPECT_FALSE(peer_->Has(testing::kHeaders, 3));
}

// Destroys a call at the end of the loop's iteration.
class Release final : public net::Deferred {
 public:
  Release(net::Loop& loop, Recorder& recorder) : loop_(loop), recorder_(recorder) {}
  void operator()() { loop_.Defer(this); }

 private:
  void RunDeferred() override { recorder_.call.reset(); }

  net::Loop& loop_;
  Recorder& recorder_;
};

TEST_F(H2ConnectionTest, HandlersMayDestroyTheirCallRightAfterAnyCallback) {
  Connect();
  // By id: the call of stream 1 goes with its first message, 3 at its end, 5 with a message that had been cut.
  Recorder first, last, cut;
  for (Recorder* recorder : {&first, &last, &cut}) Start(*recorder);
  Release release_first(loop_, first), release_last(loop_, last), release_cut(loop_, cut);
  first.on_message = [&](absl::string_view) { release_first(); };
  cut.on_message = [&](absl::string_view) { release_cut(); };
  last.on_end = [&] { release_last(); };
  peer_->Await(testing::kData, 5);
  const std::string data = Framed("a") + Framed("b");
  peer_->Send(ResponseHead(1) + DataFrame(1, data) + ResponseHead(5) + DataFrame(5, data.substr(0, 3)));
  peer_->Send(DataFrame(5, data.substr(3)) + ResponseHead(3) + DataFrame(3, data) + OkTrailers(3));
  AwaitEnd(last);
  peer_->Await(testing::kRstStream, 1);
  peer_->Await(testing::kRstStream, 5);
  for (const Recorder* recorder : {&first, &last, &cut}) {
    EXPECT_EQ(recorder->call, nullptr);
    EXPECT_EQ(recorder->message_count, 2u) << "both came by one read";
  }
  EXPECT_FALSE(first.end.has_value() || cut.end.has_value());
}

TEST_F(H2ConnectionTest, DestroyingACallInsideItsCallbackIsCaught) {
  Connect();
  Recorder recorder;
  Start(recorder);
  peer_->Await(testing::kData, 1);
  recorder.on_message = [&](absl::string_view) { recorder.call.reset(); };
  EXPECT_DEATH(
      {
        peer_->Send(ResponseHead(1) + DataFrame(1, Framed("a")));
        RunUntil(loop_, [&] { return recorder.message_count > 0; });
      },
      "broken promise: !telling_");
}

TEST_F(H2ConnectionTest, CancelledAfterTheDeadlineIsTheDeadline) {
  Connect();
  Recorder recorder;
  Start(recorder, {"/pkg.Service/Method", {}, absl::Milliseconds(1)});
  peer_->Await(testing::kData, 1);
  // Before the timer has its turn.
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  peer_->Send(testing::RstFrame(1, 8));
  AwaitEnd(recorder);
  EXPECT_EQ(recorder.end->status.code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(H2ConnectionTest, TheDeadlineIsSentAndKept) {
  Connect();
  Recorder recorder;
  Start(recorder, {"/pkg.Service/Method", {}, absl::Milliseconds(50)});
  const testing::Frame head = peer_->Await(testing::kHeaders, 1);
  AwaitEnd(recorder);
  EXPECT_EQ(recorder.end->status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_FALSE(recorder.end->from_upstream);
  EXPECT_FALSE(recorder.end->unprocessed);
  peer_->Await(testing::kRstStream, 1);
}

TEST_F(H2ConnectionTest, AHeldWindowStopsThePeerAndGivingItBackLetsItGoOn) {
  options_.stream_window_bytes = 65536;
  Connect();
  Recorder slow;
  slow.hold = true;
  Start(slow);
  peer_->Await(testing::kData, 1);
  const std::string message = Framed(std::string(1019, 'm'));  // 1024 bytes: 64 fill the window
  peer_->Send(ResponseHead(1));
  for (int i = 0; i < 64; ++i) peer_->Send(DataFrame(1, message));
  ASSERT_TRUE(RunUntil(loop_, [&] { return slow.held == 65536; }));
  // The connection's own window was given back all the same: a neighbour gets its bytes.
  Recorder other;
  Start(other);
  peer_->Await(testing::kData, 3);
  EXPECT_FALSE(peer_->Has(testing::kWindowUpdate, 1)) << "nothing was given back";
  peer_->Send(ResponseHead(3) + DataFrame(3, Framed("quick")) + OkTrailers(3));
  AwaitEnd(other);
  EXPECT_TRUE(other.end->status.ok());

  slow.call->GiveBack(slow.held);
  slow.held = 0;
  const testing::Frame update = peer_->Await(testing::kWindowUpdate, 1);
  EXPECT_EQ(update.payload, std::string("\0\1\0\0", 4)) << "all 65536 bytes";
  peer_->Send(DataFrame(1, message) + OkTrailers(1));
  AwaitEnd(slow);
  EXPECT_TRUE(slow.end->status.ok());
  EXPECT_EQ(slow.message_count, 65u);
}

// A server that respects windows, as all do.
class WindowedSender {
 public:
  WindowedSender(ScriptedPeer& peer, uint32_t id, int64_t window) : peer_(peer), id_(id), window_(window) {}

  // Sends what fits of the rest; false: nothing is left.
  bool Pump(std::string& rest) {
    while (peer_.Has(testing::kWindowUpdate, id_)) {
      const std::string payload = peer_.Await(testing::kWindowUpdate, id_).payload;
      for (int i = 0; i < 4; ++i) added_ = added_ << 8 | static_cast<unsigned char>(payload[i]);
      window_ += std::exchange(added_, 0);
    }
    const size_t count = std::min<size_t>({rest.size(), static_cast<size_t>(window_), 16384});
    if (count > 0) {
      peer_.Send(DataFrame(id_, rest.substr(0, count)));
      rest.erase(0, count);
      window_ -= static_cast<int64_t>(count);
    }
    return !rest.empty();
  }

 private:
  ScriptedPeer& peer_;
  const uint32_t id_;
  int64_t window_;
  int64_t added_ = 0;
};

TEST_F(H2ConnectionTest, AMessageLargerThanTheWindowPasses) {
  Connect();
  Recorder recorder;
  Start(recorder);
  peer_->Await(testing::kData, 1);
  peer_->Send(ResponseHead(1));
  const std::string message(1'000'000, 'L');
  std::string rest = Framed(message);
  WindowedSender sender(*peer_, 1, 65535);
  ASSERT_TRUE(RunUntil(loop_, [&] { return !sender.Pump(rest); })) << rest.size() << " bytes left";
  peer_->Send(OkTrailers(1));
  AwaitEnd(recorder);
  ASSERT_EQ(recorder.messages.size(), 1u);
  EXPECT_TRUE(recorder.messages[0] == message);
}

TEST_F(H2ConnectionTest, APeerThatNeverReadsHoldsABoundedRequest) {
  Connect({{4, 1000}});  // INITIAL_WINDOW_SIZE
  Recorder recorder;
  recorder.call = pool_->StartCall({"/pkg.Service/Method", {}, absl::InfiniteDuration()}, &recorder);
  recorder.call->SendMessage(std::string(5000, 'u'), /*last=*/false);
  peer_->Await(testing::kData, 1);
  EXPECT_EQ(recorder.call->Unsent(), 5005u - 1000u) << "what waits for the peer's window is counted";
  EXPECT_EQ(recorder.sent, 0);
  // The peer opens up: all of it goes out, and nothing of it twice.
  peer_->Send(testing::EncodeFrame({testing::kWindowUpdate, 0, 1, std::string("\0\1\0\0", 4)}));
  const testing::Frame rest = peer_->Await(testing::kData, 1);
  EXPECT_EQ(rest.payload, std::string(4005, 'u'));
  EXPECT_EQ(recorder.call->Unsent(), 0u);
  EXPECT_EQ(recorder.sent, 1) << "there is room for more, and the handler hears of it";
  recorder.call->SendMessage("more", /*last=*/false);
  EXPECT_EQ(peer_->Await(testing::kData, 1).payload, Framed("more"));
  recorder.call->CloseSend();
  EXPECT_EQ(peer_->Await(testing::kData, 1).flags & testing::kEndStream, testing::kEndStream);
}

TEST_F(H2ConnectionTest, AnswersPingAndSendsNone) {
  Connect();
  peer_->Send(testing::EncodeFrame({testing::kPing, 0, 0, "12345678"}));
  const testing::Frame pong = peer_->Await(testing::kPing);
  EXPECT_EQ(pong.flags, testing::kAck);
  EXPECT_EQ(pong.payload, "12345678");
}

TEST_F(H2ConnectionTest, APeerThatBreaksHttp2IsLeft) {
  Connect();
  Recorder recorder;
  Start(recorder);
  peer_->Await(testing::kData, 1);
  peer_->Send(testing::EncodeFrame({testing::kData, 0, 0, "on stream 0"}));
  AwaitEnd(recorder);
  EXPECT_EQ(recorder.end->status.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(absl::StrContains(recorder.end->status.message(), "HTTP/2")) << recorder.end->status;
  peer_->Await(testing::kGoaway);
}

}  // namespace
}  // namespace penstock::upstream
