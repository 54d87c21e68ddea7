#include "gateway/http/testing/test_client.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"

namespace penstock::http::testing {
namespace {

net::UniqueFd ConnectUnix(const std::string& path) {
  net::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) fd.reset();
  return fd;
}

}  // namespace

TestClient TestClient::Connect(const std::string& address) {
  if (absl::StartsWith(address, "unix:")) return TestClient(ConnectUnix(address.substr(5)));
  const size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  if (!host.empty() && host.front() == '[') host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), address.c_str() + colon + 1, &hints, &found) != 0) return TestClient(net::UniqueFd());
  net::UniqueFd fd(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(fd.get(), found->ai_addr, found->ai_addrlen) != 0) fd.reset();
  ::freeaddrinfo(found);
  return TestClient(std::move(fd));
}

void TestClient::Send(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return;  // the peer left: the test sees that when it reads
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

size_t TestClient::SendSome(absl::string_view bytes) {
  const ssize_t n = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return n > 0 ? static_cast<size_t>(n) : 0;
}

bool TestClient::ReadMore(std::chrono::steady_clock::time_point deadline) {
  if (end_ != End::kOpen) return false;
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
  pollfd wait{socket_.get(), POLLIN, 0};
  if (left <= 0 || ::poll(&wait, 1, static_cast<int>(left)) <= 0) return false;
  char buffer[65536];
  const ssize_t n = ::recv(socket_.get(), buffer, sizeof(buffer), 0);
  if (n > 0) received_.append(buffer, static_cast<size_t>(n));
  if (n == 0) end_ = End::kFin;
  if (n < 0) end_ = End::kReset;
  return n > 0;
}

std::string TestClient::ReadUntil(absl::string_view text) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    const size_t at = received_.find(text.data(), 0, text.size());
    if (at != std::string::npos) {
      std::string taken = received_.substr(0, at + text.size());
      received_.erase(0, taken.size());
      return taken;
    }
    if (!ReadMore(deadline)) return "";
  }
}

std::string TestClient::ReadResponse(bool to_head) {
  std::string response = ReadUntil("\r\n\r\n");
  const size_t field = response.find("\r\nContent-Length: ");
  size_t length = 0;
  if (to_head || field == std::string::npos) return response;
  const size_t begin = field + 18;
  if (!absl::SimpleAtoi(response.substr(begin, response.find('\r', begin) - begin), &length)) return response;
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (received_.size() < length && ReadMore(deadline)) {
  }
  response.append(received_, 0, length);
  received_.erase(0, length);
  return response;
}

std::string TestClient::ReadSome() {
  if (received_.empty()) ReadMore(std::chrono::steady_clock::now() + kPatience);
  return std::exchange(received_, std::string());
}

std::string TestClient::ReadSomeNow() {
  pollfd wait{socket_.get(), POLLIN, 0};
  if (::poll(&wait, 1, 0) > 0) ReadMore(std::chrono::steady_clock::now() + kPatience);
  return std::exchange(received_, std::string());
}

std::string TestClient::ReadToEnd() {
  WaitForEnd();
  return std::exchange(received_, std::string());
}

TestClient::End TestClient::WaitForEnd() {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (ReadMore(deadline)) {
  }
  return end_;
}

void TestClient::ShutdownSend() { ::shutdown(socket_.get(), SHUT_WR); }

}  // namespace penstock::http::testing
