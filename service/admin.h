// The admin port of a process that has no loop of its own to spare: the gateway's HTTP server on one thread. For probes
// and scrapers, so few connections and short deadlines.
//
//   auto admin = Admin::Start(address, {AdminLiveness(), …});
//   (*admin)->address();   // with the port that was picked
#ifndef PENSTOCK_SERVICE_ADMIN_H_
#define PENSTOCK_SERVICE_ADMIN_H_

#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/admin/admin.h"
#include "gateway/http/acceptor.h"
#include "gateway/http/session_set.h"
#include "gateway/net/address.h"
#include "gateway/net/loop.h"

namespace penstock::service {

class Admin {
 public:
  // Enough for every prober of a cluster at once; more are answered 503.
  static constexpr size_t kMaxConnections = 64;

  // Listens and answers. `endpoints` are asked on the admin thread and must not block. Fails where the address cannot
  // be had; the message names the flag, the address, the reason and the remedy.
  static absl::StatusOr<std::unique_ptr<Admin>> Start(const net::ListenAddress& address,
                                                      std::vector<AdminEndpoint> endpoints);

  // Closes all connections and joins the thread.
  ~Admin();
  Admin(const Admin&) = delete;
  Admin& operator=(const Admin&) = delete;

  std::string address() const { return net::PrintAddress(acceptor_->addresses().front()); }

 private:
  explicit Admin(std::vector<AdminEndpoint> endpoints);

  net::Loop loop_;
  http::SessionSet sessions_;
  std::unique_ptr<http::Acceptor> acceptor_;
  std::thread thread_;  // runs the loop, and all of the above while it does
};

}  // namespace penstock::service

#endif  // PENSTOCK_SERVICE_ADMIN_H_
