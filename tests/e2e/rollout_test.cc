// A rollout under load: two gateways and two services are replaced one after the other, each by SIGTERM and a new
// process at its address, under 2,000 live streams. Every stream gets a final record before its connection closes,
// resumes after its last record, and in the end has received every record once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "gateway/base/mutex.h"
#include "gateway/http/testing/http2_test_client.h"
#include "tests/support/json_at.h"
#include "tests/support/process.h"
#include "tests/support/servers.h"

namespace penstock::testing {
namespace {

namespace h2 = ::penstock::http::testing;

constexpr size_t kClients = 20, kStreamsAClient = 100;  // 2,000
// Longer than a busy machine keeps a service from ticking, so that none is skipped and a gap is a loss.
constexpr char kBody[] = R"({"interval":"1s"})";
const std::vector<std::string> kDrain = {"--drain-delay=1s", "--drain-window=3s"};

class Rollout : public ::testing::Test {
 protected:
  Rollout() {
    RaiseDescriptorLimit();
    for (ReservedPort& port : ports_) port.Release();
    for (size_t i = 0; i < 2; ++i) services_[i] = StartService(kDrain, service_address(i));
    for (size_t i = 0; i < 2; ++i) gateways_[i] = NewGateway(i);
  }

  const std::string& service_address(size_t i) const { return ports_[i].address(); }
  const std::string& gateway_address(size_t i) const { return ports_[2 + i].address(); }

  std::unique_ptr<Server> NewGateway(size_t i) {
    std::vector<std::string> flags = kDrain;
    flags.push_back(absl::StrCat("--upstream=", service_address(0), ",", service_address(1)));
    flags.push_back("--upstream-health-check");
    flags.push_back("--listen=" + gateway_address(i));
    flags.push_back("--access-log=off");
    return StartGateway(std::move(flags));
  }

  void Fault(const std::string& what) {
    const MutexLock lock(mutex_);
    if (faults_++ == 0) fault_ = what;
  }

  // One stream over all its connections.
  struct Stream {
    int32_t id = 0;  // on the connection in hand
    uint64_t last = 0;
  };

  void Ask(h2::Http2TestClient& client, Stream& stream) {
    http::Headers headers = {{"content-type", "application/json"}};
    if (stream.last > 0) headers.push_back({"last-event-id", absl::StrCat(stream.last)});
    stream.id = client.Send("POST", "/v1/ticks:subscribe", headers, kBody);
  }

  // What one connection brought of a stream that has ended on it.
  void Take(const h2::Http2Answer& answer, bool over, Stream& stream) {
    if (answer.status == 503) return;  // nobody could take it just then
    if (answer.status != 200) return Fault(absl::StrCat("status ", answer.status, ": ", answer.body));
    bool ended = false;
    for (const absl::string_view line : absl::StrSplit(answer.body, '\n', absl::SkipEmpty())) {
      if (ended) Fault(absl::StrCat("behind the ending: ", line));
      uint64_t sequence = 0;
      if (absl::SimpleAtoi(JsonStringAt(line, "/data/sequence"), &sequence)) {
        if (sequence != stream.last + 1) Fault(absl::StrCat("after ", stream.last, " came ", sequence));
        stream.last = sequence;
        ++records_;
      } else if (JsonAt(line, "/error/code") == "14") {
        ended = true;
      } else if (line.find_first_not_of(' ') != absl::string_view::npos) {
        Fault(absl::StrCat("a line that is none: ", line));
      }
    }
    if (!ended && !over) Fault(absl::StrCat("cut without an ending after ", stream.last));
    if (ended) ++endings_;
  }

  // 100 streams on one connection; another gateway's when this one says that it goes.
  void RunClient(size_t at) {
    std::vector<Stream> streams(kStreamsAClient);
    while (!over_) {
      h2::Http2TestClient client(h2::TestClient::Connect(gateway_address(at++ % 2)));
      if (!client.socket().open()) {
        absl::SleepFor(absl::Milliseconds(20));
        continue;
      }
      for (Stream& stream : streams) Ask(client, stream);
      const auto closed = [&](const Stream& stream) { return client.answer(stream.id).closed; };
      size_t open = streams.size();
      while (open > 0 && !over_) {
        const absl::Time look = absl::Now() + absl::Milliseconds(200);
        client.Wait([&] {
          return over_ || absl::Now() > look || std::any_of(streams.begin(), streams.end(), [&](const Stream& stream) {
                   return stream.id != 0 && closed(stream);
                 });
        });
        for (Stream& stream : streams) {
          if (stream.id == 0 || !closed(stream)) continue;
          Take(client.answer(stream.id), /*over=*/false, stream);
          stream.id = 0;
          --open;
          if (!client.goaways().empty()) continue;  // asked for again on the next connection
          Ask(client, stream);
          ++open;
        }
      }
      for (Stream& stream : streams) {
        if (stream.id != 0) Take(client.answer(stream.id), /*over=*/true, stream);
        stream.id = 0;
      }
    }
    for (const Stream& stream : streams) least_ = std::min(least_.load(), stream.last);
  }

  void Replace(std::unique_ptr<Server>& server, const std::function<std::unique_ptr<Server>()>& start) {
    server->process().Signal(SIGTERM);
    EXPECT_EQ(server->process().Wait(Soon()), 0) << server->process().Output();
    server = start();
    absl::SleepFor(absl::Seconds(1));  // as an orchestrator waits for the new one before it takes the next
  }

  std::array<ReservedPort, 4> ports_;
  std::array<std::unique_ptr<Server>, 2> services_, gateways_;
  std::atomic<bool> over_{false};
  std::atomic<uint64_t> records_{0}, endings_{0}, least_{~uint64_t{0}};
  Mutex mutex_;
  int faults_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string fault_ ABSL_GUARDED_BY(mutex_);
};

TEST_F(Rollout, TwoThousandStreamsGoOnAndLoseNothing) {
  std::vector<std::thread> clients;
  for (size_t i = 0; i < kClients; ++i) clients.emplace_back([this, i] { RunClient(i); });
  EXPECT_TRUE(WaitUntil(
      [&] {
        return gateways_[0]->Metric("penstock_streams_active") + gateways_[1]->Metric("penstock_streams_active") ==
               kClients * kStreamsAClient;
      },
      Soon()));
  for (size_t i = 0; i < 2; ++i) {
    Replace(services_[i], [&] { return StartService(kDrain, service_address(i)); });
    Replace(gateways_[i], [&] { return NewGateway(i); });
  }
  over_ = true;
  for (std::thread& client : clients) client.join();
  RecordProperty("records", static_cast<int>(records_));
  RecordProperty("endings", static_cast<int>(endings_));
  {
    const MutexLock lock(mutex_);
    EXPECT_EQ(faults_, 0) << fault_;
  }
  EXPECT_GE(endings_, 2 * kClients * kStreamsAClient / 2) << "each of the four takes half of the streams along";
  EXPECT_GT(least_, 5u) << "no stream stood still";
}

}  // namespace
}  // namespace penstock::testing
