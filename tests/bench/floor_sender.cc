#include "tests/bench/floor_sender.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "service/tick_schedule.h"
#include "tests/support/raw_client.h"

namespace penstock::bench {
namespace {

constexpr size_t kMaxMessageBytes = 1024;
constexpr int64_t kNanosPerSecond = 1'000'000'000;

// On the wire as it lies in memory: both ends are the same binary.
struct Plan {
  int64_t interval_ns = 0;
  uint64_t count = 0;
  uint32_t message_bytes = 0;
  char message[kMaxMessageBytes] = {};
};

int64_t MonotonicNanos() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * kNanosPerSecond + now.tv_nsec;
}

struct FloorStream : service::TickStream {
  int fd = -1;
  std::string line;   // between the record's id and the sequence number
  bool over = false;  // to be closed at the end of the turn
};

char* Append(absl::string_view text, char* end) {
  memcpy(end, text.data(), text.size());
  return end + text.size();
}

class FloorSender {
 public:
  explicit FloorSender(int listener) : listener_(listener), schedule_(MonotonicNanos()) {}

  [[noreturn]] void Run() {
    for (;;) {
      pollfd polled{listener_, POLLIN, 0};
      timespec wait{};
      const int64_t wake = schedule_.NextWake();
      const int64_t left =
          std::max<int64_t>(0, wake == service::TickSchedule::kNever ? kNanosPerSecond : wake - MonotonicNanos());
      wait.tv_sec = left / kNanosPerSecond;
      wait.tv_nsec = left % kNanosPerSecond;
      if (ppoll(&polled, 1, &wait, nullptr) > 0) Accept();
      schedule_.Fire(MonotonicNanos(), [this](service::TickStream* due, uint64_t sequence, bool) {
        Send(static_cast<FloorStream*>(due), sequence);
      });
      for (FloorStream* stream : std::exchange(over_, {})) Close(stream);
    }
  }

 private:
  void Accept() {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    // The client sends its plan at once; one that does not must not stop the others for long.
    const timeval limit{1, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    Plan plan;
    if (recv(fd, &plan, sizeof(plan), MSG_WAITALL) != sizeof(plan) || plan.message_bytes > kMaxMessageBytes) {
      close(fd);
      return;
    }
    if (plan.interval_ns == 0) {  // FloorSkipped()
      const uint64_t skipped = schedule_.skipped();
      send(fd, &skipped, sizeof(skipped), MSG_NOSIGNAL);
      close(fd);
      return;
    }
    auto stream = std::make_unique<FloorStream>();
    stream->fd = fd;
    stream->line = absl::StrCat("\",\"data\":{\"time\":\"2026-11-22T15:31:04.362719363Z\",\"message\":\"",
                                absl::string_view(plan.message, plan.message_bytes), "\",\"sequence\":\"");
    schedule_.Add(stream.get(), {.interval_ns = plan.interval_ns, .count = plan.count, .after_sequence = 0},
                  MonotonicNanos());
    streams_.emplace(fd, std::move(stream));
  }

  void Send(FloorStream* stream, uint64_t sequence) {
    constexpr absl::string_view kHead = "{\"type\":\"tick\",\"id\":\"", kTail = "\"}}\n";
    char* end = Append(kHead, buffer_);
    end = Append(stream->line, std::to_chars(end, buffer_ + sizeof(buffer_), sequence).ptr);
    end = Append(kTail, std::to_chars(end, buffer_ + sizeof(buffer_), sequence).ptr);
    const ssize_t size = end - buffer_;
    // A full socket shows as a missing line at the client, a closed one ends the stream.
    const ssize_t sent = send(stream->fd, buffer_, static_cast<size_t>(size), MSG_NOSIGNAL | MSG_DONTWAIT);
    if ((schedule_.Sent(stream) || sent != size) && !std::exchange(stream->over, true)) over_.push_back(stream);
  }

  void Close(FloorStream* stream) {
    schedule_.Remove(stream);
    close(stream->fd);
    streams_.erase(stream->fd);
  }

  const int listener_;
  service::TickSchedule schedule_;
  std::unordered_map<int, std::unique_ptr<FloorStream>> streams_;
  std::vector<FloorStream*> over_;  // to close after the turn: Fire() may be walking over them
  char buffer_[kMaxMessageBytes + 512];
};

}  // namespace

std::string FloorRequest(absl::Duration interval, uint64_t count, absl::string_view message) {
  Plan plan;
  plan.interval_ns = absl::ToInt64Nanoseconds(interval);
  plan.count = count;
  plan.message_bytes = static_cast<uint32_t>(std::min(message.size(), kMaxMessageBytes));
  memcpy(plan.message, message.data(), plan.message_bytes);
  return std::string(reinterpret_cast<const char*>(&plan), sizeof(plan));
}

absl::StatusOr<uint64_t> FloorSkipped(absl::string_view address) {
  absl::StatusOr<testing::RawClient> client = testing::RawClient::Connect(address);
  if (!client.ok()) return client.status();
  const Plan question;
  const absl::Status sent = client->Send(absl::string_view(reinterpret_cast<const char*>(&question), sizeof(question)));
  if (!sent.ok()) return sent;
  uint64_t skipped = 0;
  if (recv(client->fd(), &skipped, sizeof(skipped), MSG_WAITALL) != sizeof(skipped)) {
    return absl::UnavailableError("the floor did not say what it skipped");
  }
  return skipped;
}

int RunFloorSender() {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  if (bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(listener, SOMAXCONN) != 0 || getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    perror("floor");
    return 1;
  }
  printf("floor ready address=127.0.0.1:%u\n", ntohs(address.sin_port));
  fflush(stdout);
  static FloorSender sender(listener);
  sender.Run();
}

}  // namespace penstock::bench
