// Listens, and hands each connection to the loop that carries least.
//
// One accepts for all loops: with SO_REUSEPORT the kernel would spread connections by hash, and closing one of several
// listeners resets what waits in its queue. Above max_connections a connection is answered 503 with Retry-After and
// closed; when kRefusalsAtOnce of those are still closing, accepting pauses and the kernel's backlog holds the rest.
// Out of descriptors: one is kept in reserve, so that a connection can be taken off the backlog and turned away, and
// accepting pauses instead of spinning on a listener that stays readable.
//
//   auto acceptor = Acceptor::Listen(loop, {.addresses = {net::Address::Tcp("", 8080)}}, {&set});
//   (*acceptor)->Start();
#ifndef PENSTOCK_GATEWAY_HTTP_ACCEPTOR_H_
#define PENSTOCK_GATEWAY_HTTP_ACCEPTOR_H_

#include <chrono>
#include <cstddef>
#include <limits>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/http/address_quota.h"
#include "gateway/http/session_set.h"
#include "gateway/net/address.h"
#include "gateway/net/loop.h"
#include "gateway/net/unique_fd.h"

namespace penstock::http {

struct AcceptorOptions {
  std::vector<net::Address> addresses;
  size_t max_connections = 10'000;
  // The same of one client address (see AddressQuota); one more is told 429 and closed at once.
  size_t max_connections_per_address = std::numeric_limits<size_t>::max();
  // Out of descriptors, serve a connection on the reserve instead of turning it away: for the admin listener, whose
  // health answers matter most just then. What a connection of its sets leaves goes back into reserve before anybody
  // else can have it. REQUIRES: the sets are of the acceptor's loop, and of no other acceptor.
  bool serve_from_reserve = false;
};

class Acceptor {
 public:
  // Connections over max_connections that are being told so.
  static constexpr size_t kRefusalsAtOnce = 64;
  // How long accepting pauses when no descriptor, or no room, is left.
  static constexpr std::chrono::milliseconds kPause{100};
  // Connections accepted in one turn of the loop, so that a storm does not hold up the streams.
  static constexpr int kAcceptsATurn = 64;

  // Binds and listens; accepts nothing yet. `loop` is where accepting happens; `sets` has one for each loop, and both
  // outlive the acceptor. Fails naming the address and the remedy: ALREADY_EXISTS for one that is taken,
  // INVALID_ARGUMENT for one that no machine has.
  static absl::StatusOr<std::unique_ptr<Acceptor>> Listen(net::Loop& loop, AcceptorOptions options,
                                                          std::vector<SessionSet*> sets);
  ~Acceptor();

  // Begins to accept. Any thread; once.
  void Start();

  // The addresses as chosen, in the order given: what was a name or no host is a literal, and no port is 0.
  const std::vector<net::Address>& addresses() const { return addresses_; }

  // Closes the listeners and removes unix socket files. The loop's thread, or any once the loop has stopped.
  void StopListening();

 private:
  class ListeningSocket;

  Acceptor(net::Loop& loop, AcceptorOptions options, std::vector<SessionSet*> sets);

  bool Full(size_t allowance) const;
  // Gives `socket` to the loop with the least load, or refuses it there. `peer` is its other end.
  void Place(net::UniqueFd socket, const sockaddr_storage& peer);
  // Takes one connection off the backlog with the reserve descriptor, where there is one.
  void AcceptFromReserve(ListeningSocket& listener);
  void RefillReserve();

  net::Loop& loop_;
  const AcceptorOptions options_;
  const std::vector<SessionSet*> sets_;
  const std::shared_ptr<AddressQuota> quota_;  // null: no bound
  net::UniqueFd reserve_;
  std::vector<std::shared_ptr<ListeningSocket>> listeners_;
  std::vector<net::Address> addresses_;
};

}  // namespace penstock::http

#endif  // PENSTOCK_GATEWAY_HTTP_ACCEPTOR_H_
