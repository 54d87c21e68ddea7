#include "gateway/admin/admin.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/base/json_string.h"
#include "gateway/http/error_reply.h"

namespace penstock {
namespace {

// {"--listen":":8080",…}, a line a flag. No flag's value is a secret: keys and certificates are files.
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

class AdminHandler final : public http::RequestHandler {
 public:
  AdminHandler(const AdminView& view, http::RequestHead head, http::ResponseStream& response)
      : view_(view), head_(std::move(head)), response_(response) {}

  void OnRequestHead() override {
    const absl::string_view path = absl::string_view(head_.target).substr(0, head_.target.find('?'));
    if (path != "/livez" && path != "/readyz" && path != "/metrics" && path != "/streams" && path != "/config") {
      return http::SendError(response_, 404, "the admin port has /livez, /readyz, /metrics, /streams and /config");
    }
    if (head_.method != "GET" && head_.method != "HEAD") {
      return http::SendError(response_, 405, http::GrpcCodeOf(405), "the admin port is read with GET",
                             {{"Allow", "GET, HEAD"}});
    }
    if (path == "/metrics") return SendGathered(view_.metrics, kPrometheus);
    if (path == "/config") return Send(200, kJson, PrintSettings(view_.settings));
    if (path == "/streams") return SendGathered(view_.streams, kJson);
    if (path == "/livez") return Send(200, kText, "ok\n");
    const std::vector<std::string> reasons = view_.not_ready();
    if (reasons.empty()) return Send(200, kText, "ok\n");
    Send(503, kText, absl::StrCat("not ready: ", absl::StrJoin(reasons, "; "), "\n"));
  }
  void OnRequestBody(absl::string_view data) override { response_.ReleaseRequestBody(data.size()); }
  void OnRequestEnd() override {}
  void OnDrained(size_t /*bytes*/) override {}
  void OnClientGone(absl::string_view /*reason*/) override {}
  void OnRequestBroken(int /*status*/, absl::string_view /*message*/) override {}  // answered at the head already

 private:
  static constexpr char kText[] = "text/plain; charset=utf-8";
  static constexpr char kJson[] = "application/json";
  static constexpr char kPrometheus[] = "text/plain; version=0.0.4; charset=utf-8";

  // The client may be gone, and this with it, before all loops have told.
  void SendGathered(const AdminView::Gather& gather, const char* type) {
    self_ = std::make_shared<AdminHandler*>(this);
    gather([weak = std::weak_ptr<AdminHandler*>(self_), type](const std::string& text) {
      if (const auto handler = weak.lock()) (*handler)->Send(200, type, text);
    });
  }

  void Send(int status, const char* type, const std::string& body) {
    response_.SendHead(status, {{"Content-Type", type}, {"Cache-Control", "no-store"}}, body.size());
    response_.Body().append(body);
    response_.CommitBody();
    response_.Finish();
  }

  const AdminView& view_;
  const http::RequestHead head_;
  http::ResponseStream& response_;
  std::shared_ptr<AdminHandler*> self_;  // while an answer is gathered
};

}  // namespace

http::HandlerFactory AdminHandlers(AdminView view) {
  // Shared, so that the view outlives every copy of the factory and every handler.
  auto shared = std::make_shared<const AdminView>(std::move(view));
  return [shared](http::RequestHead head, http::ResponseStream& response) {
    return std::make_unique<AdminHandler>(*shared, std::move(head), response);
  };
}

}  // namespace penstock
