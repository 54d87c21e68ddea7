// Limits of a client connection: a value, immutable once sessions exist.
#ifndef PENSTOCK_GATEWAY_HTTP_SESSION_OPTIONS_H_
#define PENSTOCK_GATEWAY_HTTP_SESSION_OPTIONS_H_

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "gateway/http/http1_parser.h"

namespace penstock::net {
class TlsServer;
}

namespace penstock::http {

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

}  // namespace penstock::http

#endif  // PENSTOCK_GATEWAY_HTTP_SESSION_OPTIONS_H_
