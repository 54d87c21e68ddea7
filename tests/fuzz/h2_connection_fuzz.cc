// A connection to an upstream that sends anything: each call gets its events in order and its end once; what is sent to
// the upstream complies with RFC 9113; and no more window is given back than was taken.
//
// Input: steps. Each is a valid or invalid frame of the upstream on one of four streams, raw bytes, gRPC messages, or
// an action of the gateway on a call or the connection.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/generic/stream_protocol.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/net/address.h"
#include "gateway/net/loop.h"
#include "gateway/net/unique_fd.h"
#include "gateway/upstream/call.h"
#include "gateway/upstream/grpc_frames.h"
#include "gateway/upstream/h2_connection.h"
#include "gateway/upstream/h2_stream.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/frames.h"
#include "tests/fuzz/input.h"

namespace penstock::fuzz {
namespace {

using net::UniqueFd;
using upstream::CallEnd;
using upstream::H2Connection;
using upstream::H2Stream;
using upstream::Metadata;

constexpr absl::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr size_t kMaxFrame = 16384;
constexpr size_t kMaxSteps = 400;
constexpr size_t kMaxCalls = 6;
constexpr int kMaxTurns = 10'000;
constexpr size_t kMaxMessageBytes = 200;

net::Loop& SharedLoop() {
  static net::Loop& loop = *new net::Loop;
  return loop;
}

// Listens on a name of this process's own.
class Listener {
 public:
  Listener() : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    const std::string name = absl::StrCat("penstock-fuzz-", ::getpid());
    address_.sun_family = AF_UNIX;
    name.copy(address_.sun_path + 1, name.size());  // behind a NUL: no file
    size_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    FUZZ_EXPECT(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address_), size_) == 0);
    FUZZ_EXPECT(::listen(socket_.get(), 4) == 0);
  }

  H2Connection::SocketAddress endpoint() const { return {&address_, size_}; }
  UniqueFd Accept() { return UniqueFd(::accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)); }

 private:
  UniqueFd socket_;
  sockaddr_un address_ = {};
  socklen_t size_ = 0;
};

class Owner final : public H2Connection::Owner {
 public:
  void OnConnectionChanged(H2Connection&) override { FUZZ_EXPECT(!closed); }
  void OnStreamClosed() override { FUZZ_EXPECT(!closed); }
  void OnCallJudged(bool) override { FUZZ_EXPECT(!closed); }
  void OnConnectionClosed(H2Connection&, const absl::Status& why) override {
    FUZZ_EXPECT(!closed && why.code() == absl::StatusCode::kUnavailable);
    closed = true;
  }
  bool closed = false;
};

class Caller final : public upstream::CallHandler, private net::Deferred {
 public:
  // After which callback it destroys its call: 0, after none.
  Caller(net::Loop& loop, size_t destroys_at) : loop_(loop), destroys_at_(destroys_at) {}

  void OnCallMetadata(const Metadata&) override {
    FUZZ_EXPECT(call != nullptr && !ended_ && !metadata_ && !message_);
    metadata_ = true;
    MaybeDestroy(1);
  }
  void OnCallMessage(absl::string_view message, size_t window) override {
    FUZZ_EXPECT(call != nullptr && !ended_ && metadata_, "a message before the head");
    FUZZ_EXPECT(message.size() <= kMaxMessageBytes && window > 0 &&
                window <= message.size() + upstream::kFramePrefixBytes);
    message_ = true;
    owed_ += window;
    MaybeDestroy(2);
  }
  void OnCallPartial(size_t window) override {
    FUZZ_EXPECT(call != nullptr && !ended_ && metadata_ && window > 0);
    owed_ += window;
    MaybeDestroy(3);
  }
  void OnCallSent() override { FUZZ_EXPECT(call != nullptr && !ended_ && call->Unsent() == 0); }
  void OnCallEnd(CallEnd end) override {
    FUZZ_EXPECT(call != nullptr && !ended_, "a second end");
    FUZZ_EXPECT(!end.status.ok() || (end.from_upstream && !end.unprocessed), "well, and nobody said so");
    FUZZ_EXPECT(!end.unprocessed || !metadata_, "it answered, and may be sent again");
    ended_ = true;
    MaybeDestroy(4);
  }

  bool ended() const { return ended_; }
  void GiveBack(size_t bytes) {
    bytes = std::min(bytes, owed_);
    owed_ -= bytes;
    given_back += bytes;
    if (call != nullptr) call->GiveBack(bytes);
  }

  std::unique_ptr<upstream::Call> call;
  size_t given_back = 0;

 private:
  void MaybeDestroy(size_t callback) {
    if (callback == destroys_at_) loop_.Defer(this);
  }
  void RunDeferred() override { call.reset(); }

  net::Loop& loop_;
  const size_t destroys_at_;
  size_t owed_ = 0;
  bool metadata_ = false, message_ = false, ended_ = false;
};

// Mostly a gRPC response's.
Fields ResponseFields(Input& input) {
  static constexpr std::pair<absl::string_view, absl::string_view> kFields[] = {{":status", "200"},
                                                                                {"content-type", "application/grpc"},
                                                                                {"grpc-status", "0"},
                                                                                {"grpc-status", "14"},
                                                                                {":status", "503"},
                                                                                {":status", "100"},
                                                                                {"content-type", "text/html"},
                                                                                {"grpc-message", "a%20b%"},
                                                                                {"grpc-status-details-bin", "CAM"},
                                                                                {"x-bin", "AAE,AAE="},
                                                                                {"grpc-status", "-1"},
                                                                                {"x", "y"},
                                                                                {"grpc-encoding", "gzip"},
                                                                                {"content-length", "5"},
                                                                                {":path", "/"},
                                                                                {"x-long", ""}};
  Fields fields;
  const size_t shape = input.Byte();
  if ((shape & 1) != 0) fields.insert(fields.end(), {{":status", "200"}, {"content-type", "application/grpc"}});
  if ((shape & 2) != 0) fields.emplace_back("grpc-status", (shape & 4) != 0 ? "0" : "5");
  for (size_t more = shape >> 6; more > 0; --more) {
    const size_t which = input.Below(18);
    if (which < 16) {
      const auto& [name, value] = kFields[which];
      fields.emplace_back(name, name == "x-long" ? std::string(8000, 'z') : std::string(value));
    } else {
      const std::string name(input.Take(input.Below(24)));
      fields.emplace_back(name, std::string(input.Take(input.Below(32))));
    }
  }
  return fields;
}

class Talk {
 public:
  explicit Talk(Input& input) : input_(input), loop_(SharedLoop()) {
    static Listener& listener = *new Listener;
    options_.stream_window_bytes = size_t{1} << (4 + input_.Below(13));
    options_.max_message_bytes = kMaxMessageBytes;
    options_.connect_timeout = absl::Hours(1);
    connection_ = std::make_shared<H2Connection>(loop_, options_, net::Address::Tcp("fuzz", 1), &owner_);
    connection_->Connect(listener.endpoint());
    server_ = listener.Accept();
    FUZZ_EXPECT(static_cast<bool>(server_));
    Turn();
  }

  void Run() {
    if (!input_.Flag()) Send(Frame(NGHTTP2_SETTINGS, 0, 0, ""));
    for (size_t steps = 0; !input_.empty() && steps < kMaxSteps; ++steps) Step();
    Finish();
  }

 private:
  void Step() {
    switch (input_.Below(16)) {
      case 0:
        return Send(input_.Take(input_.Byte()));
      case 1:
      case 2:
        return Start();
      case 3:
      case 4:
        return CallStep();
      case 5:
        if (input_.Below(4) == 0) connection_->Drain();
        return Turn();
      case 6: {  // several frames in one read
        std::string frames;
        for (size_t count = input_.Below(8); count > 0; --count) frames += AnyFrame(input_, 1, ResponseFields);
        return Send(frames);
      }
      case 7:
      case 8:
      case 9: {  // messages, or parts of them
        std::string messages;
        for (size_t count = input_.Below(4); count > 0; --count) {
          upstream::AppendFrame(input_.Take(input_.Byte()), &messages);
        }
        const size_t size = messages.size() - std::min<size_t>(messages.size(), input_.Below(8));
        const auto id = static_cast<uint32_t>(1 + 2 * input_.Below(4));
        return Send(Frame(NGHTTP2_DATA, input_.Flag() ? NGHTTP2_FLAG_END_STREAM : 0, id,
                          absl::string_view(messages).substr(0, size)));
      }
      default:
        return Send(AnyFrame(input_, 1, ResponseFields));
    }
  }

  void Start() {
    if (callers_.size() == kMaxCalls || !connection_->CanStart()) return;
    callers_.push_back(std::make_unique<Caller>(loop_, input_.Below(8)));
    Caller& caller = *callers_.back();
    upstream::CallRequest request;
    request.path = "/pkg.Service/Method";
    request.metadata = {{"x", "y"}, {"authorization", std::string(input_.Take(input_.Below(16)))}, {"b-bin", "\1"}};
    auto stream = std::make_unique<H2Stream>(loop_, nullptr, std::move(request), &caller);
    H2Stream& opened = *stream;
    caller.call = std::move(stream);
    FUZZ_EXPECT(connection_->Start(opened));
    Turn();
  }

  void CallStep() {
    if (callers_.empty()) return;
    Caller& caller = *callers_[input_.Below(callers_.size())];
    if (caller.call == nullptr) return;
    switch (input_.Below(6)) {
      case 0:
        caller.call->SendMessage(std::string(size_t{1} << input_.Below(18), 'm'), input_.Flag());
        break;
      case 1:
        caller.call->SendMessage(input_.Take(input_.Below(64)), input_.Flag());
        break;
      case 2:
        caller.call->CloseSend();
        break;
      case 3:
        caller.call.reset();
        break;
      default:
        caller.GiveBack(size_t{1} << input_.Below(12));
        break;
    }
    Turn();
  }

  void Send(absl::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(server_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n <= 0) break;
      bytes.remove_prefix(static_cast<size_t>(n));
      sent_ += static_cast<size_t>(n);
      Turn();
    }
    Turn();
  }

  // Until all is quiet and read.
  void Turn() {
    for (int turn = 0; turn < kMaxTurns; ++turn) {
      loop_.io().restart();
      const bool worked = loop_.io().poll() > 0;
      char buffer[16 * 1024];
      const ssize_t n = server_ ? ::recv(server_.get(), buffer, sizeof(buffer), MSG_DONTWAIT) : 0;
      if (n > 0) received_.append(buffer, static_cast<size_t>(n));
      if (!worked && n <= 0) return;
    }
    FUZZ_EXPECT(false, "it never comes to rest");
  }

  void Finish() {
    const bool orphan = input_.Flag();
    if (orphan) connection_->Close();
    server_ = UniqueFd();
    Turn();
    FUZZ_EXPECT(orphan || owner_.closed, "the upstream has left, and the connection stays");
    for (const auto& caller : callers_) {
      FUZZ_EXPECT(orphan || caller->ended() || caller->call == nullptr, "a call that never ends");
      caller->call.reset();
    }
    FUZZ_EXPECT(connection_.use_count() == 1, "something still waits for the connection");
    CheckReceived();
  }

  void CheckReceived() const {
    absl::string_view bytes = received_;
    FUZZ_EXPECT(bytes.substr(0, kPreface.size()) == kPreface.substr(0, bytes.size()), "no preface");
    bytes.remove_prefix(std::min(bytes.size(), kPreface.size()));
    FrameReader reader(kMaxFrame, /*to_client=*/false);
    reader.Feed(bytes);
    size_t given_back = 0, windows = 0;
    for (const auto& caller : callers_) given_back += caller->given_back;
    for (const auto& [id, stream] : reader.streams()) windows += id == 0 ? 0 : stream.window;
    FUZZ_EXPECT(windows <= given_back, windows, " of ", given_back, " bytes of window");
    const auto connection = reader.streams().find(0);
    const size_t first = H2Connection::kConnectionWindowBytes - 65535;
    FUZZ_EXPECT(connection == reader.streams().end() || connection->second.window <= first + sent_);
  }

  Input& input_;
  net::Loop& loop_;
  upstream::H2Options options_;
  Owner owner_;
  std::shared_ptr<H2Connection> connection_;
  std::vector<std::unique_ptr<Caller>> callers_;
  UniqueFd server_;
  std::string received_;
  size_t sent_ = 0;
};

}  // namespace
}  // namespace penstock::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  penstock::fuzz::Input input(data, size);
  penstock::fuzz::Talk(input).Run();
  return 0;
}
