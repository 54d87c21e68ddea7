#include "tests/bench/receiver.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/bench/tick_line.h"
#include "tests/support/raw_client.h"
#include "tests/support/response_parser.h"

namespace penstock::bench {
namespace {

constexpr size_t kReadBytes = 256 * 1024;
constexpr int kEventsAtOnce = 512;

absl::Duration Quantile(std::vector<int32_t> values, double fraction) {
  if (values.empty()) return absl::ZeroDuration();
  const size_t index = std::min(values.size() - 1, static_cast<size_t>(fraction * static_cast<double>(values.size())));
  std::nth_element(values.begin(), values.begin() + static_cast<ptrdiff_t>(index), values.end());
  return absl::Microseconds(values[index]);
}

}  // namespace

struct Receiver::Stream {
  Stream(testing::RawClient c, size_t n) : client(std::move(c)), number(n) {}

  testing::RawClient client;
  const size_t number;
  testing::ResponseParser parser;  // of HTTP
  std::string text;                // of bare lines: what came of the line in hand
  uint64_t next_sequence = 1;
  int64_t first_time_ns = 0;
  bool end_line = false;
  bool over = false;
};

Receiver::Receiver(ReceiverOptions options)
    : options_(std::move(options)), epoll_fd_(epoll_create1(EPOLL_CLOEXEC)), buffer_(new char[kReadBytes]) {}

Receiver::~Receiver() { close(epoll_fd_); }

bool Receiver::Open(size_t streams, absl::Duration ramp) {
  const absl::Time start = absl::Now();
  for (size_t i = 0; i < streams; ++i) {
    const absl::Time due = start + ramp * (static_cast<double>(i) / static_cast<double>(streams));
    do {
      Poll(std::max(absl::ZeroDuration(), due - absl::Now()));
    } while (absl::Now() < due);
    if (!OpenOne()) return false;
  }
  return true;
}

bool Receiver::OpenOne() {
  absl::StatusOr<testing::RawClient> client = testing::RawClient::Connect(options_.address);
  if (client.ok()) {
    const absl::Status sent = client->Send(options_.request, absl::Now() + absl::Seconds(10));
    if (!sent.ok()) client = sent;
  }
  if (!client.ok()) {
    if (fault_.empty()) fault_ = client.status().ToString();
    return false;
  }
  streams_.push_back(std::make_unique<Stream>(*std::move(client), streams_.size()));
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = streams_.back().get();
  epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, streams_.back()->client.fd(), &event);
  return true;
}

void Receiver::RunFor(absl::Duration duration, const std::function<bool()>& done) {
  const absl::Time deadline = absl::Now() + duration;
  for (absl::Time now = absl::Now(); now < deadline && !(done && done()); now = absl::Now()) {
    // `done` may depend on more than lines, so look again now and then.
    Poll(std::min(deadline - now, absl::Milliseconds(50)));
  }
}

void Receiver::Poll(absl::Duration timeout) {
  epoll_event events[kEventsAtOnce];
  const int milliseconds = static_cast<int>(absl::ToInt64Milliseconds(absl::Ceil(timeout, absl::Milliseconds(1))));
  const int count = epoll_wait(epoll_fd_, events, kEventsAtOnce, milliseconds);
  for (int i = 0; i < count; ++i) Read(*static_cast<Stream*>(events[i].data.ptr));
}

void Receiver::Read(Stream& stream) {
  const ssize_t count = recv(stream.client.fd(), buffer_.get(), kReadBytes, MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) return OnPeerEnd(stream, count < 0);
  read_time_ns_ = absl::GetCurrentTimeNanos();
  const absl::string_view bytes(buffer_.get(), static_cast<size_t>(count));
  if (!options_.http) {
    stream.text.append(bytes.data(), bytes.size());
    return TakeLines(stream, stream.text);
  }
  stream.parser.Feed(bytes);
  const testing::Response& response = stream.parser.response();
  if (response.head_complete && response.status != 200) {
    return Fault(stream, absl::StrCat("status ", response.status, ": ", response.body));
  }
  TakeLines(stream, stream.parser.mutable_body());
  if (stream.parser.failed()) Fault(stream, response.error);
  if (!stream.parser.complete() || stream.over) return;
  stream.over = true;
  if (stream.end_line && stream.next_sequence == options_.count + 1) {
    ++ended_;
  } else {
    Fault(stream, "the response is complete before the stream");
  }
}

void Receiver::TakeLines(Stream& stream, std::string& text) {
  size_t start = 0;
  for (;;) {
    const void* newline = memchr(text.data() + start, '\n', text.size() - start);
    if (newline == nullptr) break;
    const size_t end = static_cast<size_t>(static_cast<const char*>(newline) - text.data());
    OnLine(stream, absl::string_view(text.data() + start, end - start));
    start = end + 1;
  }
  text.erase(0, start);
}

void Receiver::OnLine(Stream& stream, absl::string_view line) {
  switch (KindOf(line)) {
    case LineKind::kTick:
      return OnTick(stream, line);
    case LineKind::kEnd:
      stream.end_line = true;
      return;
    default:
      return Fault(stream, absl::StrCat("an unexpected line: ", line));
  }
}

void Receiver::OnTick(Stream& stream, absl::string_view line) {
  ++lines_;
  const absl::optional<uint64_t> sequence = SequenceOf(line);
  if (!sequence) return Fault(stream, absl::StrCat("no sequence in: ", line));
  if (*sequence != stream.next_sequence) {
    Fault(stream, absl::StrCat("line ", *sequence, " came where ", stream.next_sequence, " was due"));
  }
  const bool first = stream.next_sequence == 1;
  stream.next_sequence = *sequence + 1;
  if (first) ++started_;
  if (options_.interval == absl::ZeroDuration()) return;
  if (!first && !sampling_) return;
  const absl::optional<int64_t> time = TimeOf(line);
  if (!time) return Fault(stream, absl::StrCat("no time in: ", line));
  if (first) stream.first_time_ns = *time;
  if (first || !sampling_) return;
  const int64_t due =
      stream.first_time_ns + static_cast<int64_t>(*sequence - 1) * absl::ToInt64Nanoseconds(options_.interval);
  lateness_us_.push_back(static_cast<int32_t>((*time - due) / 1000));
  delivery_us_.push_back(static_cast<int32_t>((read_time_ns_ - *time) / 1000));
}

void Receiver::OnPeerEnd(Stream& stream, bool reset) {
  epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, stream.client.fd(), nullptr);
  stream.client.Close();
  if (stream.over) return;
  stream.over = true;
  if (!options_.http && !reset && options_.count > 0 && stream.next_sequence == options_.count + 1) {
    ++ended_;
  } else {
    Fault(stream, reset ? "reset" : "closed before its end");
  }
}

void Receiver::Fault(const Stream& stream, absl::string_view what) {
  if (fault_.empty()) fault_ = absl::StrCat("stream ", stream.number, ": ", what);
}

absl::Duration Receiver::Lateness(double fraction) const { return Quantile(lateness_us_, fraction); }
absl::Duration Receiver::Delivery(double fraction) const { return Quantile(delivery_us_, fraction); }

}  // namespace penstock::bench
