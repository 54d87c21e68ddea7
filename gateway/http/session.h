// What every client connection has, whatever it speaks: its options, its place in a SessionSet, and what the sessions
// of one loop share.
//
// Everything here is used on one loop's thread.
#ifndef PENSTOCK_GATEWAY_HTTP_SESSION_H_
#define PENSTOCK_GATEWAY_HTTP_SESSION_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "gateway/http/address_quota.h"
#include "gateway/http/buffer_pool.h"
#include "gateway/http/http1_parser.h"
#include "gateway/http/request_handler.h"
#include "gateway/net/loop.h"
#include "gateway/net/tls_server.h"

namespace penstock::http {

// Limits of a connection. Immutable once sessions exist.
struct SessionOptions {
  ParserLimits parser;
  // From the first byte of a head to its last: slow heads would hold descriptors for ever.
  std::chrono::milliseconds header_timeout{10'000};
  // Without a byte of a body that is awaited.
  std::chrono::milliseconds body_timeout{30'000};
  // Without a request.
  std::chrono::milliseconds idle_timeout{75'000};
  // Bytes behind the request in progress that are kept until it is done; no more are read.
  size_t max_pipelined_bytes = 16 * 1024;
  // Body bytes delivered to a handler that has not released them: the session reads no further.
  size_t max_unreleased_bytes = 64 * 1024;
  // A rest of a body that nobody wants is read and dropped up to this; a longer one costs the connection.
  size_t max_discarded_bytes = 64 * 1024;
  // Closing after a reply that the client has not read while it still sends: an RST would eat the reply, so what it
  // sends is read for this long, up to this many bytes.
  std::chrono::milliseconds linger_timeout{2'000};
  size_t max_lingering_bytes = 256 * 1024;
  // Bytes wait and the client takes fewer than this a second for this long: it is cut. Rate 0: never.
  size_t slow_client_rate = 1024;
  std::chrono::milliseconds slow_client_timeout{30'000};
  // Streams of one HTTP/2 connection at a time. RFC 9113 section 6.5.2 advises no fewer than 100; what a connection may
  // hold is this many times what a stream may.
  uint32_t max_streams = 128;
  // Null: no TLS. Outlives the sessions.
  const net::TlsServer* tls = nullptr;
};

class Session;

// What the sessions of one loop share. Made and owned by SessionSet.
class SessionContext {
 public:
  SessionContext(net::Loop& loop, const SessionOptions& options, HandlerFactory factory);
  virtual ~SessionContext() = default;

  // Destroys `session`. It must be the caller's last act.
  virtual void Remove(Session& session) = 0;

  // Destroys `session` and puts `next` in its place. It must be the caller's last act.
  virtual void Replace(Session& session, std::unique_ptr<Session> next) = 0;

  // "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n" (RFC 9110 section 6.6.1), made once a second.
  absl::string_view DateLine();
  // The same without its name and CRLF.
  absl::string_view DateValue();

  net::Loop& loop;
  const SessionOptions options;
  const HandlerFactory factory;
  BufferPool buffers;
  bool draining = false;  // answers say `Connection: close`

 private:
  std::time_t date_second_ = -1;
  std::string date_line_;
};

// A client connection. Owned by the SessionSet; asks it to be removed when it is over.
class Session {
 public:
  Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  virtual ~Session() = default;

  // Closes at once when idle; else says so in its answers and closes when it is done.
  virtual void BeginDrain() = 0;

 private:
  friend class SessionSet;
  AddressQuota::Slot slot_;
  Session* next_ = nullptr;  // the set's list
  Session* prev_ = nullptr;
};

}  // namespace penstock::http

#endif  // PENSTOCK_GATEWAY_HTTP_SESSION_H_
