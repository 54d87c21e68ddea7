// What every client connection has, whatever it speaks: its place in a SessionSet, and what the sessions of one loop
// share.
//
// Everything here is used on one loop's thread.
#ifndef PENSTOCK_GATEWAY_HTTP_SESSION_H_
#define PENSTOCK_GATEWAY_HTTP_SESSION_H_

#include <boost/intrusive/list.hpp>
#include <cstddef>
#include <ctime>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "gateway/http/address_quota.h"
#include "gateway/http/buffer_pool.h"
#include "gateway/http/request_handler.h"
#include "gateway/http/session_deadline.h"
#include "gateway/http/session_options.h"
#include "gateway/net/loop.h"
#include "gateway/net/timer_wheel.h"

namespace penstock::http {

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

  // Has `timer` wake its owner when the limit that `deadline` says has passed.
  void Arm(net::Timer& timer, const SessionDeadline& deadline);

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
  using Hook = boost::intrusive::list_member_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

  AddressQuota::Place place_;
  Hook hook_;  // in the set's list
};

}  // namespace penstock::http

#endif  // PENSTOCK_GATEWAY_HTTP_SESSION_H_
