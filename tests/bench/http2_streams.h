// Many POST requests on one HTTP/2 connection, from the client's side. Uses libnghttp2; does no I/O.
//
//   Http2Streams http2({on_status, on_data, on_end});
//   http2.Post(stream, "/v1/ticks:subscribe", "{}");
//   link.Send(http2.TakeOutput());
//   http2.Take(bytes);                              // calls the events, with the `stream` of Post
//
// Flow-control windows are those of a browser: large, and replenished as data arrives. Not thread-safe.
#ifndef PENSTOCK_TESTS_BENCH_HTTP2_STREAMS_H_
#define PENSTOCK_TESTS_BENCH_HTTP2_STREAMS_H_

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace penstock::bench {

class Http2Streams {
 public:
  struct Events {
    std::function<void(void* stream, int status)> on_status;
    std::function<void(void* stream, absl::string_view data)> on_data;
    std::function<void(void* stream, uint32_t error_code)> on_end;  // 0: a good end
  };

  explicit Http2Streams(Events events);

  // Sends `json`. `stream` is the caller's and is passed to the events.
  void Post(void* stream, const std::string& target, std::string json);

  // Bytes that the peer has sent. An error: it broke the protocol.
  absl::Status Take(absl::string_view bytes);

  // What is to be sent to the peer.
  std::string TakeOutput();

 private:
  struct Calls;
  struct FreeSession {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  };

  const Events events_;
  std::unique_ptr<nghttp2_session, FreeSession> session_;
  std::map<int32_t, std::string> bodies_;  // not sent yet
};

}  // namespace penstock::bench

#endif  // PENSTOCK_TESTS_BENCH_HTTP2_STREAMS_H_
