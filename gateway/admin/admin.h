// An admin port as a table of what it shows: a path, its content type, and how its text is made. It answers GET and
// HEAD on one loop, from what it is handed, and never asks an upstream. Both programs describe theirs with it.
//
//   http::SessionSet set(loop, {}, AdminHandlers({AdminLiveness(),
//                                                 AdminReadiness([&] { return reasons; }),
//                                                 {"/metrics", kPrometheusText, [&](auto done) { done({text}); }}}));
#ifndef PENSTOCK_GATEWAY_ADMIN_ADMIN_H_
#define PENSTOCK_GATEWAY_ADMIN_ADMIN_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/http/request_handler.h"

namespace penstock {

inline constexpr char kPlainText[] = "text/plain; charset=utf-8";
inline constexpr char kPrometheusText[] = "text/plain; version=0.0.4; charset=utf-8";
inline constexpr char kJsonText[] = "application/json";

struct AdminPage {
  std::string body;
  int status = 200;
};

struct AdminEndpoint {
  // Called anew for each request, on the loop that answers. Calls `done` there, at once or later; perhaps never, at the
  // end of the process.
  using Make = std::function<void(std::function<void(AdminPage page)> done)>;

  std::string path;  // "/metrics"; a query is not looked at
  const char* content_type;
  Make make;
};

// /livez: 200 while the loop turns.
AdminEndpoint AdminLiveness();

// /readyz: 503 with the reasons that `not_ready` gives; none: ready.
AdminEndpoint AdminReadiness(std::function<std::vector<std::string>()> not_ready);

// /config: the flags and their values as JSON, a line a flag. None may be a secret.
AdminEndpoint AdminSettings(std::vector<std::pair<std::string, std::string>> settings);

// Answers 404 to any other path and 405 to any other method.
http::HandlerFactory AdminHandlers(std::vector<AdminEndpoint> endpoints);

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_ADMIN_ADMIN_H_
