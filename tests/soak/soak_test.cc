// All faults at once: for a minute (PENSTOCK_SOAK_SECONDS overrides it) clients connect, read, resume, stall, vanish
// and flood, over HTTP/1.1 and HTTP/2, while both processes are killed and drained in turn and the gateway reloads its
// schema. Every line of every stream is checked on arrival. At the end, the gateway has the descriptors that it had at
// the start, no stream, and the memory that it had after warm-up.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/random/random.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gateway/base/mutex.h"
#include "gateway/http/testing/http2_test_client.h"
#include "tests/bench/tick_line.h"
#include "tests/support/json_at.h"
#include "tests/support/process.h"
#include "tests/support/raw_client.h"
#include "tests/support/servers.h"

namespace penstock::testing {
namespace {

namespace h2 = ::penstock::http::testing;

constexpr int kSmallReceiveBuffer = 4096;
constexpr absl::Duration kRestartEvery = absl::Seconds(4);
constexpr absl::Duration kReloadEvery = absl::Seconds(2);

absl::Duration Length() {
  const char* const seconds = std::getenv("PENSTOCK_SOAK_SECONDS");
  int value = 60;
  if (seconds != nullptr && !absl::SimpleAtoi(seconds, &value)) value = 60;
  return absl::Seconds(value);
}

// How a service that goes away ends its calls: UNAVAILABLE, and CANCELLED those that it has no more patience for.
bool IsServiceGone(int http_status) { return http_status == 503 || http_status == 499; }
bool IsServiceGone(const std::string& code) { return code == "14" || code == "1"; }

// What went wrong first, and how much went right.
class Score {
 public:
  void Fault(const std::string& what) {
    const MutexLock lock(mutex_);
    if (faults_++ == 0) first_ = what;
  }
  int faults() const {
    const MutexLock lock(mutex_);
    return faults_;
  }
  std::string first() const {
    const MutexLock lock(mutex_);
    return first_;
  }

  std::atomic<uint64_t> streams{0}, lines{0}, resumed{0}, cut{0}, refused{0}, calls{0};

 private:
  mutable Mutex mutex_;
  int faults_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string first_ ABSL_GUARDED_BY(mutex_);
};

// The lines of one stream over all its connections: numbers rise, none comes twice, nothing follows an ending.
class StreamLines {
 public:
  explicit StreamLines(Score& score) : score_(score) {}

  // Takes the whole lines of a body so far; call again with the same body when more of it has come.
  void Take(absl::string_view body) {
    for (size_t end; (end = body.find('\n', taken_)) != absl::string_view::npos; taken_ = end + 1) {
      Line(body.substr(taken_, end - taken_));
    }
  }
  // The next connection's body begins.
  void NextBody() {
    taken_ = 0;
    ended_here_ = false;
  }

  bool done() const { return done_; }
  bool ended_here() const { return ended_here_; }
  uint64_t last() const { return last_; }

 private:
  void Line(absl::string_view line) {
    if (ended_here_) score_.Fault(absl::StrCat("a line behind the ending: ", line));
    switch (bench::KindOf(line)) {
      case bench::LineKind::kTick: {
        const absl::optional<uint64_t> sequence = bench::SequenceOf(line);
        if (!sequence) return score_.Fault(absl::StrCat("a tick without its number: ", line));
        if (*sequence <= last_) score_.Fault(absl::StrCat("after ", last_, " came again: ", line));
        last_ = *sequence;
        ++score_.lines;
        return;
      }
      case bench::LineKind::kEnd:
        ended_here_ = done_ = true;
        return;
      case bench::LineKind::kError:
        ended_here_ = true;
        if (!IsServiceGone(JsonAt(line, "/error/code")))
          score_.Fault(absl::StrCat("an ending that nobody caused: ", line));
        return;
      case bench::LineKind::kOther:
        return score_.Fault(absl::StrCat("a line that is none: ", line));
    }
  }

  Score& score_;
  size_t taken_ = 0;
  uint64_t last_ = 0;
  bool ended_here_ = false;
  bool done_ = false;
};

class Soak : public ::testing::Test {
 public:
  Soak() {
    RaiseDescriptorLimit();
    for (size_t i = 0; i < services_.size(); ++i) {
      ports_[i].Release();
      services_[i] = StartService(kDrain, ports_[i].address());
    }
    gateway_ = StartGateway({absl::StrCat("--upstream=", ports_[0].address(), ",", ports_[1].address()),
                             "--slow-client-timeout=2s", "--access-log=off"});
  }

  bool over() const { return over_; }
  absl::StatusOr<RawClient> Connect(int receive_buffer = 0) {
    return RawClient::Connect(gateway_->address(), receive_buffer);
  }
  static int Between(absl::BitGen& random, int low, int high) {
    return absl::Uniform(absl::IntervalClosed, random, low, high);
  }

  // A client that wants all of its stream, whatever happens to it on the way.
  void ReadWhole(absl::BitGen& random) {
    StreamLines lines(score_);
    const std::string body = absl::StrCat(R"({"message":"soak","interval":"0.00)", Between(random, 2, 9),
                                          R"(s","count":)", Between(random, 1, 400), "}");
    ++score_.streams;
    for (int attempt = 0; !lines.done() && !over(); ++attempt) {
      auto client = Connect();
      if (!client.ok()) return score_.Fault(client.status().ToString());
      const std::string resume = lines.last() == 0 ? "" : absl::StrCat("Last-Event-ID: ", lines.last());
      if (attempt > 0) ++score_.resumed;
      lines.NextBody();
      if (!client->Send(PostJson("/v1/ticks:subscribe", body, resume)).ok()) continue;
      client->ReadUntil(
          [&](const Response& response) {
            if (response.status == 200) lines.Take(response.body);
            return response.complete;
          },
          Soon());
      const Response& response = client->response();
      if (IsServiceGone(response.status)) {
        ++score_.refused;
        absl::SleepFor(absl::Milliseconds(50));
      } else if (response.status != 200 || !response.complete || !lines.ended_here()) {
        return score_.Fault(absl::StrCat("status ", response.status, ", ", response.error, ", ",
                                         response.complete ? "complete" : "cut", ": ", response.body.substr(0, 200)));
      } else if (!lines.done()) {
        ++score_.cut;
      }
    }
  }

  // One that leaves when it likes, with or without a word.
  void LeaveEarly(absl::BitGen& random) {
    auto client = Connect();
    if (!client.ok()) return score_.Fault(client.status().ToString());
    if (!client->Send(PostJson("/v1/ticks:subscribe", R"({"interval":"0.001s"})")).ok()) return;
    client->ReadUntil([](const Response&) { return false; }, absl::Now() + absl::Milliseconds(Between(random, 0, 60)));
    Between(random, 0, 1) == 0 ? client->Close() : client->Reset();
  }

  // One that reads next to nothing, until it is cut or has had enough.
  void Dawdle(absl::BitGen& random) {
    auto client = Connect(kSmallReceiveBuffer);
    if (!client.ok()) return score_.Fault(client.status().ToString());
    const std::string message(2000, 'x');
    if (!client
             ->Send(
                 PostJson("/v1/ticks:subscribe", absl::StrCat(R"({"interval":"0.001s","message":")", message, "\"}")))
             .ok()) {
      return;
    }
    const absl::Time until = absl::Now() + absl::Milliseconds(Between(random, 100, 4000));
    while (!over() && absl::Now() < until) absl::SleepFor(absl::Milliseconds(20));
  }

  // Requests one after the other on one connection.
  void CallOften(absl::BitGen& random) {
    auto client = Connect();
    if (!client.ok()) return score_.Fault(client.status().ToString());
    for (int i = Between(random, 1, 50); i > 0 && !over(); --i) {
      if (!client->Send(PostJson("/v1/ticks:subscribe", R"({"count":1})")).ok()) return;
      const Response response = client->ReadResponse(Soon());
      ++score_.calls;
      if (IsServiceGone(response.status)) {
        ++score_.refused;
      } else if (response.status != 200 || !response.complete) {
        return score_.Fault(absl::StrCat("status ", response.status, " ", response.error, " ", response.body));
      }
      if (response.Header("Connection") == "close") return;
    }
  }

  // Many streams on one HTTP/2 connection, some reset, some read, then all dropped.
  void Multiplex(absl::BitGen& random) {
    h2::Http2TestClient client(h2::TestClient::Connect(gateway_->address()));
    std::vector<int32_t> ids;
    for (int i = Between(random, 1, 40); i > 0; --i) {
      ids.push_back(client.Send("POST", "/v1/ticks:subscribe", {{"content-type", "application/json"}},
                                absl::StrCat(R"({"interval":"0.005s","count":)", Between(random, 1, 20), "}")));
    }
    for (size_t i = 0; i < ids.size(); ++i) {
      if (i % 3 == 0) {
        client.Reset(ids[i]);
      } else if (client.WaitForEnd(ids[i])) {
        const h2::Http2Answer& answer = client.answer(ids[i]);
        StreamLines lines(score_);
        if (answer.status == 200) lines.Take(answer.body);
        if (answer.status == 200 && !lines.ended_here()) score_.Fault("an HTTP/2 stream without its ending");
        if (answer.status != 200 && !IsServiceGone(answer.status))
          score_.Fault(absl::StrCat("HTTP/2 status ", answer.status));
      } else {
        score_.Fault("an HTTP/2 stream that does not end");
      }
      if (over()) return;
    }
  }

  using Act = void (Soak::*)(absl::BitGen&);
  void Start(int actors, Act act) {
    for (int i = 0; i < actors; ++i) {
      threads_.emplace_back([this, act] {
        absl::BitGen random;
        while (!over()) (this->*act)(random);
      });
    }
  }

  // In this thread, which owns the processes: kills one service, drains the other, again and again, and has the
  // schema read anew.
  void Disturb(absl::Time until) {
    absl::Time restart = absl::Now() + kRestartEvery, reload = absl::Now() + kReloadEvery;
    for (size_t round = 0; absl::Now() < until;) {
      absl::SleepFor(absl::Milliseconds(50));
      if (absl::Now() >= reload) {
        gateway_->process().Signal(SIGHUP);
        reload += kReloadEvery;
      }
      if (absl::Now() < restart) continue;
      std::unique_ptr<Server>& service = services_[round % services_.size()];
      service->process().Signal(round % 4 < 2 ? SIGKILL : SIGTERM);
      service->process().Wait(Soon());
      service = StartService(kDrain, ports_[round % services_.size()].address());
      ++round;
      restart = absl::Now() + kRestartEvery;
    }
  }

  const std::vector<std::string> kDrain = {"--drain-delay=200ms", "--drain-window=500ms"};
  std::array<ReservedPort, 2> ports_;
  std::array<std::unique_ptr<Server>, 2> services_;
  std::unique_ptr<Server> gateway_;
  Score score_;
  std::atomic<bool> over_{false};
  std::vector<std::thread> threads_;
};

TEST_F(Soak, NothingIsLostAndNothingStays) {
  const absl::Duration length = Length();
  const size_t descriptors = gateway_->process().OpenDescriptors();
  Start(12, &Soak::ReadWhole);
  Start(4, &Soak::LeaveEarly);
  Start(4, &Soak::Dawdle);
  Start(2, &Soak::CallOften);
  Start(2, &Soak::Multiplex);
  const absl::Time start = absl::Now();
  Disturb(start + length / 3);
  const int64_t warm = gateway_->process().ResidentBytes();
  Disturb(start + length);
  const int64_t end = gateway_->process().ResidentBytes();
  over_ = true;
  for (std::thread& thread : threads_) thread.join();

  std::printf(
      "soak: %.0f s, %d streams of %d lines, %d of them resumed after %d endings of the service's, %d calls, %d "
      "refused meanwhile; memory %.1f MB warm, %.1f MB at the end\n",
      absl::ToDoubleSeconds(length), static_cast<int>(score_.streams), static_cast<int>(score_.lines),
      static_cast<int>(score_.resumed), static_cast<int>(score_.cut), static_cast<int>(score_.calls),
      static_cast<int>(score_.refused), static_cast<double>(warm) / 1e6, static_cast<double>(end) / 1e6);
  EXPECT_EQ(score_.faults(), 0) << score_.first();
  EXPECT_GT(score_.streams, 0u);
  EXPECT_GT(score_.calls, 0u);
  EXPECT_GT(score_.cut + score_.refused, 0u) << "nothing was disturbed";
  EXPECT_TRUE(WaitUntil([&] { return gateway_->Metric("penstock_streams_active") == 0; }, Soon()));
  // The connections to services that were killed may be counted twice for a moment.
  EXPECT_TRUE(WaitUntil([&] { return gateway_->process().OpenDescriptors() <= descriptors; }, Soon()))
      << gateway_->process().OpenDescriptors() << " descriptors, and " << descriptors << " at the beginning";
  EXPECT_LT(end, warm + warm / 4 + (4 << 20)) << "memory grows";
  gateway_->process().Signal(SIGTERM);
  gateway_->process().Signal(SIGTERM);
  EXPECT_EQ(gateway_->process().Wait(Soon()), 0);
}

}  // namespace
}  // namespace penstock::testing
