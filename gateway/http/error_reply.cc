#include "gateway/http/error_reply.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/base/json_string.h"

namespace penstock::http {

int GrpcCodeOf(int http_status) {
  switch (http_status) {
    case 401:
      return 16;  // UNAUTHENTICATED
    case 403:
      return 7;  // PERMISSION_DENIED
    case 404:
      return 5;  // NOT_FOUND
    case 405:
    case 501:
    case 505:
      return 12;  // UNIMPLEMENTED
    case 408:
    case 504:
      return 4;  // DEADLINE_EXCEEDED
    case 409:
      return 10;  // ABORTED
    case 413:
    case 429:
      return 8;  // RESOURCE_EXHAUSTED
    case 499:
      return 1;  // CANCELLED
    case 502:
    case 503:
      return 14;  // UNAVAILABLE
    default:
      return http_status >= 400 && http_status < 500 ? 3 : 13;  // INVALID_ARGUMENT, INTERNAL
  }
}

std::string ErrorJson(int grpc_code, absl::string_view message) {
  std::string json = absl::StrCat("{\"code\":", grpc_code, ",\"message\":");
  AppendJsonString(message, &json);
  absl::StrAppend(&json, ",\"details\":[]}");
  return json;
}

void SendError(ResponseStream& response, int http_status, int grpc_code, absl::string_view message, Headers extra) {
  const std::string body = ErrorJson(grpc_code, message);
  Headers headers = {{"Content-Type", "application/json"}, {"X-Content-Type-Options", "nosniff"}};
  for (Header& header : extra) headers.push_back(std::move(header));
  response.SendHead(http_status, headers, body.size());
  response.Body().append(body);
  response.CommitBody();
  response.Finish();
}

void SendError(ResponseStream& response, int http_status, absl::string_view message) {
  SendError(response, http_status, GrpcCodeOf(http_status), message);
}

}  // namespace penstock::http
