// A check that a request passes before its call starts: memory, origin, and whatever comes to be asked of clients.
//
// A server has an ordered list of gates. Each lets a request pass, refuses it with a failure that the request's
// protocol writes, or has it wait and decides later. What a client may send while its request waits is bounded by what
// its session reads ahead.
//
//   Gate::Verdict verdict = gate.Check({head, protocol, route, origin}, waiter);
//
// Gates are immutable or synchronise themselves: they are shared by all loops.
#ifndef PENSTOCK_GATEWAY_EXCHANGE_GATE_H_
#define PENSTOCK_GATEWAY_EXCHANGE_GATE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/types/optional.h"
#include "gateway/http/request_head.h"
#include "gateway/protocol/protocol.h"
#include "gateway/schema/schema.h"

namespace penstock {

class Gate {
 public:
  // What a gate may look at. Valid during Check.
  struct Request {
    const http::RequestHead& head;
    const Protocol& protocol;
    const Schema::Route* route;  // null: none takes it; a page's file, or nothing
    const std::string* origin;   // of the page that sent it, where it was configured (Cors); null: another, or no page
  };

  // While a gate has not decided. Destroyed when the request has gone: no verdict comes any more.
  class Ticket {
   public:
    virtual ~Ticket() = default;
  };

  struct Verdict {
    static Verdict Pass() { return {}; }
    static Verdict Refuse(Failure why) { return {std::move(why), nullptr}; }
    static Verdict Wait(std::unique_ptr<Ticket> ticket) { return {absl::nullopt, std::move(ticket)}; }

    absl::optional<Failure> refusal;
    std::unique_ptr<Ticket> ticket;  // not null: it waits
  };

  // Who waits.
  class Waiter {
   public:
    // The decision: to pass or to refuse. Once, on the request's loop, never from inside Check.
    virtual void OnVerdict(Verdict verdict) = 0;

   protected:
    ~Waiter() = default;
  };

  virtual ~Gate() = default;

  // `waiter` lives as long as the ticket that is returned.
  virtual Verdict Check(const Request& request, Waiter& waiter) const = 0;
};

using Gates = std::vector<std::unique_ptr<const Gate>>;

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_EXCHANGE_GATE_H_
