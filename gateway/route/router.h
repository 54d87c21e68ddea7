// Which route a request's method and path belong to: built once, then immutable and shared by all threads.
//
//   Router::Builder builder;
//   absl::Status added = builder.Add("POST", "/v1/ticks:subscribe", 0, "penstock.tick.v1.TickService.Subscribe");
//   absl::StatusOr<std::unique_ptr<const Router>> router = std::move(builder).Build();
//   Router::Match match = (*router)->Find("POST", "/v1/ticks:subscribe");
//
// Of the templates that match a path the most specific wins: a verb before none, then segment by segment from the left
// a literal before "*" before "**". Where it has no route for the method the next one is asked. Two routes with the
// same method whose templates differ at most in their variables' names clash: Build refuses them. A route for a method
// goes before one for "*".
//
// "*" matches one segment that is not empty, "**" any number of any. Segments are what stands between slashes: neither
// empty nor dot segments are resolved, an escaped slash or colon separates nothing (but with Unescape::kLegacy).
// Literals are compared after decoding (RFC 3986 section 6.2.2.2).
#ifndef PENSTOCK_GATEWAY_ROUTE_ROUTER_H_
#define PENSTOCK_GATEWAY_ROUTE_ROUTER_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/route/path_template.h"
#include "gateway/route/percent.h"

namespace penstock::route {

class Router {
 public:
  struct Match {
    enum class Kind { kFound, kNotFound, kMethodNotAllowed, kBadPath };
    Kind kind = Kind::kNotFound;
    size_t route = 0;                    // kFound: what Add was given
    std::vector<std::string> variables;  // kFound: values, decoded, in the order of PathTemplate::variables()
    std::string allow;                   // kMethodNotAllowed: "GET, HEAD, OPTIONS"
    std::string error;                   // kBadPath: what and where
  };

  class Builder;

  // `path`: raw, without query. HEAD is answered by GET's route where it has none of its own. Costs no more than the
  // path's length and the number of templates' segments, whatever the path.
  Match Find(absl::string_view method, absl::string_view path) const;

 private:
  struct Entry {
    std::string method;
    size_t route;
    std::vector<PathTemplate::Variable> variables;
    std::string path_template;  // for errors of Build
    std::string owner;
  };

  // Where templates end: the routes of each verb ("" for none).
  using Verbs = absl::flat_hash_map<std::string, std::vector<Entry>>;

  // A place in the tree of segments; its depth is the number of segments before it. Nodes are indices into nodes_, 0
  // is the root and, as a child, none.
  struct Node {
    absl::flat_hash_map<std::string, size_t> literals;
    size_t star = 0;
    Verbs ends;            // templates that end here
    Verbs star_star_ends;  // templates whose "**" comes here
  };

  class Search;

  explicit Router(Unescape unescape) : unescape_(unescape), nodes_(1) {}

  Verbs& Place(const PathTemplate& path_template);

  const Unescape unescape_;
  std::vector<Node> nodes_;
};

class Router::Builder {
 public:
  explicit Builder(Unescape unescape = Unescape::kAllExceptReserved);

  // `method`: "GET", …, or "*" for any. `route`: the caller's index, returned by Find. `owner`: whose route this is,
  // "pkg.Service.Method", for error messages.
  absl::Status Add(absl::string_view method, absl::string_view path_template, size_t route, absl::string_view owner);

  // InvalidArgument naming both owners and both templates where two routes clash.
  absl::StatusOr<std::unique_ptr<const Router>> Build() &&;

 private:
  std::unique_ptr<Router> router_;
  absl::Status clash_;
};

}  // namespace penstock::route

#endif  // PENSTOCK_GATEWAY_ROUTE_ROUTER_H_
