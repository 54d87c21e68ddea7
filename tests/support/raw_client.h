// A TCP client that sends exactly the given bytes and reports exactly what arrives: bytes, FIN or RST.
//
//   RawClient client = RawClient::Connect("127.0.0.1:8080").value();
//   client.Send("GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n");
//   Response response = client.ReadResponse(deadline);
//   EXPECT_EQ(response.status, 404);
//
// Blocking; every wait has a deadline. Not thread-safe.
#ifndef PENSTOCK_TESTS_SUPPORT_RAW_CLIENT_H_
#define PENSTOCK_TESTS_SUPPORT_RAW_CLIENT_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/support/response_parser.h"

namespace penstock::testing {

class RawClient {
 public:
  // How the peer left: not yet, with FIN, or with RST.
  enum class PeerEnd { kOpen, kFin, kReset };

  // `address` is "1.2.3.4:port". `receive_buffer` in bytes bounds what the kernel takes for a client that does not
  // read (0: the kernel's own, growing choice).
  static absl::StatusOr<RawClient> Connect(absl::string_view address, int receive_buffer = 0);

  ~RawClient();
  RawClient(RawClient&& other) noexcept;
  RawClient& operator=(RawClient&& other) noexcept;

  // All of `bytes`, waiting where the peer reads slowly. Fails when the peer reset the connection or the deadline
  // passed.
  absl::Status Send(absl::string_view bytes, absl::Time deadline = absl::InfiniteFuture());

  // Starts the next response: what was read beyond the last one belongs to it. ReadResponse and ReadUntil do this by
  // themselves when the last one is complete; call it to say that the request was HEAD.
  void NextResponse(bool to_head = false);

  // Reads until the response is complete, broken, cut by the peer, or the deadline passed.
  Response ReadResponse(absl::Time deadline);

  // Reads on until `enough` holds for the response so far; whether it did. Gives up as ReadResponse does.
  bool ReadUntil(const std::function<bool(const Response&)>& enough, absl::Time deadline);

  // Reads, and throws away, until the peer left or the deadline passed.
  PeerEnd WaitForPeerEnd(absl::Time deadline);

  const Response& response() const { return parser_.response(); }
  PeerEnd peer_end() const { return peer_end_; }

  // Everything received, framing included, for messages of failed assertions. Bounded: the first 64 KiB.
  const std::string& received() const { return received_; }

  int fd() const { return fd_; }

  // Sends FIN and goes on reading.
  void ShutdownSend();
  // Closes with FIN, as a client does that leaves.
  void Close();
  // Closes with RST.
  void Reset();

 private:
  explicit RawClient(int fd) : fd_(fd) {}
  bool ReadMore(absl::Time deadline);

  int fd_ = -1;
  PeerEnd peer_end_ = PeerEnd::kOpen;
  ResponseParser parser_;
  std::string rest_;  // read, and beyond the response in hand
  std::string received_;
};

// The whole of one exchange on a connection of its own, as "curl" would do it: `request` is everything that is sent.
absl::StatusOr<Response> Exchange(absl::string_view address, absl::string_view request, absl::Time deadline);

// Bytes of a request: `head_lines` are "Name: value" without their ends, joined by "\r\n" in one string. Host is added,
// and Content-Length when there is a body.
std::string Request(absl::string_view method, absl::string_view target, absl::string_view body = "",
                    absl::string_view head_lines = "");

// A POST of JSON, as a page or `curl --json` makes it.
std::string PostJson(absl::string_view target, absl::string_view json, absl::string_view head_lines = "");

}  // namespace penstock::testing

#endif  // PENSTOCK_TESTS_SUPPORT_RAW_CLIENT_H_
