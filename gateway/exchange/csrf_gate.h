// Refuses requests that a browser sends for a page of any origin without asking first (the Fetch standard's "simple"
// requests: GET, HEAD, or POST with no Content-Type or one that an HTML form has). Everything else a foreign page may
// send only after a preflight has allowed it, so these are where a gateway must look itself, or any web page could act
// in the name of its visitor.
#ifndef PENSTOCK_GATEWAY_EXCHANGE_CSRF_GATE_H_
#define PENSTOCK_GATEWAY_EXCHANGE_CSRF_GATE_H_

#include "gateway/exchange/gate.h"
#include "gateway/http/request_head.h"

namespace penstock {

// Whether the request may change something (it is a POST), needed no preflight, and comes from a page of another
// origin: the browser says so in Sec-Fetch-Site (https://www.w3.org/TR/fetch-metadata/), or in Origin where that
// names another host than the request was sent to. A request that says neither is not a browser's.
bool IsForgeable(const http::RequestHead& head);

// Of requests for a method, in protocols that forms can speak. Pages of a configured origin may.
class CsrfGate final : public Gate {
 public:
  Verdict Check(const Request& request, Waiter& waiter) const override;
};

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_EXCHANGE_CSRF_GATE_H_
