// An upstream that is never the bottleneck: serves penstock.tick.v1.TickService/Subscribe over libnghttp2, each stream
// as fast as its window allows, with thousands of ticks per DATA frame. One thread, one epoll loop.
//
//   flood_upstream [--listen PORT]     prints "ready: listening on HOST:PORT"; exits on SIGTERM or SIGINT
//
// It reads `message` and `count` from the request and ignores `interval`. A tick is encoded once per stream; only its
// fixed-width sequence number is rewritten. No reflection: pass --descriptors to the gateway.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "penstock/tick/v1/tick.pb.h"

namespace {

// A DATA frame as large as a peer takes unasked.
constexpr size_t kFrameBytes = 16384;
// What one write of a connection takes at most before others have their turn.
constexpr size_t kWriteBytes = 256 * 1024;
// A request is a small message; more is somebody else's mistake.
constexpr size_t kMaxRequestBytes = 128 * 1024;

[[noreturn]] void Die(const char* what) {
  perror(what);
  exit(1);
}

// The gRPC messages of one stream.
class Ticks {
 public:
  Ticks(const std::string& message, uint64_t after, uint64_t count) : count_(count), sequence_(after) {
    penstock::tick::v1::Tick tick;
    timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    tick.mutable_time()->set_seconds(now.tv_sec);
    tick.mutable_time()->set_nanos(static_cast<int32_t>(now.tv_nsec));
    tick.set_message(message);
    std::string body = tick.SerializeAsString();
    body.push_back(3 << 3 | 0);  // sequence, a varint: padded to full width, which every parser takes
    body.append(kVarintBytes, '\0');
    const auto size = static_cast<uint32_t>(body.size());
    frame_ = {0, static_cast<char>(size >> 24), static_cast<char>(size >> 16), static_cast<char>(size >> 8),
              static_cast<char>(size)};
    frame_ += body;
  }

  bool done() const { return count_ != 0 && sequence_ >= count_ && offset_ == 0; }

  // Fills `out` with what comes next; a tick that does not fit is cut and goes on in the next call.
  size_t Read(char* out, size_t size) {
    size_t filled = 0;
    while (filled < size && !done()) {
      if (offset_ == 0) WriteSequence(++sequence_);
      const size_t part = std::min(size - filled, frame_.size() - offset_);
      memcpy(out + filled, frame_.data() + offset_, part);
      filled += part;
      offset_ += part;
      if (offset_ == frame_.size()) offset_ = 0;
    }
    return filled;
  }

 private:
  static constexpr size_t kVarintBytes = 5;  // 2^35 ticks

  void WriteSequence(uint64_t sequence) {
    char* to = &frame_[frame_.size() - kVarintBytes];
    for (size_t i = 0; i < kVarintBytes; ++i, sequence >>= 7) {
      to[i] = static_cast<char>((sequence & 0x7F) | (i + 1 < kVarintBytes ? 0x80 : 0));
    }
  }

  const uint64_t count_;
  uint64_t sequence_;
  std::string frame_;
  size_t offset_ = 0;  // of the frame being sent
};

struct Stream {
  std::string path;
  std::string request;
  std::unique_ptr<Ticks> ticks;
};

// nghttp2 copies both; its interface merely lacks the const.
nghttp2_nv Field(const char* name, const char* value) {
  return {reinterpret_cast<uint8_t*>(const_cast<char*>(name)), reinterpret_cast<uint8_t*>(const_cast<char*>(value)),
          strlen(name), strlen(value), NGHTTP2_NV_FLAG_NONE};
}

class Connection {
 public:
  explicit Connection(int fd) : fd_(fd) {
    nghttp2_session_callbacks* callbacks;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, OnHeader);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, OnData);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, OnFrame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, OnClose);
    nghttp2_session_server_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
  }

  ~Connection() {
    nghttp2_session_del(session_);
    close(fd_);
  }

  int fd() const { return fd_; }

  // Takes all that has come. False: it is over.
  bool Read(std::vector<char>& buffer) {
    while (true) {
      const ssize_t count = recv(fd_, buffer.data(), buffer.size(), 0);
      if (count == 0) return false;
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return errno == EAGAIN;
      if (nghttp2_session_mem_recv(session_, reinterpret_cast<const uint8_t*>(buffer.data()),
                                   static_cast<size_t>(count)) < 0) {
        return false;
      }
    }
  }

  // Writes until the windows or the socket are full. False: it is over.
  bool Write() {
    blocked_ = false;
    size_t written = 0;
    while (written < kWriteBytes) {
      if (sent_ == out_.size()) Produce();
      if (out_.empty()) break;
      const ssize_t count = send(fd_, out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
      if (count < 0) {
        blocked_ = errno == EAGAIN;
        return blocked_ || errno == EINTR;
      }
      sent_ += static_cast<size_t>(count);
      written += static_cast<size_t>(count);
    }
    return nghttp2_session_want_read(session_) != 0 || nghttp2_session_want_write(session_) != 0;
  }

  // There is more to write: at once, or when the socket has room.
  bool pending() const { return !blocked_ && (sent_ != out_.size() || nghttp2_session_want_write(session_) != 0); }

 private:
  static Connection& Self(void* user) { return *static_cast<Connection*>(user); }

  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
                      const uint8_t* value, size_t value_size, uint8_t, void* user) {
    if (std::string(reinterpret_cast<const char*>(name), name_size) == ":path") {
      Self(user).streams_[frame->hd.stream_id].path.assign(reinterpret_cast<const char*>(value), value_size);
    }
    return 0;
  }

  static int OnData(nghttp2_session*, uint8_t, int32_t id, const uint8_t* data, size_t size, void* user) {
    Stream& stream = Self(user).streams_[id];
    if (stream.request.size() + size > kMaxRequestBytes) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    stream.request.append(reinterpret_cast<const char*>(data), size);
    return 0;
  }

  static int OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    const bool carries = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (carries && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) Self(user).Answer(frame->hd.stream_id);
    return 0;
  }

  static int OnClose(nghttp2_session*, int32_t id, uint32_t, void* user) {
    Self(user).streams_.erase(id);
    return 0;
  }

  static ssize_t ReadTicks(nghttp2_session* session, int32_t id, uint8_t* out, size_t size, uint32_t* flags,
                           nghttp2_data_source* source, void*) {
    auto* ticks = static_cast<Ticks*>(source->ptr);
    const size_t filled = ticks->Read(reinterpret_cast<char*>(out), std::min(size, kFrameBytes));
    if (ticks->done()) {
      *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
      const nghttp2_nv trailers[] = {Field("grpc-status", "0")};
      nghttp2_submit_trailer(session, id, trailers, 1);
    }
    return static_cast<ssize_t>(filled);
  }

  void Answer(int32_t id) {
    Stream& stream = streams_[id];
    penstock::tick::v1::Message request;
    if (stream.path != "/penstock.tick.v1.TickService/Subscribe") return Refuse(id, "12");
    if (stream.request.size() < 5 ||
        !request.ParseFromArray(stream.request.data() + 5, static_cast<int>(stream.request.size() - 5))) {
      return Refuse(id, "3");
    }
    stream.ticks = std::make_unique<Ticks>(request.message(), request.after_sequence(), request.count());
    nghttp2_data_provider body = {};
    body.source.ptr = stream.ticks.get();
    body.read_callback = ReadTicks;
    const nghttp2_nv head[] = {Field(":status", "200"), Field("content-type", "application/grpc")};
    nghttp2_submit_response(session_, id, head, 2, &body);
  }

  void Refuse(int32_t id, const char* code) {
    const nghttp2_nv head[] = {Field(":status", "200"), Field("content-type", "application/grpc"),
                               Field("grpc-status", code)};
    nghttp2_submit_response(session_, id, head, 3, nullptr);
  }

  void Produce() {
    out_.clear();
    sent_ = 0;
    while (out_.size() < 4 * kFrameBytes) {
      const uint8_t* data;
      const ssize_t count = nghttp2_session_mem_send(session_, &data);
      if (count <= 0) return;
      out_.append(reinterpret_cast<const char*>(data), static_cast<size_t>(count));
    }
  }

  const int fd_;
  nghttp2_session* session_ = nullptr;
  std::map<int32_t, Stream> streams_;
  std::string out_;
  size_t sent_ = 0;
  bool blocked_ = false;
};

int Listen(uint16_t port, uint16_t* chosen) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  socklen_t size = sizeof address;
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0) Die("bind");
  if (listen(fd, 1024) != 0) Die("listen");
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) Die("getsockname");
  *chosen = ntohs(address.sin_port);
  return fd;
}

class Server {
 public:
  explicit Server(uint16_t port) : epoll_(epoll_create1(0)), buffer_(64 * 1024) {
    listener_ = Listen(port, &port_);
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, nullptr);
    signals_ = signalfd(-1, &ends, 0);
    Watch(listener_, EPOLLIN);
    Watch(signals_, EPOLLIN);
  }

  uint16_t port() const { return port_; }

  // Until a signal ends it.
  void Run() {
    epoll_event events[64];
    while (true) {
      const bool busy = std::any_of(connections_.begin(), connections_.end(),
                                    [](const auto& entry) { return entry.second->pending(); });
      const int count = epoll_wait(epoll_, events, 64, busy ? 0 : -1);
      for (int i = 0; i < count; ++i) {
        const int fd = events[i].data.fd;
        if (fd == signals_) return;
        if (fd == listener_) {
          Accept();
        } else {
          Serve(fd, events[i].events);
        }
      }
      for (auto next = connections_.begin(); next != connections_.end();) {
        const auto entry = next++;
        if (entry->second->pending() && !entry->second->Write()) connections_.erase(entry);
      }
    }
  }

 private:
  void Watch(int fd, uint32_t what) {
    epoll_event event = {};
    event.events = what;
    event.data.fd = fd;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) Die("epoll_ctl");
  }

  void Accept() {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
    if (fd < 0) return;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connections_[fd] = std::make_unique<Connection>(fd);
    // Edge-triggered: the wish to write need not be switched on and off.
    Watch(fd, EPOLLIN | EPOLLOUT | EPOLLET);
  }

  void Serve(int fd, uint32_t events) {
    const auto entry = connections_.find(fd);
    if (entry == connections_.end()) return;
    const bool readable = (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0;
    const bool alive = !readable || entry->second->Read(buffer_);
    if (!alive || !entry->second->Write()) connections_.erase(entry);
  }

  const int epoll_;
  int listener_ = -1;
  int signals_ = -1;
  uint16_t port_ = 0;
  std::vector<char> buffer_;
  std::map<int, std::unique_ptr<Connection>> connections_;
};

}  // namespace

int main(int argc, char** argv) {
  uint16_t port = 0;
  for (int i = 1; i < argc; ++i) {
    if (std::string(argv[i]) != "--listen" || i + 1 >= argc) {
      fprintf(stderr, "usage: %s [--listen PORT]\n", argv[0]);
      return 2;
    }
    port = static_cast<uint16_t>(atoi(argv[++i]));
  }
  Server server(port);
  printf("ready: listening on 127.0.0.1:%d\n", server.port());
  fflush(stdout);
  server.Run();
  return 0;
}
