// The admin port: /livez, /readyz, /metrics, /streams, /config. It answers on one loop, from what it is handed; it
// never asks the upstream.
#ifndef PENSTOCK_GATEWAY_ADMIN_ADMIN_H_
#define PENSTOCK_GATEWAY_ADMIN_ADMIN_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/http/request_handler.h"

namespace penstock {

// What the admin port shows, asked anew for each request, on the loop that answers.
struct AdminView {
  // Calls `done` when all loops have told, on the loop that answers; perhaps never, at the end.
  using Gather = std::function<void(std::function<void(std::string text)> done)>;

  std::function<std::vector<std::string>()> not_ready;        // reasons; empty: ready
  std::vector<std::pair<std::string, std::string>> settings;  // flags and their values
  Gather metrics;                                             // Prometheus text
  Gather streams;                                             // JSON
};

http::HandlerFactory AdminHandlers(AdminView view);

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_ADMIN_ADMIN_H_
