// What a loop counts by route and by gRPC method, when a request is over. Labels come from the schema, never from a
// client: templates, full method names, and of HTTP methods the known ones.
//
// A loop's thread only; a scrape has each loop copy its own.
//
//   metrics.RequestEnded("POST", "/v1/ticks:subscribe", 200, duration, first_message);
//   metrics.CallEnded("/penstock.tick.v1.TickService/Subscribe", absl::StatusCode::kOk, messages);
#ifndef PENSTOCK_GATEWAY_OBSERVE_ROUTE_METRICS_H_
#define PENSTOCK_GATEWAY_OBSERVE_ROUTE_METRICS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "gateway/observe/histogram.h"

namespace penstock::observe {

class RouteMetrics {
 public:
  // Schemas come and go while the process stays: beyond this many combinations of method, route and status what is new
  // counts as route "other".
  static constexpr size_t kMostRoutes = 2000;
  static constexpr size_t kMostMethods = 2000;
  static constexpr size_t kCodes = 17;

  // HTTP method, route template (empty: none matched), status (0: no head was sent).
  using RouteKey = std::tuple<std::string, std::string, int>;
  struct Method {
    uint64_t started = 0;
    uint64_t messages = 0;  // from the upstream, of calls that are over
    std::array<uint64_t, kCodes> handled{};
  };

  // `first_message`: from the head to the first one; absent: none came.
  void RequestEnded(absl::string_view method, absl::string_view route, int status, absl::Duration duration,
                    absl::optional<absl::Duration> first_message);
  // `path` is gRPC's, "/package.Service/Method".
  void CallStarted(absl::string_view path);
  void CallEnded(absl::string_view path, absl::StatusCode code, uint64_t messages);

  void Add(const RouteMetrics& other);

  const std::map<RouteKey, Histogram>& requests() const { return requests_; }
  const std::map<std::string, Histogram>& first_messages() const { return first_messages_; }  // by route
  const std::map<std::string, Method>& methods() const { return methods_; }                   // by path

 private:
  Method& MethodOf(absl::string_view path);

  // Ordered, so that two scrapes list the same in the same order.
  std::map<RouteKey, Histogram> requests_;
  std::map<std::string, Histogram> first_messages_;
  std::map<std::string, Method> methods_;
};

}  // namespace penstock::observe

#endif  // PENSTOCK_GATEWAY_OBSERVE_ROUTE_METRICS_H_
