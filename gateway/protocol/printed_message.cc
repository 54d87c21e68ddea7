#include "gateway/protocol/printed_message.h"

#include <string>

namespace penstock {

absl::Status PrintMessage(const Schema::Route& route, absl::string_view message, size_t max_bytes,
                          PrintedMessage* printed) {
  if (!route.response.is_http_body()) {
    printed->type = std::string(kJsonType);
    return route.response.Print(message, max_bytes, &printed->body);
  }
  const auto body = route.response.HttpBody(message);
  if (!body.ok()) return body.status();
  if (!body->content_type.empty()) printed->type = std::string(body->content_type);
  printed->body = std::string(body->data);
  return absl::OkStatus();
}

}  // namespace penstock
