// The admin port: GET /livez, /readyz and /metrics over HTTP/1.1, on a thread of its own. For probes and scrapers, so
// one request a connection, few connections, short deadlines.
//
//   absl::StatusOr<std::unique_ptr<Admin>> admin = Admin::Start(address, {.ready = ..., .metrics = ...});
//   (*admin)->address();   // with the port that was picked
#ifndef PENSTOCK_SERVICE_ADMIN_H_
#define PENSTOCK_SERVICE_ADMIN_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "gateway/net/address.h"

namespace penstock::service {

// What the port shows, asked anew for each request, on the admin thread. Must not block.
struct AdminView {
  std::function<bool()> ready;
  std::function<std::string()> metrics;  // Prometheus text
};

class Admin {
 public:
  // UNAVAILABLE: the address cannot be had; the message names it, the reason and the remedy.
  static absl::StatusOr<std::unique_ptr<Admin>> Start(const net::ListenAddress& address, AdminView view);

  // Closes all connections and joins the thread.
  ~Admin();
  Admin(const Admin&) = delete;
  Admin& operator=(const Admin&) = delete;

  const std::string& address() const { return address_; }

 private:
  class Impl;
  explicit Admin(std::unique_ptr<Impl> impl, std::string address);

  const std::unique_ptr<Impl> impl_;
  const std::string address_;
};

}  // namespace penstock::service

#endif  // PENSTOCK_SERVICE_ADMIN_H_
