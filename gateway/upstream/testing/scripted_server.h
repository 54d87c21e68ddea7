// For this folder's tests: a loop driven by the test itself, a handler that notes what it hears, and a server that does
// what a test says, frame by frame. All in one thread, so that an order of events is an order of lines.
#ifndef PENSTOCK_GATEWAY_UPSTREAM_TESTING_SCRIPTED_SERVER_H_
#define PENSTOCK_GATEWAY_UPSTREAM_TESTING_SCRIPTED_SERVER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/types/optional.h"
#include "gateway/net/address.h"
#include "gateway/net/loop.h"
#include "gateway/upstream/call.h"

namespace penstock::upstream::testing {

// Runs the loop until `done`, 10 s at most. False: it did not come to that.
bool RunUntil(net::Loop& loop, const std::function<bool()>& done);

// Notes everything. Gives windows back at once unless told to hold them.
class Recorder : public CallHandler {
 public:
  void OnCallMetadata(const Metadata& metadata) override { heads.push_back(metadata); }
  void OnCallMessage(absl::string_view message, size_t window) override;
  void OnCallPartial(size_t window) override;
  void OnCallSent() override { ++sent; }
  void OnCallEnd(CallEnd ended) override;

  std::unique_ptr<Call> call;
  bool hold = false;                                  // keeps the windows
  std::function<void(absl::string_view)> on_message;  // instead of noting messages
  std::function<void()> on_end;

  std::vector<Metadata> heads;
  std::vector<std::string> messages;
  size_t message_count = 0;
  int sent = 0;
  size_t held = 0;
  absl::optional<CallEnd> end;
};

// One HTTP/2 frame.
struct Frame {
  uint8_t type = 0;
  uint8_t flags = 0;
  uint32_t id = 0;
  std::string payload;
};

inline constexpr uint8_t kData = 0, kHeaders = 1, kRstStream = 3, kSettings = 4, kPing = 6, kGoaway = 7,
                         kWindowUpdate = 8;
inline constexpr uint8_t kEndStream = 1, kAck = 1, kEndHeaders = 4;

std::string EncodeFrame(const Frame& frame);
// Settings are (identifier, value).
std::string SettingsFrame(const std::vector<std::pair<uint16_t, uint32_t>>& settings);
// Fields as HPACK literals without indexing.
std::string HeadersFrame(uint32_t id, const Metadata& fields, bool end_stream);
std::string DataFrame(uint32_t id, const std::string& payload, bool end_stream = false);
std::string RstFrame(uint32_t id, uint32_t error_code);
std::string GoawayFrame(uint32_t last_id, uint32_t error_code);

// The head of a gRPC response; OK trailers.
std::string ResponseHead(uint32_t id);
std::string OkTrailers(uint32_t id);

// The server's end of one connection.
class ScriptedPeer {
 public:
  ScriptedPeer(net::Loop& loop, int fd) : loop_(loop), fd_(fd) {}
  ~ScriptedPeer() { Close(); }
  ScriptedPeer(const ScriptedPeer&) = delete;
  ScriptedPeer& operator=(const ScriptedPeer&) = delete;

  // Writes all of it.
  void Send(const std::string& bytes);
  // Writes what the socket takes and returns how much that was.
  size_t SendSome(const std::string& bytes);
  // Reads what has come; takes SETTINGS apart from the rest.
  void Poll();
  // The next frame of this type (and stream, unless 0), running the loop until it comes. Fails the test otherwise.
  Frame Await(uint8_t type, uint32_t id = 0);
  // Whether such a frame has come and was not awaited.
  bool Has(uint8_t type, uint32_t id = 0);
  // The client closed.
  bool closed() const { return closed_; }
  void Close();
  // Closes with a TCP reset.
  void Reset();

 private:
  absl::optional<Frame> Take(uint8_t type, uint32_t id, bool remove);

  net::Loop& loop_;
  int fd_;
  bool preface_seen_ = false;
  bool closed_ = false;
  std::string input_;
  std::vector<Frame> frames_;
};

class ScriptedServer {
 public:
  // Listens on loopback: on `port`, or on one that is free.
  explicit ScriptedServer(net::Loop& loop, uint16_t port = 0);
  ~ScriptedServer();

  uint16_t port() const { return port_; }
  net::Address address() const { return net::Address::Tcp("127.0.0.1", port_); }
  // The next connection, with nothing said yet.
  std::unique_ptr<ScriptedPeer> AcceptSilent();
  // The next connection, after both sides' SETTINGS.
  std::unique_ptr<ScriptedPeer> Accept(const std::vector<std::pair<uint16_t, uint32_t>>& settings = {});
  // Stops listening: connects are refused from here on.
  void Close();

 private:
  net::Loop& loop_;
  int fd_;
  uint16_t port_ = 0;
};

}  // namespace penstock::upstream::testing

#endif  // PENSTOCK_GATEWAY_UPSTREAM_TESTING_SCRIPTED_SERVER_H_
