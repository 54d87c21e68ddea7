#include "gateway/admin/admin.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "gateway/base/json_string.h"
#include "gateway/http/error_reply.h"

namespace penstock {
namespace {

// {"--listen":":8080",…}
std::string PrintSettings(const std::vector<std::pair<std::string, std::string>>& settings) {
  std::string json = "{";
  for (const auto& [flag, value] : settings) {
    json += json.size() == 1 ? "\n" : ",\n";
    AppendJsonString(flag, &json);
    json += ':';
    AppendJsonString(value, &json);
  }
  json += "\n}\n";
  return json;
}

// "/livez, /readyz and /metrics".
std::string ListPaths(const std::vector<AdminEndpoint>& endpoints) {
  std::string list;
  for (size_t i = 0; i < endpoints.size(); ++i) {
    if (i > 0) list += i + 1 < endpoints.size() ? ", " : " and ";
    list += endpoints[i].path;
  }
  return list;
}

class AdminHandler final : public http::RequestHandler {
 public:
  // `endpoints` outlive the handler.
  AdminHandler(const std::vector<AdminEndpoint>& endpoints, http::RequestHead head, http::ResponseStream& response)
      : endpoints_(endpoints), head_(std::move(head)), response_(response) {}

  void OnRequestHead() override {
    const absl::string_view path = absl::string_view(head_.target).substr(0, head_.target.find('?'));
    const auto endpoint = std::find_if(endpoints_.begin(), endpoints_.end(),
                                       [path](const AdminEndpoint& one) { return path == one.path; });
    if (endpoint == endpoints_.end()) {
      return http::SendError(response_, 404, absl::StrCat("the admin port has ", ListPaths(endpoints_)));
    }
    if (head_.method != "GET" && head_.method != "HEAD") {
      return http::SendError(response_, 405, http::GrpcCodeOf(405), "the admin port is read with GET",
                             {{"Allow", "GET, HEAD"}});
    }
    // The client may be gone, and this with it, before the page is made.
    self_ = std::make_shared<AdminHandler*>(this);
    endpoint->make([weak = std::weak_ptr<AdminHandler*>(self_), type = endpoint->content_type](const AdminPage& page) {
      if (const auto handler = weak.lock()) (*handler)->Send(page, type);
    });
  }
  void OnRequestBody(absl::string_view data) override { response_.ReleaseRequestBody(data.size()); }
  void OnRequestEnd() override {}
  void OnDrained(size_t /*bytes*/) override {}
  void OnClientGone(absl::string_view /*reason*/) override {}
  void OnRequestBroken(int /*status*/, absl::string_view /*message*/) override {}  // answered at the head already

 private:
  void Send(const AdminPage& page, const char* type) {
    response_.SendHead(page.status, {{"Content-Type", type}, {"Cache-Control", "no-store"}}, page.body.size());
    response_.Body().append(page.body);
    response_.CommitBody();
    response_.Finish();
  }

  const std::vector<AdminEndpoint>& endpoints_;
  const http::RequestHead head_;
  http::ResponseStream& response_;
  std::shared_ptr<AdminHandler*> self_;  // while a page is made
};

}  // namespace

AdminEndpoint AdminLiveness() {
  return {"/livez", kPlainText, [](const auto& done) { done({"ok\n"}); }};
}

AdminEndpoint AdminReadiness(std::function<std::vector<std::string>()> not_ready) {
  return {"/readyz", kPlainText, [not_ready = std::move(not_ready)](const auto& done) {
            const std::vector<std::string> reasons = not_ready();
            if (reasons.empty()) return done({"ok\n"});
            done({absl::StrCat("not ready: ", absl::StrJoin(reasons, "; "), "\n"), 503});
          }};
}

AdminEndpoint AdminSettings(std::vector<std::pair<std::string, std::string>> settings) {
  return {"/config", kJsonText, [text = PrintSettings(settings)](const auto& done) { done({text}); }};
}

http::HandlerFactory AdminHandlers(std::vector<AdminEndpoint> endpoints) {
  // Shared, so that the table outlives every copy of the factory and every handler.
  auto shared = std::make_shared<const std::vector<AdminEndpoint>>(std::move(endpoints));
  return [shared](http::RequestHead head, http::ResponseStream& response) {
    return std::make_unique<AdminHandler>(*shared, std::move(head), response);
  };
}

}  // namespace penstock
