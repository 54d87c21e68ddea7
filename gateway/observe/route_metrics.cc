#include "gateway/observe/route_metrics.h"

#include <algorithm>
#include <iterator>

namespace penstock::observe {
namespace {

constexpr absl::string_view kKnownMethods[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
constexpr char kOther[] = "other";

// A route may be of any method (a custom kind), and a client then chooses what it is called.
std::string MethodLabel(absl::string_view method) {
  const bool known = std::find(std::begin(kKnownMethods), std::end(kKnownMethods), method) != std::end(kKnownMethods);
  return known ? std::string(method) : kOther;
}

}  // namespace

void RouteMetrics::RequestEnded(absl::string_view method, absl::string_view route, int status, absl::Duration duration,
                                absl::optional<absl::Duration> first_message) {
  RouteKey key(MethodLabel(method), std::string(route), status);
  auto at = requests_.find(key);
  if (at == requests_.end()) {
    if (requests_.size() >= kMostRoutes) std::get<1>(key) = kOther;
    at = requests_.emplace(key, Histogram()).first;
  }
  at->second.Observe(absl::ToDoubleSeconds(duration));
  if (first_message) first_messages_[std::get<1>(at->first)].Observe(absl::ToDoubleSeconds(*first_message));
}

RouteMetrics::Method& RouteMetrics::MethodOf(absl::string_view path) {
  const std::string key(path);
  const auto at = methods_.find(key);
  if (at != methods_.end()) return at->second;
  return methods_[methods_.size() < kMostMethods ? key : std::string("/other/other")];
}

void RouteMetrics::CallStarted(absl::string_view path) { ++MethodOf(path).started; }

void RouteMetrics::CallEnded(absl::string_view path, absl::StatusCode code, uint64_t messages) {
  Method& method = MethodOf(path);
  method.messages += messages;
  const auto number = static_cast<size_t>(code);
  ++method.handled[number < kCodes ? number : static_cast<size_t>(absl::StatusCode::kUnknown)];
}

void RouteMetrics::Add(const RouteMetrics& other) {
  for (const auto& [key, histogram] : other.requests_) requests_[key].Add(histogram);
  for (const auto& [route, histogram] : other.first_messages_) first_messages_[route].Add(histogram);
  for (const auto& [path, method] : other.methods_) {
    Method& sum = methods_[path];
    sum.started += method.started;
    sum.messages += method.messages;
    for (size_t i = 0; i < kCodes; ++i) sum.handled[i] += method.handled[i];
  }
}

}  // namespace penstock::observe
