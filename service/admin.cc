#include "service/admin.h"

#include <chrono>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace penstock::service {
namespace {

// A probe or scrape that takes longer has gone away; a connection without one would hold its place.
constexpr std::chrono::seconds kPatience{10};
// Heads of probes are a few lines.
constexpr size_t kMaxHeadBytes = 8 * 1024;

http::SessionOptions Sessions() {
  http::SessionOptions options;
  options.parser.max_header_bytes = kMaxHeadBytes;
  options.header_timeout = kPatience;
  options.body_timeout = kPatience;
  options.idle_timeout = kPatience;
  options.slow_client_timeout = kPatience;
  return options;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Admin>> Admin::Start(const net::ListenAddress& address,
                                                    std::vector<AdminEndpoint> endpoints) {
  std::unique_ptr<Admin> admin(new Admin(std::move(endpoints)));
  http::AcceptorOptions options;
  options.addresses = {address};
  options.max_connections = kMaxConnections;
  options.serve_from_reserve = true;
  auto acceptor = http::Acceptor::Listen(admin->loop_, options, {&admin->sessions_});
  if (!acceptor.ok()) {
    return absl::Status(acceptor.status().code(), absl::StrCat("--admin-listen: ", acceptor.status().message()));
  }
  admin->acceptor_ = *std::move(acceptor);
  admin->acceptor_->Start();
  admin->thread_ = std::thread([&loop = admin->loop_] { loop.Run(); });
  return admin;
}

Admin::Admin(std::vector<AdminEndpoint> endpoints)
    : sessions_(loop_, Sessions(), AdminHandlers(std::move(endpoints))) {}

Admin::~Admin() {
  loop_.Stop();
  if (thread_.joinable()) thread_.join();
}

}  // namespace penstock::service
