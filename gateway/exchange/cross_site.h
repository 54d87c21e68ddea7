// Requests that a browser sends for a page of any origin without asking first (the Fetch standard's "simple" requests:
// GET, HEAD, or POST with no Content-Type or one that an HTML form has). Everything else a foreign page may send only
// after a preflight has allowed it, so these are where a gateway must look itself, or any web page could act in the
// name of whoever visits it.
//
//   if (cors.Match(head.headers) == nullptr && IsForgeable(head)) → 403
//
// Pure.
#ifndef PENSTOCK_GATEWAY_EXCHANGE_CROSS_SITE_H_
#define PENSTOCK_GATEWAY_EXCHANGE_CROSS_SITE_H_

#include "gateway/http/request_head.h"

namespace penstock {

// Whether the request may change something (it is a POST), needed no preflight, and comes from a page of another
// origin: the browser says so in Sec-Fetch-Site (https://www.w3.org/TR/fetch-metadata/), or in Origin where that
// names another host than the request was sent to. A request that says neither is no browser's.
bool IsForgeable(const http::RequestHead& head);

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_EXCHANGE_CROSS_SITE_H_
