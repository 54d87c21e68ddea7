// A blocking client for the tests of sessions and acceptors: sends exactly what it is told and says how the peer left.
// TCP or unix. Every wait has a deadline.
#ifndef PENSTOCK_GATEWAY_HTTP_TESTING_TEST_CLIENT_H_
#define PENSTOCK_GATEWAY_HTTP_TESTING_TEST_CLIENT_H_

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "gateway/net/unique_fd.h"

namespace penstock::http::testing {

// Long enough for a loaded machine; nothing waits for it when all is well.
inline constexpr std::chrono::seconds kPatience{20};

class TestClient {
 public:
  enum class End { kOpen, kFin, kReset };

  explicit TestClient(net::UniqueFd socket) : socket_(std::move(socket)) {}
  // "127.0.0.1:port", "[::1]:port" or "unix:path". Not open() when nobody listens.
  static TestClient Connect(const std::string& address);

  bool open() const { return static_cast<bool>(socket_); }
  int fd() const { return socket_.get(); }

  void Send(absl::string_view bytes);
  // As much as the peer takes at once.
  size_t SendSome(absl::string_view bytes);

  // Reads until `text` is among what has not been taken yet, then takes everything up to its end. Empty when the peer
  // left or kPatience passed before.
  std::string ReadUntil(absl::string_view text);
  // A whole response with Content-Length (a HEAD's has no body).
  std::string ReadResponse(bool to_head = false);
  // Everything up to the peer's leaving.
  std::string ReadToEnd();
  // What has come and was not taken; waits for something where that is nothing. Empty as above.
  std::string ReadSome();
  // The same, without waiting.
  std::string ReadSomeNow();
  // Reads, keeps what it reads, and says how the peer left; kOpen when kPatience passed.
  End WaitForEnd();

  End end() const { return end_; }

  void ShutdownSend();
  void Close() { socket_.reset(); }

 private:
  bool ReadMore(std::chrono::steady_clock::time_point deadline);

  net::UniqueFd socket_;
  std::string received_;
  End end_ = End::kOpen;
};

}  // namespace penstock::http::testing

#endif  // PENSTOCK_GATEWAY_HTTP_TESTING_TEST_CLIENT_H_
