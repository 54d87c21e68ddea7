// The client connections of one loop: where they come in, are counted, drained and destroyed.
//
// One a loop. Give, Refuse and size may be called from any thread, everything else on the loop's. Owns the sessions.
// Destroy it after the loop has stopped and before the Loop.
//
//   SessionSet set(loop, options, [&](RequestHead head, ResponseStream& out) { return … });
//   set.Give(UniqueFd(accepted));
#ifndef PENSTOCK_GATEWAY_HTTP_SESSION_SET_H_
#define PENSTOCK_GATEWAY_HTTP_SESSION_SET_H_

#include <atomic>
#include <boost/intrusive/list.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

#include "gateway/http/address_quota.h"
#include "gateway/http/request_handler.h"
#include "gateway/http/session.h"
#include "gateway/net/loop.h"
#include "gateway/net/unique_fd.h"

namespace penstock::http {

class SessionSet final : private SessionContext {
 public:
  SessionSet(net::Loop& loop, const SessionOptions& options, HandlerFactory factory);
  ~SessionSet() override;

  // Serves a connected stream socket (TCP or unix), which holds `place` while it lasts. Any thread.
  void Give(net::UniqueFd socket, AddressQuota::Place place = {});

  // Answers 503 with Retry-After, as HTTP/1.1 whatever the client speaks, to a connection that is one too many, and
  // closes it: to find out more it would have to be kept. Any thread.
  void Refuse(net::UniqueFd socket);

  // Connections, those on their way here included. Any thread.
  size_t size() const { return size_.load(std::memory_order_relaxed); }

  // Connections and requests in progress: what the acceptor weighs loops by. Any thread.
  size_t load() const { return size() + loop.live_requests().load(std::memory_order_relaxed); }

  // `listener` is told of each connection that has gone, when its descriptor is free again. The loop's thread, or
  // before it runs; null: nobody is.
  void OnRemoved(std::function<void()> listener) { on_removed_ = std::move(listener); }

  // Idle connections close now; the others say `Connection: close` and close when their request is done. What is given
  // afterwards is served once.
  void BeginDrain();

 private:
  using SessionList =
      boost::intrusive::list<Session, boost::intrusive::member_hook<Session, Session::Hook, &Session::hook_>,
                             boost::intrusive::constant_time_size<false>>;

  // Counts a connection and makes its session on the loop.
  template <typename MakeSession>
  void Open(net::UniqueFd socket, MakeSession make);
  void Add(Session* session);
  void Remove(Session& session) override;
  void Replace(Session& session, std::unique_ptr<Session> next) override;

  std::function<void()> on_removed_;
  std::atomic<size_t> size_{0};
  SessionList sessions_;
};

}  // namespace penstock::http

#endif  // PENSTOCK_GATEWAY_HTTP_SESSION_SET_H_
