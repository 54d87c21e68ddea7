#include "gateway/upstream/testing/scripted_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

namespace penstock::upstream::testing {
namespace {

constexpr char kPreface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr size_t kFrameHead = 9;

std::string Number(uint64_t value, int bytes) {
  std::string out;
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
  return out;
}

// An HPACK string that is not Huffman coded (RFC 7541 section 5.2), shorter than 16 KiB + 127.
std::string HpackString(const std::string& text) {
  if (text.size() < 127) return Number(text.size(), 1) + text;
  size_t rest = text.size() - 127;
  std::string out = Number(127, 1);
  while (rest >= 128) {
    out.push_back(static_cast<char>(rest % 128 + 128));
    rest /= 128;
  }
  out.push_back(static_cast<char>(rest));
  return out + text;
}

}  // namespace

bool RunUntil(net::Loop& loop, const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    loop.io().restart();
    loop.io().run_one_for(std::chrono::milliseconds(5));
  }
  return true;
}

void Recorder::OnCallMessage(absl::string_view message, size_t window) {
  ++message_count;
  hold ? void(held += window) : call->GiveBack(window);
  if (on_message) {
    on_message(message);
  } else {
    messages.emplace_back(message);
  }
}

void Recorder::OnCallPartial(size_t window) { hold ? void(held += window) : call->GiveBack(window); }

void Recorder::OnCallEnd(CallEnd ended) {
  EXPECT_FALSE(end.has_value()) << "a call ends once";
  end = std::move(ended);
  if (on_end) on_end();
}

std::string EncodeFrame(const Frame& frame) {
  return Number(frame.payload.size(), 3) + Number(frame.type, 1) + Number(frame.flags, 1) + Number(frame.id, 4) +
         frame.payload;
}

std::string SettingsFrame(const std::vector<std::pair<uint16_t, uint32_t>>& settings) {
  Frame frame{kSettings, 0, 0, ""};
  for (const auto& [id, value] : settings) frame.payload += Number(id, 2) + Number(value, 4);
  return EncodeFrame(frame);
}

std::string HeadersFrame(uint32_t id, const Metadata& fields, bool end_stream) {
  Frame frame{kHeaders, static_cast<uint8_t>(kEndHeaders | (end_stream ? kEndStream : 0)), id, ""};
  for (const auto& [name, value] : fields) frame.payload += Number(0, 1) + HpackString(name) + HpackString(value);
  return EncodeFrame(frame);
}

std::string DataFrame(uint32_t id, const std::string& payload, bool end_stream) {
  return EncodeFrame({kData, static_cast<uint8_t>(end_stream ? kEndStream : 0), id, payload});
}

std::string RstFrame(uint32_t id, uint32_t error_code) {
  return EncodeFrame({kRstStream, 0, id, Number(error_code, 4)});
}

std::string GoawayFrame(uint32_t last_id, uint32_t error_code) {
  return EncodeFrame({kGoaway, 0, 0, Number(last_id, 4) + Number(error_code, 4)});
}

std::string ResponseHead(uint32_t id) {
  return HeadersFrame(id, {{":status", "200"}, {"content-type", "application/grpc"}}, false);
}

std::string OkTrailers(uint32_t id) { return HeadersFrame(id, {{"grpc-status", "0"}}, true); }

void ScriptedPeer::Send(const std::string& bytes) {
  size_t sent = 0;
  EXPECT_TRUE(RunUntil(loop_, [&] { return (sent += SendSome(bytes.substr(sent))) == bytes.size(); }));
}

size_t ScriptedPeer::SendSome(const std::string& bytes) {
  const ssize_t count = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (count < 0 && errno != EAGAIN) ADD_FAILURE() << "send: errno " << errno;
  return count < 0 ? 0 : static_cast<size_t>(count);
}

void ScriptedPeer::Poll() {
  char buffer[64 * 1024];
  ssize_t count = 1;
  while (fd_ >= 0 && (count = recv(fd_, buffer, sizeof buffer, MSG_DONTWAIT)) > 0) input_.append(buffer, count);
  if (fd_ >= 0 && (count == 0 || (count < 0 && errno != EAGAIN))) closed_ = true;
  if (!preface_seen_) {
    if (input_.size() < sizeof kPreface - 1) return;
    EXPECT_EQ(input_.substr(0, sizeof kPreface - 1), kPreface);
    input_.erase(0, sizeof kPreface - 1);
    preface_seen_ = true;
  }
  while (input_.size() >= kFrameHead) {
    const auto byte = [this](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(input_[i])); };
    const size_t length = byte(0) << 16 | byte(1) << 8 | byte(2);
    if (input_.size() < kFrameHead + length) return;
    Frame frame;
    frame.type = static_cast<uint8_t>(byte(3));
    frame.flags = static_cast<uint8_t>(byte(4));
    frame.id = byte(5) << 24 | byte(6) << 16 | byte(7) << 8 | byte(8);
    frame.payload = input_.substr(kFrameHead, length);
    input_.erase(0, kFrameHead + length);
    frames_.push_back(std::move(frame));
  }
}

absl::optional<Frame> ScriptedPeer::Take(uint8_t type, uint32_t id, bool remove) {
  Poll();
  for (size_t i = 0; i < frames_.size(); ++i) {
    if (frames_[i].type != type || (id != 0 && frames_[i].id != id)) continue;
    Frame frame = frames_[i];
    if (remove) frames_.erase(frames_.begin() + static_cast<ptrdiff_t>(i));
    return frame;
  }
  return absl::nullopt;
}

Frame ScriptedPeer::Await(uint8_t type, uint32_t id) {
  absl::optional<Frame> frame;
  EXPECT_TRUE(RunUntil(loop_, [&] { return (frame = Take(type, id, /*remove=*/true)).has_value(); }))
      << "no frame of type " << int{type} << " on stream " << id;
  return frame.value_or(Frame());
}

bool ScriptedPeer::Has(uint8_t type, uint32_t id) { return Take(type, id, /*remove=*/false).has_value(); }

void ScriptedPeer::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

void ScriptedPeer::Reset() {
  const linger now = {1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  Close();
}

ScriptedServer::ScriptedServer(net::Loop& loop, uint16_t port) : loop_(loop), fd_(socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const int on = 1;
  setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  socklen_t size = sizeof address;
  EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0) << "errno " << errno;
  EXPECT_EQ(listen(fd_, 128), 0);
  EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
  fcntl(fd_, F_SETFL, O_NONBLOCK);
  port_ = ntohs(address.sin_port);
}

ScriptedServer::~ScriptedServer() { Close(); }

void ScriptedServer::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

std::unique_ptr<ScriptedPeer> ScriptedServer::AcceptSilent() {
  int fd = -1;
  EXPECT_TRUE(RunUntil(loop_, [&] { return (fd = accept(fd_, nullptr, nullptr)) >= 0; })) << "nobody connects";
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return std::make_unique<ScriptedPeer>(loop_, fd);
}

std::unique_ptr<ScriptedPeer> ScriptedServer::Accept(const std::vector<std::pair<uint16_t, uint32_t>>& settings) {
  std::unique_ptr<ScriptedPeer> peer = AcceptSilent();
  peer->Send(SettingsFrame(settings));
  peer->Await(kSettings);                                // the client's own
  EXPECT_EQ(peer->Await(kSettings).flags & kAck, kAck);  // its answer to ours
  peer->Send(EncodeFrame({kSettings, kAck, 0, ""}));
  return peer;
}

}  // namespace penstock::upstream::testing
