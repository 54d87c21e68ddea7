// The admin port: /livez, /readyz, /metrics, /streams, /config. It answers on one loop, from what it is handed; it
// never asks the upstream.
#ifndef PENSTOCK_GATEWAY_ADMIN_H_
#define PENSTOCK_GATEWAY_ADMIN_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/http/stream.h"

namespace penstock {

// What the admin port shows, asked anew for each request, on the loop that answers.
struct AdminView {
  std::function<std::vector<std::string>()> not_ready;        // reasons; empty: ready
  std::function<std::string()> metrics;                       // Prometheus text
  std::vector<std::pair<std::string, std::string>> settings;  // flags and their values
  // Calls `done` with JSON when it has been gathered from all loops, on the loop that answers; perhaps never, at the
  // end.
  std::function<void(std::function<void(std::string json)> done)> streams;
};

http::HandlerFactory AdminHandlers(AdminView view);

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_ADMIN_H_
