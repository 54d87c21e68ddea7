#include "tests/bench/neighbour.h"

#include <nghttp2/nghttp2.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/types/optional.h"
#include "gateway/http/flood_guard.h"
#include "gateway/http/testing/http2_test_client.h"
#include "tests/support/raw_client.h"

namespace penstock::bench {
namespace {

using http::FloodGuard;
using http::testing::Frame;
using http::testing::PlainBlock;

constexpr absl::Duration kTurn = absl::Milliseconds(1);
constexpr absl::Duration kPatience = absl::Seconds(10);

// Turns at a pace: a turn missed is not made up for, so that nobody floods harder because the machine was busy.
class Pace {
 public:
  explicit Pace(absl::Duration interval) : interval_(interval) {}

  void Wait() {
    next_ = std::max(next_ + interval_, absl::Now());
    absl::SleepFor(next_ - absl::Now());
  }

 private:
  const absl::Duration interval_;
  absl::Time next_ = absl::InfinitePast();
};

struct Flood {
  std::function<std::string(uint32_t)> piece;  // the i-th helping's bytes
  // What the gateway charges for one; 0: another bound is stricter than its account, and the first is a piece too many.
  int price;
};

Flood RapidReset() {
  const std::string block =
      PlainBlock({{":method", "POST"}, {":scheme", "http"}, {":path", "/v1/ticks:subscribe"}, {":authority", "bench"}});
  return {[block](uint32_t i) {
            return Frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 2 * i + 1, block) +
                   Frame(NGHTTP2_RST_STREAM, 0, 2 * i + 1, absl::string_view("\0\0\0\x8", 4));
          },
          FloodGuard::kReset + FloodGuard::kFrame};
}

Flood Continuation() {
  const std::string block = PlainBlock({{":method", "POST"}});
  return {[block](uint32_t i) {
            return i == 0 ? Frame(NGHTTP2_HEADERS, 0, 1, block) : Frame(NGHTTP2_CONTINUATION, 0, 1, "");
          },
          /*price=*/0};
}

// Floods until it is thrown out, and connects again. It keeps the gateway's own account of what it has spent, so it
// knows since when it should be gone.
class FloodingPeer : public Neighbour {
 public:
  FloodingPeer(std::string address, Flood flood, double a_second)
      : address_(std::move(address)),
        flood_(std::move(flood)),
        helping_(std::max(1, static_cast<int>(a_second * absl::ToDoubleSeconds(kTurn)))),
        pace_(kTurn) {}

  void Act() override {
    pace_.Wait();
    if (!client_) return Connect();
    std::string bytes;
    for (int i = 0; i < helping_; ++i) bytes += flood_.piece(sent_++);
    bool gone = !client_->Send(bytes, absl::Now() + kPatience).ok();
    const auto now = std::chrono::steady_clock::now();
    const bool spent = !guard_->Charge(helping_ * flood_.price, now) || flood_.price == 0;
    if (spent && overdrawn_ == absl::InfiniteFuture()) overdrawn_ = absl::Now();
    gone = gone || PeerLeft();
    if (gone) {
      Count(std::max(absl::Now() - overdrawn_, absl::ZeroDuration()));
      client_.reset();
    } else if (absl::Now() - overdrawn_ > kPatience) {
      Fault("a flooding client is not thrown out");
      client_.reset();
    }
  }

  std::string Report() const override {
    return absl::StrFormat("thrown out %d times, at most %.1f ms after it had sent too much", met().times,
                           absl::ToDoubleMilliseconds(met().longest));
  }

 private:
  void Connect() {
    absl::StatusOr<testing::RawClient> client = testing::RawClient::Connect(address_);
    if (!client.ok()) return Fault(client.status().ToString());
    client_ = *std::move(client);
    sent_ = 0;
    guard_.emplace(std::chrono::steady_clock::now());
    guard_->Charge(FloodGuard::kSettings, std::chrono::steady_clock::now());  // of the hello
    overdrawn_ = absl::InfiniteFuture();
    (void)client_->Send(http::testing::Http2Hello(), absl::Now() + kPatience);
  }

  bool PeerLeft() {
    char buffer[16 * 1024];
    for (;;) {
      const ssize_t count = recv(client_->fd(), buffer, sizeof(buffer), MSG_DONTWAIT);
      if (count == 0) return true;
      if (count < 0) return errno != EAGAIN && errno != EINTR;
    }
  }

  const std::string address_;
  const Flood flood_;
  const int helping_;
  Pace pace_;
  absl::optional<testing::RawClient> client_;
  absl::optional<FloodGuard> guard_;
  uint32_t sent_ = 0;
  absl::Time overdrawn_;
};

class Scraper : public Neighbour {
 public:
  Scraper(std::string admin_address, double a_second)
      : admin_address_(std::move(admin_address)), pace_(absl::Seconds(1) / a_second) {}

  void Act() override {
    pace_.Wait();
    const char* path = std::exchange(list_, !list_) ? "/streams" : "/metrics";
    const absl::Time start = absl::Now();
    const absl::StatusOr<testing::Response> response =
        testing::Exchange(admin_address_, testing::Request("GET", path), start + kPatience);
    if (!response.ok() || response->status != 200) return Fault(absl::StrCat(path, " does not answer 200"));
    Count(absl::Now() - start);
  }

  std::string Report() const override {
    return absl::StrFormat("answered %d times, in %.1f ms at most", met().times,
                           absl::ToDoubleMilliseconds(met().longest));
  }

 private:
  const std::string admin_address_;
  Pace pace_;
  bool list_ = false;
};

}  // namespace

void Neighbour::Count(absl::Duration taken) {
  ++met_.times;
  met_.longest = std::max(met_.longest, taken);
}

void Neighbour::Fault(absl::string_view what) {
  if (met_.fault.empty()) met_.fault = std::string(what);
}

std::vector<std::string> NeighbourNames() { return {"rapid-reset", "continuation", "scrape"}; }

std::unique_ptr<Neighbour> MakeNeighbour(absl::string_view name, const testing::Server& gateway, double a_second) {
  if (name == "rapid-reset") return std::make_unique<FloodingPeer>(gateway.address(), RapidReset(), a_second);
  if (name == "continuation") return std::make_unique<FloodingPeer>(gateway.address(), Continuation(), a_second);
  if (name == "scrape") return std::make_unique<Scraper>(gateway.admin_address(), a_second);
  return nullptr;
}

Beside::Beside(Neighbour* neighbour) {
  if (neighbour == nullptr) return;
  thread_ = std::thread([this, neighbour] {
    while (!stop_) neighbour->Act();
  });
}

Beside::~Beside() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

}  // namespace penstock::bench
