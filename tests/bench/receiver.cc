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
#include "tests/bench/http2_streams.h"
#include "tests/bench/link.h"
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
  explicit Stream(size_t n) : number(n) {}

  const size_t number;
  testing::ResponseParser parser;  // of HTTP/1.1
  std::string text;                // otherwise: what came of the line in hand
  uint64_t next_sequence = 1;
  int64_t first_time_ns = 0;
  bool end_line = false;
  bool over = false;
};

struct Receiver::Connection {
  explicit Connection(Link l) : link(std::move(l)) {}

  Link link;
  std::unique_ptr<Http2Streams> http2;
  std::vector<std::unique_ptr<Stream>> streams;
};

Receiver::Receiver(ReceiverOptions options)
    : options_(std::move(options)), epoll_fd_(epoll_create1(EPOLL_CLOEXEC)), buffer_(new char[kReadBytes]) {}

Receiver::~Receiver() { close(epoll_fd_); }

bool Receiver::Open(size_t streams, absl::Duration ramp) {
  // Connections first: on cores that are busy with streams a TLS handshake takes many times as long.
  const size_t most = options_.streams_a_connection;
  while (connections_.size() * most < streams_ + streams) {
    if (!Connect()) return false;
  }
  const absl::Time start = absl::Now();
  for (size_t i = 0; i < streams; ++i) {
    const absl::Time due = start + ramp * (static_cast<double>(i) / static_cast<double>(streams));
    do {
      Poll(std::max(absl::ZeroDuration(), due - absl::Now()));
    } while (absl::Now() < due);
    if (!OpenOne(*connections_[streams_ / most])) return false;
  }
  return true;
}

bool Receiver::OpenOne(Connection& connection) {
  connection.streams.push_back(std::make_unique<Stream>(streams_++));
  absl::Status sent;
  if (connection.http2 != nullptr) {
    connection.http2->Post(connection.streams.back().get(), options_.target, options_.body);
    sent = connection.link.Send(connection.http2->TakeOutput());
  } else {
    sent = connection.link.Send(
        options_.protocol == Protocol::kBare ? options_.body : testing::PostJson(options_.target, options_.body));
  }
  if (!sent.ok()) Fault(*connection.streams.back(), sent.message());
  return sent.ok();
}

bool Receiver::Connect() {
  absl::StatusOr<Link> link =
      Link::Connect(options_.address, options_.tls, options_.protocol == Protocol::kHttp2 ? "h2" : "http/1.1");
  if (!link.ok()) {
    Fault(link.status().ToString());
    return false;
  }
  connections_.push_back(std::make_unique<Connection>(*std::move(link)));
  Connection* connection = connections_.back().get();
  if (options_.protocol == Protocol::kHttp2) {
    connection->http2 = std::make_unique<Http2Streams>(
        Http2Streams::Events{[this](void* stream, int status) {
                               if (status != 200) Fault(*static_cast<Stream*>(stream), absl::StrCat("status ", status));
                             },
                             [this](void* stream, absl::string_view data) {
                               std::string& text = static_cast<Stream*>(stream)->text;
                               text.append(data.data(), data.size());
                               TakeLines(*static_cast<Stream*>(stream), text);
                             },
                             [this](void* stream, uint32_t error_code) {
                               if (error_code != 0)
                                 Fault(*static_cast<Stream*>(stream), absl::StrCat("reset with code ", error_code));
                               OnResponseEnd(*static_cast<Stream*>(stream));
                             }});
  }
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = connection;
  epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, connection->link.fd(), &event);
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
  for (int i = 0; i < count; ++i) Read(*static_cast<Connection*>(events[i].data.ptr));
}

// All that is there where a layer below could keep some of it from epoll; else what one read gives.
void Receiver::Read(Connection& connection) {
  do {
    const ssize_t count = connection.link.Receive(buffer_.get(), kReadBytes);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) return OnPeerEnd(connection, count < 0);
    read_time_ns_ = absl::GetCurrentTimeNanos();
    OnBytes(connection, absl::string_view(buffer_.get(), static_cast<size_t>(count)));
  } while (options_.tls);
}

void Receiver::OnBytes(Connection& connection, absl::string_view bytes) {
  if (connection.http2 != nullptr) {
    const absl::Status status = connection.http2->Take(bytes);
    if (!status.ok()) Fault(status.message());
    const std::string output = connection.http2->TakeOutput();  // windows given back
    if (!output.empty() && !connection.link.Send(output).ok()) OnPeerEnd(connection, true);
    return;
  }
  if (connection.streams.empty()) return Fault("an answer before the request");
  Stream& stream = *connection.streams.front();
  if (options_.protocol == Protocol::kHttp1) return OnHttp1Bytes(stream, bytes);
  stream.text.append(bytes.data(), bytes.size());
  TakeLines(stream, stream.text);
}

void Receiver::OnHttp1Bytes(Stream& stream, absl::string_view bytes) {
  stream.parser.Feed(bytes);
  const testing::Response& response = stream.parser.response();
  if (response.head_complete && response.status != 200) {
    return Fault(stream, absl::StrCat("status ", response.status, ": ", response.body));
  }
  TakeLines(stream, stream.parser.mutable_body());
  if (stream.parser.failed()) Fault(stream, response.error);
  if (stream.parser.complete()) OnResponseEnd(stream);
}

void Receiver::OnResponseEnd(Stream& stream) {
  if (std::exchange(stream.over, true)) return;
  if (!stream.end_line || !TakeEnd(stream)) Fault(stream, "the response is complete before the stream");
}

// False: there was no end due, or more lines than there could be. The last numbers may be missing as any others.
bool Receiver::TakeEnd(const Stream& stream) {
  if (options_.count == 0 || stream.next_sequence > options_.count + 1) return false;
  missing_ += options_.count + 1 - stream.next_sequence;
  ++ended_;
  return true;
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
  if (*sequence < stream.next_sequence) {
    return Fault(stream, absl::StrCat("line ", *sequence, " came where ", stream.next_sequence, " was due"));
  }
  missing_ += *sequence - stream.next_sequence;
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

void Receiver::OnPeerEnd(Connection& connection, bool reset) {
  epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, connection.link.fd(), nullptr);
  connection.link.Close();
  for (const std::unique_ptr<Stream>& stream : connection.streams) {
    if (std::exchange(stream->over, true)) continue;
    const bool bare = options_.protocol == Protocol::kBare;
    if (!bare || reset || !TakeEnd(*stream)) Fault(*stream, reset ? "reset" : "closed before its end");
  }
}

void Receiver::Fault(const Stream& stream, absl::string_view what) {
  Fault(absl::StrCat("stream ", stream.number, ": ", what));
}

void Receiver::Fault(absl::string_view what) {
  if (fault_.empty()) fault_ = std::string(what);
}

absl::Duration Receiver::Lateness(double fraction) const { return Quantile(lateness_us_, fraction); }
absl::Duration Receiver::Delivery(double fraction) const { return Quantile(delivery_us_, fraction); }

}  // namespace penstock::bench
