// The router of the grpc-gateway dialect: of the routes that match a request the one that was added last wins, however
// specific the others are. What it matches, and what it makes of variables, is what grpc-gateway's runtime (v2.33) does
// behind Go's HTTP server.
//
//   LastRegisteredRouter::Builder builder(Unescape::kLegacy);
//   builder.Add("GET", *PathTemplate::Parse("/v1/ticks", LastRegisteredRouter::kSyntax), 0, "pkg.Service.Ticks");
//   builder.Add("GET", *PathTemplate::Parse("/v1/{id}", LastRegisteredRouter::kSyntax), 1, "pkg.Service.Get");
//   (*std::move(builder).Build())->Find("GET", "/v1/ticks").route  → 1
//
// - A template with a verb matches where the last segment ends in it with something before; one without takes "x:y" as
//   it is. "*" matches an empty segment as well, "**" none or any. "**" may have segments after it.
// - Methods are compared as they are: HEAD is not GET, and nothing is said of OPTIONS. A posted form falls back to the
//   GET route. "*" comes last of all, where grpc-gateway, which knows no such thing, would refuse.
// - kMethodNotAllowed has no `allow`.
// - Literals are compared as they are written. With Unescape::kLegacy, and where a path is escaped no more than Go
//   would do it, the whole path is decoded first; with kAll an escaped slash separates segments.
#ifndef PENSTOCK_GATEWAY_GRPC_GATEWAY_LAST_REGISTERED_ROUTER_H_
#define PENSTOCK_GATEWAY_GRPC_GATEWAY_LAST_REGISTERED_ROUTER_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/route/path_template.h"
#include "gateway/route/percent.h"
#include "gateway/route/router.h"

namespace penstock::grpc_gateway {

class LastRegisteredRouter final : public route::Router {
 public:
  class Builder;

  // The templates that grpc-gateway's generator takes.
  static constexpr route::TemplateSyntax kSyntax = {
      .segments_after_star_star = true, .colons_in_literals = true, .decode_literals = false};

  using route::Router::Find;
  Match Find(absl::string_view method, absl::string_view path, bool is_form_post) const override;

 private:
  struct Entry {
    route::PathTemplate path_template;
    size_t route;
    std::string verb_suffix;  // ":verb", or empty
    size_t star_star;         // index of the segment that is "**", or kNone
  };
  static constexpr size_t kNone = static_cast<size_t>(-1);

  // The routes of one method. by_length[n]: those that can match a path of n segments, last added first; the last one
  // of by_length stands for all lengths from there on, where only "**" matches.
  struct Routes {
    std::vector<Entry> entries;
    std::vector<std::vector<const Entry*>> by_length;

    void Index();
  };

  class Path;

  explicit LastRegisteredRouter(route::Unescape unescape) : unescape_(unescape) {}

  const Entry* FindEntry(absl::string_view method, const Path& path) const;
  static const Entry* FindEntry(const Routes& routes, const Path& path);
  bool MatchesAnyMethod(const Path& path) const;

  const route::Unescape unescape_;
  absl::flat_hash_map<std::string, Routes> by_method_;
};

class LastRegisteredRouter::Builder final : public route::Router::Builder {
 public:
  explicit Builder(route::Unescape unescape);

  void Add(absl::string_view method, const route::PathTemplate& path_template, size_t route,
           absl::string_view owner) override;

  // Always good: of two routes that are alike the last one wins, too.
  absl::StatusOr<std::unique_ptr<const route::Router>> Build() && override;

 private:
  std::unique_ptr<LastRegisteredRouter> router_;
};

}  // namespace penstock::grpc_gateway

#endif  // PENSTOCK_GATEWAY_GRPC_GATEWAY_LAST_REGISTERED_ROUTER_H_
