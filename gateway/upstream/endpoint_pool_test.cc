// Where calls go: waiting, spreading, the peer's limit, failure and return.
#include "gateway/upstream/endpoint_pool.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/upstream/testing/pool_harness.h"
#include "gateway/upstream/testing/scripted_server.h"

namespace penstock::upstream {
namespace {

using testing::OkTrailers;
using testing::Recorder;
using testing::ResponseHead;
using testing::RunUntil;
using testing::ScriptedPeer;
using testing::ScriptedServer;

constexpr uint16_t kMaxConcurrentStreams = 3;  // SETTINGS identifier

TEST_F(EndpointPoolTest, RefusesNoAddress) {
  options_.addresses = {};
  EXPECT_EQ(EndpointPool::Create(loop_, options_).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(EndpointPoolTest, CallsWaitForTheFirstConnect) {
  ScriptedServer server(loop_);
  Start({server.address()});
  Recorder recorder;
  Call(recorder);
  EXPECT_FALSE(pool_->ready());
  const auto peer = server.Accept();
  peer->Await(testing::kHeaders, 1);
  peer->Send(ResponseHead(1) + OkTrailers(1));
  EXPECT_TRUE(RunUntil(loop_, [&] { return recorder.end.has_value(); }));
  EXPECT_TRUE(recorder.end->status.ok());
  EXPECT_EQ(changes_, (std::vector<bool>{true}));
}

TEST_F(EndpointPoolTest, NoConnectionEndsCallsAtOnceWithTheReason) {
  const net::Address address = FreePort();
  Start({address});
  Recorder waiting;
  Call(waiting);
  ASSERT_TRUE(RunUntil(loop_, [&] { return waiting.end.has_value(); }));
  Recorder later;
  Call(later);
  EXPECT_FALSE(later.end.has_value()) << "never from inside StartCall";
  ASSERT_TRUE(RunUntil(loop_, [&] { return later.end.has_value(); }));
  for (const Recorder* recorder : {&waiting, &later}) {
    EXPECT_EQ(recorder->end->status.code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(recorder->end->status.message(),
              absl::StrCat("no connection to ", net::PrintAddress(address), ": Connection refused"));
    EXPECT_TRUE(recorder->end->unprocessed);
    EXPECT_FALSE(recorder->end->from_upstream);
  }
  EXPECT_EQ(pool_->last_error(), later.end->status);
  EXPECT_TRUE(changes_.empty());
  ASSERT_TRUE(RunUntil(loop_, [&] { return failures_.size() == 2; })) << "each attempt is told";
  EXPECT_EQ(failures_[1], later.end->status.message());
  EXPECT_EQ(joined_, 0);
}

TEST_F(EndpointPoolTest, ANameWithoutAddressSaysSo) {
  Start({net::Address::Tcp("name.invalid", 50051)});
  Recorder recorder;
  Call(recorder);
  ASSERT_TRUE(RunUntil(loop_, [&] { return recorder.end.has_value(); }));
  EXPECT_EQ(recorder.end->status.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(absl::StrContains(recorder.end->status.message(), "name.invalid:50051")) << recorder.end->status;
  EXPECT_TRUE(recorder.end->unprocessed);
}

TEST_F(EndpointPoolTest, ASilentServerTimesOut) {
  ScriptedServer server(loop_);
  options_.connect_timeout = absl::Milliseconds(50);
  options_.max_wait = absl::Seconds(5);
  Start({server.address()});
  const auto peer = server.AcceptSilent();
  Recorder recorder;
  Call(recorder);
  ASSERT_TRUE(RunUntil(loop_, [&] { return recorder.end.has_value(); }));
  EXPECT_EQ(recorder.end->status.message(), absl::StrCat("no connection to ", net::PrintAddress(server.address()),
                                                         ": it took the connection, but did not speak HTTP/2 in time"));
}

TEST_F(EndpointPoolTest, WaitingIsBoundedInTimeAndNumber) {
  ScriptedServer server(loop_);
  options_.max_wait = absl::Milliseconds(50);
  options_.max_waiting_calls = 2;
  Start({server.address()});
  const auto peer = server.AcceptSilent();
  Recorder first, second, third;
  for (Recorder* recorder : {&first, &second, &third}) Call(*recorder);
  ASSERT_TRUE(RunUntil(loop_, [&] { return third.end.has_value(); }));
  EXPECT_TRUE(absl::StrContains(third.end->status.message(), "too many")) << third.end->status;
  EXPECT_FALSE(first.end.has_value());
  second.call.reset();  // leaves its place to another
  Recorder fourth;
  Call(fourth);
  ASSERT_TRUE(RunUntil(loop_, [&] { return first.end.has_value() && fourth.end.has_value(); }));
  for (const Recorder* recorder : {&first, &fourth}) {
    EXPECT_TRUE(absl::StrContains(recorder->end->status.message(), "still no connection")) << recorder->end->status;
    EXPECT_TRUE(recorder->end->unprocessed);
  }
}

TEST_F(EndpointPoolTest, ComesBackAfterTheServerDid) {
  options_.backoff_max = absl::Milliseconds(200);
  auto server = std::make_unique<ScriptedServer>(loop_);
  const uint16_t port = server->port();
  Start({server->address()});
  auto peer = server->Accept();
  ASSERT_TRUE(AwaitReady());
  Recorder open;
  Call(open);
  peer->Await(testing::kHeaders, 1);

  server->Close();
  peer->Reset();
  ASSERT_TRUE(RunUntil(loop_, [&] { return open.end.has_value() && !pool_->ready(); }));
  EXPECT_FALSE(open.end->unprocessed);
  ASSERT_TRUE(RunUntil(loop_, [&] { return absl::StrContains(pool_->last_error().message(), "refused"); }));

  server = std::make_unique<ScriptedServer>(loop_, port);
  peer = server->Accept();
  ASSERT_TRUE(AwaitReady());
  Recorder again;
  Call(again);
  peer->Await(testing::kHeaders, 1);
  EXPECT_TRUE(RunUntil(loop_, [&] { return changes_.size() == 3; }));
  EXPECT_EQ(changes_, (std::vector<bool>{true, false, true}));
  EXPECT_EQ(joined_, 2);
  ASSERT_GE(failures_.size(), 2u);
  EXPECT_TRUE(absl::StrContains(failures_.front(), "lost the connection")) << failures_.front();
  EXPECT_TRUE(absl::StrContains(failures_.back(), "refused")) << failures_.back();
}

TEST_F(EndpointPoolTest, AServerThatIsNoneIsCalledByItsName) {
  const struct {
    const char* why;
    std::string says;  // then it closes
    const char* names;
  } kRows[] = {
      {"a web server", "HTTP/1.1 400 Bad Request\r\n\r\n", "it speaks HTTP/1, and gRPC needs HTTP/2"},
      {"a TLS server's alert", std::string("\x15\x03\x01\0\2\2\x0A", 7), "it wants TLS"},
      {"something else that talks first", "220 mail.example ESMTP\r\n", "it does not speak HTTP/2"},
      {"it closes at once", "",
       "it closed the connection before it spoke HTTP/2: is it a gRPC server, and without TLS?"},
  };
  for (const auto& row : kRows) {
    SCOPED_TRACE(row.why);
    ScriptedServer server(loop_);
    Start({server.address()});
    Recorder recorder;
    Call(recorder);
    const auto peer = server.AcceptSilent();
    if (!row.says.empty()) peer->Send(row.says);
    peer->Close();
    ASSERT_TRUE(RunUntil(loop_, [&] { return !failures_.empty(); }));
    EXPECT_EQ(failures_.front(),
              absl::StrCat("no connection to ", net::PrintAddress(server.address()), ": ", row.names));
    EXPECT_EQ(pool_->last_error().message(), failures_.front());
    ASSERT_TRUE(RunUntil(loop_, [&] { return recorder.end.has_value(); }));
    EXPECT_EQ(recorder.end->status.message(), failures_.front());
    pool_.reset();
    failures_.clear();
  }
}

TEST_F(EndpointPoolTest, AnAddressThatJoinsIsToldAlthoughOthersAreReady) {
  ScriptedServer one(loop_), two(loop_);
  Start({one.address(), two.address()});
  const auto first = one.Accept();
  const auto second = two.Accept();
  ASSERT_TRUE(RunUntil(loop_, [&] { return joined_ == 2; }));
  // A rollout: one after the other is replaced, and never are both away.
  second->Reset();
  const auto replaced = two.Accept();
  EXPECT_TRUE(RunUntil(loop_, [&] { return joined_ == 3; }));
  EXPECT_EQ(changes_, (std::vector<bool>{true}));
}

TEST_F(EndpointPoolTest, BeyondThePeersStreamLimitAnotherConnectionOpens) {
  ScriptedServer server(loop_);
  Start({server.address()});
  const auto first = server.Accept({{kMaxConcurrentStreams, 2}});
  ASSERT_TRUE(AwaitReady());
  std::vector<Recorder> calls(5);
  for (Recorder& call : calls) Call(call);
  const auto second = server.Accept({{kMaxConcurrentStreams, 2}});
  const auto third = server.Accept({{kMaxConcurrentStreams, 2}});
  second->Await(testing::kHeaders, 3);
  third->Await(testing::kHeaders, 1);
  first->Await(testing::kHeaders, 3);
  EXPECT_FALSE(first->Has(testing::kHeaders, 5)) << "never more than the peer allows";
  EXPECT_EQ(pool_->connections(), 3u);
  EXPECT_EQ(pool_->open_streams(), 5u);
  // A stream that ends makes room where it was.
  Recorder sixth, seventh;
  Call(sixth);
  third->Await(testing::kHeaders, 3);
  first->Send(ResponseHead(1) + OkTrailers(1));
  ASSERT_TRUE(RunUntil(loop_, [&] { return calls[0].end.has_value(); }));
  Call(seventh);
  first->Await(testing::kHeaders, 5);
}

TEST_F(EndpointPoolTest, CallsAreSpreadOverTheAddresses) {
  ScriptedServer one(loop_), two(loop_);
  Start({one.address(), two.address()});
  const auto first = one.Accept();
  const auto second = two.Accept();
  ASSERT_TRUE(RunUntil(loop_, [&] { return pool_->connections() == 2; }));
  std::vector<Recorder> calls(4);
  for (Recorder& call : calls) Call(call);
  first->Await(testing::kHeaders, 3);
  second->Await(testing::kHeaders, 3);
  // One of them dies: the other takes all.
  two.Close();
  second->Reset();
  ASSERT_TRUE(RunUntil(loop_, [&] { return pool_->connections() == 1; }));
  EXPECT_TRUE(pool_->ready());
  Recorder more;
  Call(more);
  first->Await(testing::kHeaders, 5);
  EXPECT_EQ(changes_, (std::vector<bool>{true}));
}

TEST_F(EndpointPoolTest, ANameThatHasTwoFamiliesUsesTheOneThatAnswers) {
  ScriptedServer server(loop_);  // on 127.0.0.1 only; localhost may be ::1 as well
  Start({net::Address::Tcp("localhost", server.port())});
  const auto peer = server.Accept();
  ASSERT_TRUE(AwaitReady());
  Recorder recorder;
  Call(recorder);
  peer->Await(testing::kHeaders, 1);
}

TEST_F(EndpointPoolTest, UnixSockets) {
  char folder[] = "/tmp/penstock-pool-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  sockaddr_un name = {};
  name.sun_family = AF_UNIX;
  const std::string path = absl::StrCat(folder, "/socket");
  path.copy(name.sun_path, sizeof name.sun_path - 1);
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  Start({net::Address::Unix(path)});
  ScriptedPeer peer(loop_, accept(listener, nullptr, nullptr));  // a connect to a Unix socket does not wait for this
  peer.Send(testing::SettingsFrame({}));
  ASSERT_TRUE(AwaitReady());
  Recorder recorder;
  Call(recorder);
  peer.Await(testing::kHeaders, 1);
  close(listener);
  unlink(path.c_str());
  rmdir(folder);
}

TEST_F(EndpointPoolTest, ADestroyedPoolSilencesItsCalls) {
  ScriptedServer server(loop_);
  Start({server.address()});
  Recorder waiting;
  Call(waiting);
  const auto peer = server.Accept();
  ASSERT_TRUE(AwaitReady());
  Recorder open;
  Call(open);
  open.on_message = [&](absl::string_view) { pool_.reset(); };  // from inside a callback, too
  peer->Await(testing::kHeaders, 3);
  peer->Send(ResponseHead(3) + testing::DataFrame(3, std::string(10, '\0')) + OkTrailers(3));
  ASSERT_TRUE(RunUntil(loop_, [&] { return pool_ == nullptr; }));
  EXPECT_EQ(open.message_count, 1u);
  EXPECT_TRUE(RunUntil(loop_, [&] {
    peer->Poll();
    return peer->closed();
  }));
  EXPECT_FALSE(waiting.end.has_value());
  EXPECT_FALSE(open.end.has_value());
}

}  // namespace
}  // namespace penstock::upstream
