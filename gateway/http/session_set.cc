#include "gateway/http/session_set.h"

#include <utility>

#include "gateway/http/detect_session.h"
#include "gateway/http/http1_session.h"
#include "gateway/net/byte_stream.h"
#include "gateway/net/socket_options.h"

namespace penstock::http {

SessionSet::SessionSet(net::Loop& loop, const SessionOptions& options, HandlerFactory factory)
    : SessionContext(loop, options, std::move(factory)) {}

SessionSet::~SessionSet() {
  while (!sessions_.empty()) Remove(sessions_.front());
}

template <typename MakeSession>
void SessionSet::Open(net::UniqueFd socket, MakeSession make) {
  size_.fetch_add(1, std::memory_order_relaxed);
  loop.Post([this, socket = std::move(socket), make = std::move(make)]() mutable {
    net::ConfigureClientSocket(socket.get());
    net::ByteStream byte_stream(loop, std::move(socket));
    if (byte_stream.open()) return Add(make(std::move(byte_stream)));
    size_.fetch_sub(1, std::memory_order_relaxed);
  });
}

void SessionSet::Give(net::UniqueFd socket, AddressQuota::Place place) {
  Open(std::move(socket), [this, place = std::move(place)](net::ByteStream byte_stream) mutable {
    auto* session = new DetectSession(*this, std::move(byte_stream));
    session->place_ = std::move(place);
    return session;
  });
}

void SessionSet::Refuse(net::UniqueFd socket) {
  Open(std::move(socket), [this](net::ByteStream byte_stream) {
    auto* session = new Http1Session(*this, std::move(byte_stream));
    session->Refuse(503, "too many connections", {{"Retry-After", "1"}});
    return session;
  });
}

void SessionSet::BeginDrain() {
  draining = true;
  for (Session& session : sessions_) session.BeginDrain();
}

void SessionSet::Add(Session* session) { sessions_.push_front(*session); }

void SessionSet::Remove(Session& session) {
  delete &session;
  size_.fetch_sub(1, std::memory_order_relaxed);
  if (on_removed_) on_removed_();
}

void SessionSet::Replace(Session& session, std::unique_ptr<Session> next) {
  next->place_ = std::move(session.place_);
  delete &session;
  Add(next.release());
}

}  // namespace penstock::http
