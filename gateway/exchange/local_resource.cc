#include "gateway/exchange/local_resource.h"

#include "gateway/http/error_reply.h"

namespace penstock {

absl::optional<http::StaticReply> DocumentResource::Find(const http::RequestHead& head, absl::string_view path) const {
  if (json_ == nullptr || path != path_) return absl::nullopt;
  http::StaticReply reply;
  reply.owned = json_;
  reply.headers = {{"Content-Type", "application/json"}, {"X-Content-Type-Options", "nosniff"}};
  if (head.method == "GET" || head.method == "HEAD") {
    reply.headers.push_back({"Cache-Control", "no-cache"});  // another schema may come at any time
  } else {
    reply.status = 405;
    reply.headers.push_back({"Allow", "GET, HEAD"});
    reply.owned =
        std::make_shared<const std::string>(http::ErrorJson(http::GrpcCodeOf(405), "this document is read with GET"));
  }
  reply.body = *reply.owned;
  return reply;
}

}  // namespace penstock
