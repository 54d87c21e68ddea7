// Which route a request's method and path belong to: built once, then immutable and shared by all threads.
//
//   std::unique_ptr<Router::Builder> builder = std::make_unique<MostSpecificRouter::Builder>(unescape);
//   builder->Add("POST", *PathTemplate::Parse("/v1/ticks:subscribe"), 0, "penstock.tick.v1.TickService.Subscribe");
//   absl::StatusOr<std::unique_ptr<const Router>> router = std::move(*builder).Build();
//   Router::Match match = (*router)->Find("POST", "/v1/ticks:subscribe");
//
// Where the templates of several routes match one path, routers disagree on whose it is. The rules of a schema choose
// one (see SchemaRules); nobody else knows which it is.
#ifndef PENSTOCK_GATEWAY_ROUTE_ROUTER_H_
#define PENSTOCK_GATEWAY_ROUTE_ROUTER_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/route/path_template.h"

namespace penstock::route {

class Router {
 public:
  struct Match {
    enum class Kind { kFound, kNotFound, kMethodNotAllowed, kBadPath };
    Kind kind = Kind::kNotFound;
    size_t route = 0;                    // kFound: what Add was given
    std::vector<std::string> variables;  // kFound: values, decoded, UTF-8, in the order of PathTemplate::variables()
    std::string allow;                   // kMethodNotAllowed: "GET, HEAD, OPTIONS"; empty where none is to be sent
    std::string error;                   // kBadPath: what and where
  };

  class Builder;

  virtual ~Router() = default;

  // `path`: raw, without query. `is_form_post`: the request is a POST with the body of an HTML form, which some routers
  // take for a GET whose query was too long for a target. Costs no more than the path's length and the number of the
  // templates' segments, whatever the path.
  virtual Match Find(absl::string_view method, absl::string_view path, bool is_form_post) const = 0;

  Match Find(absl::string_view method, absl::string_view path) const { return Find(method, path, false); }

 protected:
  Router() = default;
};

class Router::Builder {
 public:
  virtual ~Builder() = default;

  // `method`: "GET", …, or "*" for any. `route`: the caller's index, returned by Find. `owner`: whose route this is,
  // "pkg.Service.Method", for error messages.
  virtual void Add(absl::string_view method, const PathTemplate& path_template, size_t route,
                   absl::string_view owner) = 0;

  // InvalidArgument naming owners and templates where the routes cannot be told apart.
  virtual absl::StatusOr<std::unique_ptr<const Router>> Build() && = 0;
};

}  // namespace penstock::route

#endif  // PENSTOCK_GATEWAY_ROUTE_ROUTER_H_
