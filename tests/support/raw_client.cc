#include "tests/support/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace penstock::testing {
namespace {

constexpr size_t kMaxReceivedKept = 64 * 1024;

absl::StatusOr<sockaddr_in> ParseAddress(absl::string_view address) {
  const size_t colon = address.rfind(':');
  uint32_t port = 0;
  sockaddr_in result{};
  result.sin_family = AF_INET;
  if (colon == absl::string_view::npos || !absl::SimpleAtoi(address.substr(colon + 1), &port) || port > UINT16_MAX ||
      inet_pton(AF_INET, std::string(address.substr(0, colon)).c_str(), &result.sin_addr) != 1) {
    return absl::InvalidArgumentError(absl::StrCat("not an IPv4 address and port: ", address));
  }
  result.sin_port = htons(static_cast<uint16_t>(port));
  return result;
}

// Whether `fd` became ready for `events` before the deadline.
bool WaitFor(int fd, short events, absl::Time deadline) {
  for (;;) {
    pollfd polled{fd, events, 0};
    int timeout = -1;
    if (deadline != absl::InfiniteFuture()) {
      timeout = static_cast<int>(std::max<int64_t>(0, absl::ToInt64Milliseconds(deadline - absl::Now()) + 1));
    }
    const int count = poll(&polled, 1, timeout);
    if (count > 0) return true;
    if (count == 0) return false;
  }
}

}  // namespace

absl::StatusOr<RawClient> RawClient::Connect(absl::string_view address, int receive_buffer) {
  absl::StatusOr<sockaddr_in> parsed = ParseAddress(address);
  if (!parsed.ok()) return parsed.status();
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return absl::ResourceExhaustedError(absl::StrCat("no socket: ", strerror(errno)));
  // Before connect: the window scale is settled by the handshake.
  if (receive_buffer > 0) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (connect(fd, reinterpret_cast<const sockaddr*>(&*parsed), sizeof(*parsed)) != 0) {
    const absl::Status status = absl::UnavailableError(absl::StrCat("connect to ", address, ": ", strerror(errno)));
    close(fd);
    return status;
  }
  return RawClient(fd);
}

RawClient::~RawClient() { Close(); }

RawClient::RawClient(RawClient&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      peer_end_(other.peer_end_),
      parser_(std::move(other.parser_)),
      rest_(std::move(other.rest_)),
      received_(std::move(other.received_)) {}

RawClient& RawClient::operator=(RawClient&& other) noexcept {
  if (this == &other) return *this;
  Close();
  fd_ = std::exchange(other.fd_, -1);
  peer_end_ = other.peer_end_;
  parser_ = std::move(other.parser_);
  rest_ = std::move(other.rest_);
  received_ = std::move(other.received_);
  return *this;
}

absl::Status RawClient::Send(absl::string_view bytes, absl::Time deadline) {
  while (!bytes.empty()) {
    if (!WaitFor(fd_, POLLOUT, deadline)) return absl::DeadlineExceededError("the peer does not read");
    const ssize_t count = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count > 0) bytes.remove_prefix(static_cast<size_t>(count));
    if (count < 0 && errno != EAGAIN && errno != EINTR) return absl::UnavailableError(strerror(errno));
  }
  return absl::OkStatus();
}

void RawClient::NextResponse(bool to_head) {
  parser_ = ResponseParser(to_head);
  const std::string rest = std::exchange(rest_, {});
  rest_ = rest.substr(parser_.Feed(rest));
}

Response RawClient::ReadResponse(absl::Time deadline) {
  ReadUntil([](const Response& response) { return response.complete; }, deadline);
  return response();
}

bool RawClient::ReadUntil(const std::function<bool(const Response&)>& enough, absl::Time deadline) {
  if (parser_.complete()) NextResponse();
  while (!enough(response())) {
    if (parser_.complete() || parser_.failed() || !ReadMore(deadline)) return enough(response());
  }
  return true;
}

RawClient::PeerEnd RawClient::WaitForPeerEnd(absl::Time deadline) {
  while (ReadMore(deadline)) {
  }
  return peer_end_;
}

bool RawClient::ReadMore(absl::Time deadline) {
  if (fd_ < 0 || peer_end_ != PeerEnd::kOpen || !WaitFor(fd_, POLLIN, deadline)) return false;
  char buffer[64 * 1024];
  const ssize_t count = recv(fd_, buffer, sizeof(buffer), MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  if (count <= 0) {
    peer_end_ = count == 0 ? PeerEnd::kFin : PeerEnd::kReset;
    if (count == 0) parser_.FeedEnd();
    return false;
  }
  const absl::string_view bytes(buffer, static_cast<size_t>(count));
  received_.append(bytes.data(), std::min(bytes.size(), kMaxReceivedKept - received_.size()));
  const size_t used = parser_.Feed(bytes);
  rest_.append(bytes.data() + used, bytes.size() - used);
  return true;
}

void RawClient::ShutdownSend() { shutdown(fd_, SHUT_WR); }

void RawClient::Close() {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

void RawClient::Reset() {
  const linger now{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  Close();
}

absl::StatusOr<Response> Exchange(absl::string_view address, absl::string_view request, absl::Time deadline) {
  absl::StatusOr<RawClient> client = RawClient::Connect(address);
  if (!client.ok()) return client.status();
  // A server may answer before it has read all, and close: what it said is still there to read.
  const absl::Status sent = client->Send(request, deadline);
  Response response = client->ReadResponse(deadline);
  if (!response.head_complete && !sent.ok()) return sent;
  return response;
}

std::string Request(absl::string_view method, absl::string_view target, absl::string_view body,
                    absl::string_view head_lines) {
  std::string request = absl::StrCat(method, " ", target, " HTTP/1.1\r\nHost: penstock.test\r\n");
  if (!head_lines.empty()) absl::StrAppend(&request, head_lines, "\r\n");
  if (!body.empty()) absl::StrAppend(&request, "Content-Length: ", body.size(), "\r\n");
  absl::StrAppend(&request, "\r\n", body);
  return request;
}

std::string PostJson(absl::string_view target, absl::string_view json, absl::string_view head_lines) {
  return Request("POST", target, json,
                 absl::StrCat("Content-Type: application/json", head_lines.empty() ? "" : "\r\n", head_lines));
}

}  // namespace penstock::testing
