// What nghttp2 calls while it reads and writes an H2Connection's frames. Internal to H2Connection.
#ifndef PENSTOCK_GATEWAY_UPSTREAM_H2_CALLBACKS_H_
#define PENSTOCK_GATEWAY_UPSTREAM_H2_CALLBACKS_H_

#include <nghttp2/nghttp2.h>

namespace penstock::upstream {

class H2Connection;

struct H2Callbacks {
  // A client session that reports to `connection` and gives no receive window back by itself.
  static nghttp2_session* NewSession(H2Connection* connection);

  // Where a stream's DATA comes from: the user data of the stream is its H2Stream.
  static nghttp2_data_provider BodyProvider();

 private:
  struct Calls;
};

}  // namespace penstock::upstream

#endif  // PENSTOCK_GATEWAY_UPSTREAM_H2_CALLBACKS_H_
