// The router by which the most specific of the templates that match a path wins.
//
//   MostSpecificRouter::Builder builder(Unescape::kAllExceptReserved);
//   builder.Add("GET", *PathTemplate::Parse("/v1/{name=**}"), 0, "pkg.Service.Get");
//   builder.Add("GET", *PathTemplate::Parse("/v1/ticks"), 1, "pkg.Service.Ticks");
//   (*std::move(builder).Build())->Find("GET", "/v1/ticks").route  → 1
//
// Most specific: a verb before none, then segment by segment from the left a literal before "*" before "**". Where such
// a template has no route for the method the next one is asked. Two routes with the same method whose templates differ
// at most in their variables' names clash: Build refuses them. A route for a method goes before one for "*"; HEAD is
// answered by GET's route where it has none of its own.
//
// "*" matches one segment that is not empty, "**" any number of any. Segments are what stands between slashes: neither
// empty nor dot segments are resolved, an escaped slash or colon separates nothing (but with Unescape::kLegacy).
// Literals are compared after decoding (RFC 3986 section 6.2.2.2).
#ifndef PENSTOCK_GATEWAY_ROUTE_MOST_SPECIFIC_ROUTER_H_
#define PENSTOCK_GATEWAY_ROUTE_MOST_SPECIFIC_ROUTER_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/route/path_template.h"
#include "gateway/route/percent.h"
#include "gateway/route/router.h"

namespace penstock::route {

class MostSpecificRouter final : public Router {
 public:
  class Builder;

  using Router::Find;
  Match Find(absl::string_view method, absl::string_view path, bool is_form_post) const override;

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

  explicit MostSpecificRouter(Unescape unescape) : unescape_(unescape), nodes_(1) {}

  Verbs& Place(const PathTemplate& path_template);

  const Unescape unescape_;
  std::vector<Node> nodes_;
};

// REQUIRES of Add: templates of the plain syntax, where "**" comes last and literals are decoded.
class MostSpecificRouter::Builder final : public Router::Builder {
 public:
  explicit Builder(Unescape unescape);

  void Add(absl::string_view method, const PathTemplate& path_template, size_t route, absl::string_view owner) override;
  absl::StatusOr<std::unique_ptr<const Router>> Build() && override;

 private:
  std::unique_ptr<MostSpecificRouter> router_;
  absl::Status clash_;
};

}  // namespace penstock::route

#endif  // PENSTOCK_GATEWAY_ROUTE_MOST_SPECIFIC_ROUTER_H_
