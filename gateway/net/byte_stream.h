// The bytes of one connection, plain or inside TLS, accepted or made: what is read from, written to and waited on.
//
// Owns the socket. Used on the loop's thread only; movable while nothing waits on it, so that a connection can pass
// from what found out what it speaks to what speaks that. Plain bytes go straight to the kernel: TLS costs those who do
// not use it one comparison a call.
//
//   ByteStream stream(loop, std::move(socket));
//   stream.WaitReadable([this] { … });
//   const ssize_t n = stream.Read(buffer, size);   // > 0, kEnd, kAgain, kFailed
//
// Inside TLS reading may have to write first and writing to read (a handshake, a key update, its answer). The wait that
// follows a kAgain waits for whichever it is: WaitReadable after Read and Handshake, WaitWritable after Write.
//
// A handler given to a Wait function is called once, after Close() too, so its owner must live until then.
#ifndef PENSTOCK_GATEWAY_NET_BYTE_STREAM_H_
#define PENSTOCK_GATEWAY_NET_BYTE_STREAM_H_

#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "gateway/net/loop.h"
#include "gateway/net/unique_fd.h"

struct ssl_st;
struct ssl_ctx_st;

namespace penstock::net {

class ByteStream {
 public:
  // What Read and Write return besides a count of bytes.
  static constexpr ssize_t kEnd = 0;      // Read: the peer will send no more
  static constexpr ssize_t kAgain = -1;   // nothing now: wait
  static constexpr ssize_t kFailed = -2;  // the connection is broken: see failure()

  enum class HandshakeResult : uint8_t { kDone, kAgain, kFailed };
  enum class Alpn : uint8_t { kNone, kHttp11, kHttp2 };

  // Why the connection is broken, as the socket and OpenSSL have it. All zero: the peer has closed it.
  struct Failure {
    int socket_error = 0;       // errno
    uint32_t tls_error = 0;     // OpenSSL's packed code
    int64_t verify_result = 0;  // of the peer's certificate: X509_V_…
  };

  // Not open.
  explicit ByteStream(Loop& loop) : descriptor_(loop.io().get_executor()) {}
  // Takes a stream socket, connected or connecting: then WaitWritable waits for its verdict. Not open() when the loop
  // cannot watch it.
  ByteStream(Loop& loop, UniqueFd socket);
  ByteStream(ByteStream&& other) = default;
  ByteStream& operator=(ByteStream&& other) = default;
  ~ByteStream();

  bool open() const { return descriptor_.is_open(); }
  bool tls() const { return tls_ != nullptr; }
  int fd() { return descriptor_.native_handle(); }

  // Whether the first byte that waits is `byte`; it stays where it is. Plain only.
  bool FirstByteIs(char byte);

  // Everything from here on is TLS with this configuration, whose reference count rises: as the server, or as the
  // client of a peer whose certificate must be for `name`, a host name or an IP address. False: out of memory.
  bool StartTlsServer(ssl_ctx_st* context);
  bool StartTlsClient(ssl_ctx_st* context, const std::string& name);
  // One step of the handshake. kAgain: go on when WaitReadable says so.
  HandshakeResult Handshake();
  // What the handshake chose.
  Alpn alpn() const;

  ssize_t Read(char* data, size_t size) {
    if (tls_ != nullptr) return ReadTls(data, size);
    return Taken(::recv(fd(), data, size, MSG_DONTWAIT));
  }

  // The same, and of TLS, which hands out a record of 16 KiB at a time, all records that are there.
  ssize_t ReadAll(char* data, size_t size);

  // Bytes taken, as many as go without waiting; kAgain when none.
  ssize_t Write(absl::string_view bytes) {
    if (tls_ != nullptr) return WriteTls(bytes);
    const ssize_t n = Taken(::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
    return n == 0 ? kAgain : n;
  }

  // Of the first operation that failed; meaningless before, and after Close().
  Failure failure() const;

  // Whether bytes, or the end, are there to be read.
  bool Readable();

  // Says to the peer that no more will come (close_notify, FIN). What is read afterwards is raw, to be dropped.
  void ShutdownWrite();

  // Closes. `reset`: with RST, so that what is unsent is dropped and no client takes it for a clean end.
  void Close(bool reset);

  template <typename Handler>
  void WaitReadable(Handler handler) {
    if (tls_ != nullptr && ReadsAtOnce()) {
      return boost::asio::post(descriptor_.get_executor(), std::move(handler));  // the kernel has nothing to announce
    }
    Wait(read_needs_, std::move(handler));
  }

  template <typename Handler>
  void WaitWritable(Handler handler) {
    Wait(write_needs_, std::move(handler));
  }

 private:
  using Descriptor = boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;
  enum class Needs : uint8_t { kReadable, kWritable };  // what the socket must be for an operation to go on
  struct FreeTls {
    void operator()(ssl_st* tls) const;
  };

  ssize_t Taken(ssize_t n) {
    if (n >= 0) return n;
    if (errno == EAGAIN || errno == EINTR) return kAgain;
    return Fail(errno, 0);
  }

  template <typename Handler>
  void Wait(Needs what, Handler handler) {
    descriptor_.async_wait(what == Needs::kReadable ? Descriptor::wait_read : Descriptor::wait_write,
                           [handler = std::move(handler)](const boost::system::error_code&) mutable { handler(); });
  }

  bool NewTls(ssl_ctx_st* context);
  template <typename Operation>
  ssize_t DoTls(Needs& needs, Operation operation);
  ssize_t ReadTls(char* data, size_t size);
  ssize_t WriteTls(absl::string_view bytes);
  bool ReadsAtOnce() const;
  ssize_t Fail(int socket_error, uint32_t tls_error);

  Descriptor descriptor_;
  std::unique_ptr<ssl_st, FreeTls> tls_;  // null: plain
  int32_t socket_error_ = 0;              // of the first failure
  uint32_t tls_error_ = 0;                // the same
  Needs read_needs_ = Needs::kReadable;   // Handshake's as well
  Needs write_needs_ = Needs::kWritable;
  bool failed_ = false;
  bool ended_ = false;  // TLS: the peer has said that it will send no more
};

}  // namespace penstock::net

#endif  // PENSTOCK_GATEWAY_NET_BYTE_STREAM_H_
