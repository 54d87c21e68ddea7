// Shutdown with 10,000 open streams: each gets its final record, spread over the drain window, and no connection is
// reset.
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/bench/http2_streams.h"
#include "tests/bench/link.h"
#include "tests/support/json_at.h"
#include "tests/support/servers.h"

namespace penstock::testing {
namespace {

constexpr size_t kStreamsAConnection = 100;

// Many streams of ticks over HTTP/2, read by one thread.
class Crowd {
 public:
  struct Stream {
    std::string body;
    absl::Time ended = absl::InfiniteFuture();
    uint32_t error_code = 0;
  };

  Crowd(const std::string& address, size_t streams) : streams_(streams) {
    for (Stream& stream : streams_) {
      if (connections_.empty() || ++in_last_ == kStreamsAConnection) Connect(address);
      connections_.back().http2->Post(&stream, "/v1/ticks:subscribe", R"({"message":"x","interval":"3600s"})");
    }
    for (Connection& connection : connections_) Flush(connection);
  }

  // Reads until every stream has had its first record.
  bool WaitForRecords(absl::Time deadline) {
    return ReadUntil(deadline, [](const Stream& stream) { return absl::StrContains(stream.body, '\n'); });
  }

  // Reads until every stream has ended.
  bool WaitForEnds(absl::Time deadline) {
    return ReadUntil(deadline, [](const Stream& stream) { return stream.ended != absl::InfiniteFuture(); });
  }

  const std::vector<Stream>& streams() const { return streams_; }

 private:
  struct Connection {
    bench::Link link;
    std::unique_ptr<bench::Http2Streams> http2;
    bool open = true;
  };

  void Connect(const std::string& address) {
    in_last_ = 0;
    bench::Http2Streams::Events events;
    events.on_status = [](void*, int status) { EXPECT_EQ(status, 200); };
    events.on_data = [](void* stream, absl::string_view data) {
      static_cast<Stream*>(stream)->body.append(data.data(), data.size());
    };
    events.on_end = [](void* stream, uint32_t error_code) {
      static_cast<Stream*>(stream)->ended = absl::Now();
      static_cast<Stream*>(stream)->error_code = error_code;
    };
    connections_.push_back({bench::Link::Connect(address, /*tls=*/false, "h2").value(),
                            std::make_unique<bench::Http2Streams>(std::move(events))});
  }

  void Flush(Connection& connection) {
    const std::string output = connection.http2->TakeOutput();
    if (!output.empty()) (void)connection.link.Send(output);  // the peer may have left: the next read says so
  }

  template <typename Done>
  bool ReadUntil(absl::Time deadline, const Done& done) {
    while (!std::all_of(streams_.begin(), streams_.end(), done)) {
      if (absl::Now() > deadline || !ReadSome()) return false;
    }
    return true;
  }

  // False: every connection is closed.
  bool ReadSome() {
    std::vector<pollfd> polled;
    for (const Connection& connection : connections_) {
      polled.push_back({connection.open ? connection.link.fd() : -1, POLLIN, 0});
    }
    poll(polled.data(), polled.size(), 50);
    bool any_open = false;
    for (size_t i = 0; i < connections_.size(); ++i) {
      if (polled[i].revents != 0) Read(connections_[i]);
      any_open = any_open || connections_[i].open;
    }
    return any_open;
  }

  void Read(Connection& connection) {
    const ssize_t count = connection.link.Receive(buffer_.data(), buffer_.size());
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) {
      connection.open = false;
      return;
    }
    EXPECT_TRUE(connection.http2->Take(absl::string_view(buffer_.data(), static_cast<size_t>(count))).ok());
    Flush(connection);
  }

  std::vector<Stream> streams_;
  std::vector<Connection> connections_;
  size_t in_last_ = 0;
  std::array<char, 256 * 1024> buffer_;
};

// One record and one ending that says UNAVAILABLE; `retry`: and when to come back. Counts what is not so.
size_t Wrong(const Crowd& crowd, bool retry) {
  size_t wrong = 0;
  for (const Crowd::Stream& stream : crowd.streams()) {
    const size_t line = stream.body.find('\n');
    const absl::string_view ending = absl::string_view(stream.body).substr(line + 1);
    const bool well = stream.error_code == 0 && absl::EndsWith(ending, "}\n") &&
                      JsonAt(ending, "/error/code") == "14" &&
                      (!retry || JsonStringAt(ending, "/error/details/0/retryDelay") == "1s");
    if (!well && wrong++ == 0) ADD_FAILURE() << "reset with " << stream.error_code << ": " << stream.body;
  }
  return wrong;
}

class DrainLoadTest : public ::testing::Test {
 protected:
  void Start(std::vector<std::string> flags) {
    RaiseDescriptorLimit();
    service_ = StartService({"--drain-delay=0s", "--drain-window=3s"});
    flags.push_back("--upstream=" + service_->address());
    gateway_ = StartGateway(std::move(flags));
  }

  // For what is fast on a quiet machine and touches ten thousand streams.
  static absl::Time Patience() { return absl::Now() + absl::Seconds(60); }

  std::unique_ptr<Server> service_, gateway_;
};

TEST_F(DrainLoadTest, TenThousandStreamsEndWithALineSpreadOverTheWindow) {
  constexpr absl::Duration kWindow = absl::Seconds(8);
  Start({"--drain-delay=0s", "--drain-window=8s"});
  Crowd crowd(gateway_->address(), 10'000);
  ASSERT_TRUE(crowd.WaitForRecords(Patience()));
  const absl::Time start = absl::Now();
  gateway_->process().Signal(SIGTERM);
  ASSERT_TRUE(crowd.WaitForEnds(Patience()));
  EXPECT_EQ(Wrong(crowd, /*retry=*/true), 0u);
  std::array<size_t, 4> quarters = {};
  for (const Crowd::Stream& stream : crowd.streams()) {
    const double part = absl::FDivDuration(stream.ended - start, kWindow);
    ++quarters[std::min<size_t>(3, static_cast<size_t>(std::max(0.0, part) * 4))];
  }
  printf("ended in each quarter of the window: %zu %zu %zu %zu\n", quarters[0], quarters[1], quarters[2], quarters[3]);
  // A quarter each; a busy machine delays some.
  for (const size_t count : quarters) EXPECT_GT(count, 500u);
  EXPECT_EQ(gateway_->process().Wait(Patience()), 0) << gateway_->process().Output();
}

TEST_F(DrainLoadTest, ASecondSignalHurriesThemAll) {
  Start({"--drain-delay=0s", "--drain-window=600s"});
  Crowd crowd(gateway_->address(), 2'000);
  ASSERT_TRUE(crowd.WaitForRecords(Patience()));
  gateway_->process().Signal(SIGTERM);
  ASSERT_TRUE(WaitForReadiness(*gateway_, 503, Soon()));
  gateway_->process().Signal(SIGTERM);
  ASSERT_TRUE(crowd.WaitForEnds(Patience()));
  EXPECT_EQ(Wrong(crowd, /*retry=*/true), 0u);
  EXPECT_EQ(gateway_->process().Wait(Patience()), 0);
}

TEST_F(DrainLoadTest, TheServiceEndsItsStreamsToo) {
  Start({});
  Crowd crowd(gateway_->address(), 5'000);
  ASSERT_TRUE(crowd.WaitForRecords(Patience()));
  service_->process().Signal(SIGTERM);
  ASSERT_TRUE(crowd.WaitForEnds(Patience()));
  EXPECT_EQ(Wrong(crowd, /*retry=*/false), 0u);
  EXPECT_EQ(service_->process().Wait(Patience()), 0) << service_->process().Output();
}

}  // namespace
}  // namespace penstock::testing
