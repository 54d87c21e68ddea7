// The bytes of one client connection, plain or inside TLS: what a session reads from, writes to and waits on.
//
// Owns the socket. Used on the loop's thread only; movable while nothing waits on it, so that a connection can pass
// from whoever found out what it speaks to whoever speaks that. Plain bytes go straight to the kernel: TLS costs those
// who do not use it one comparison a call.
//
//   Transport transport(loop, std::move(socket));
//   transport.WaitReadable([this] { … });
//   const ssize_t n = transport.Read(buffer, size);   // > 0, kEnd, kAgain, kFailed
//
// A handler given to a Wait function is called once, after Close() too, so its owner must live until then.
#ifndef PENSTOCK_GATEWAY_NET_TRANSPORT_H_
#define PENSTOCK_GATEWAY_NET_TRANSPORT_H_

#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <utility>

#include "absl/strings/string_view.h"
#include "gateway/net/loop.h"
#include "gateway/net/unique_fd.h"

struct ssl_st;
struct ssl_ctx_st;

namespace penstock::net {

class Transport {
 public:
  // What Read and Write return besides a count of bytes.
  static constexpr ssize_t kEnd = 0;      // Read: the peer will send no more
  static constexpr ssize_t kAgain = -1;   // nothing now: wait
  static constexpr ssize_t kFailed = -2;  // the connection is broken

  enum class Handshake { kDone, kWantRead, kWantWrite, kFailed };
  enum class Alpn { kNone, kHttp11, kHttp2 };

  // Takes a connected stream socket. Not open() when the loop cannot watch it.
  Transport(Loop& loop, UniqueFd socket);
  Transport(Transport&& other) = default;
  ~Transport();

  bool open() const { return descriptor_.is_open(); }
  bool tls() const { return tls_ != nullptr; }
  int fd() { return descriptor_.native_handle(); }

  // Whether the first byte that waits is `byte`; it stays where it is. Plain only.
  bool FirstByteIs(char byte);

  // Everything from here on is TLS, as a server with this configuration, whose reference count rises. False: out of
  // memory.
  bool StartTls(ssl_ctx_st* context);
  // One step of the handshake; kWantRead and kWantWrite say what to wait for.
  Handshake ContinueHandshake();
  // What the handshake chose.
  Alpn alpn() const;

  ssize_t Read(char* data, size_t size) {
    if (tls_ != nullptr) return ReadTls(data, size);
    return Taken(::recv(fd(), data, size, MSG_DONTWAIT));
  }

  // Bytes taken, as many as go without waiting; kAgain when none.
  ssize_t Write(absl::string_view bytes) {
    if (tls_ != nullptr) return WriteTls(bytes);
    const ssize_t n = Taken(::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
    return n == 0 ? kAgain : n;
  }

  // Whether bytes, or the end, are there to be read.
  bool Readable();

  // Says to the peer that no more will come (close_notify, FIN). What is read afterwards is raw, to be dropped.
  void ShutdownWrite();

  // Closes. `reset`: with RST, so that what is unsent is dropped and no client takes it for a clean end.
  void Close(bool reset);

  template <typename Handler>
  void WaitReadable(Handler handler) {
    if (tls_ != nullptr && HasDecrypted()) {
      return boost::asio::post(descriptor_.get_executor(), std::move(handler));  // the kernel has nothing to announce
    }
    Wait(read_wants_write_ ? Descriptor::wait_write : Descriptor::wait_read, std::move(handler));
  }

  template <typename Handler>
  void WaitWritable(Handler handler) {
    Wait(Descriptor::wait_write, std::move(handler));
  }

 private:
  using Descriptor = boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;
  struct FreeTls {
    void operator()(ssl_st* tls) const;
  };

  static ssize_t Taken(ssize_t n) {
    if (n >= 0) return n;
    return errno == EAGAIN || errno == EINTR ? kAgain : kFailed;
  }

  template <typename Handler>
  void Wait(Descriptor::wait_type what, Handler handler) {
    descriptor_.async_wait(what,
                           [handler = std::move(handler)](const boost::system::error_code&) mutable { handler(); });
  }

  ssize_t ReadTls(char* data, size_t size);
  ssize_t WriteTls(absl::string_view bytes);
  bool HasDecrypted() const;

  Descriptor descriptor_;
  std::unique_ptr<ssl_st, FreeTls> tls_;  // null: plain
  bool read_wants_write_ = false;         // TLS cannot read on before it has written (a key update)
};

}  // namespace penstock::net

#endif  // PENSTOCK_GATEWAY_NET_TRANSPORT_H_
