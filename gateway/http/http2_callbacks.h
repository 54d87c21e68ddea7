// What nghttp2 calls while it reads and writes an Http2Session's frames. Internal to Http2Session.
#ifndef PENSTOCK_GATEWAY_HTTP_HTTP2_CALLBACKS_H_
#define PENSTOCK_GATEWAY_HTTP_HTTP2_CALLBACKS_H_

#include <nghttp2/nghttp2.h>

namespace penstock::http {

class Http2Session;

struct Http2Callbacks {
  // A server session that reports to `session` and gives no receive window back by itself.
  static nghttp2_session* NewSession(Http2Session* session);

  // Where a stream's DATA comes from: the user data of the stream is its Http2Stream.
  static nghttp2_data_provider BodyProvider();

 private:
  struct Calls;
};

}  // namespace penstock::http

#endif  // PENSTOCK_GATEWAY_HTTP_HTTP2_CALLBACKS_H_
