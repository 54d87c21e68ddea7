// Watches the files of a TlsServer: every kInterval, since who renews certificates (cert-manager, a mounted secret)
// signals nobody, and when told to look (SIGHUP).
//
// One a process, on one loop; made before that loop runs, or on it, and destroyed after it has stopped.
//
//   TlsReload reload(loop, *tls, [](const absl::StatusOr<bool>& reloaded) { … });
#ifndef PENSTOCK_GATEWAY_NET_TLS_RELOAD_H_
#define PENSTOCK_GATEWAY_NET_TLS_RELOAD_H_

#include <chrono>
#include <functional>

#include "absl/status/statusor.h"
#include "gateway/net/loop.h"
#include "gateway/net/timer_wheel.h"
#include "gateway/net/tls_server.h"

namespace penstock::net {

class TlsReload final : private Timer {
 public:
  // Three calls of stat(). Certificates are renewed days before they end.
  static constexpr std::chrono::seconds kInterval{10};

  // Told of each reload (true) and each failed one, not of files that did not change.
  using Listener = std::function<void(const absl::StatusOr<bool>& reloaded)>;

  TlsReload(Loop& loop, TlsServer& tls, Listener listener);

  // Looks now. The loop's thread.
  void Look();

 private:
  void OnTimer() override;

  Loop& loop_;
  TlsServer& tls_;
  const Listener listener_;
};

}  // namespace penstock::net

#endif  // PENSTOCK_GATEWAY_NET_TLS_RELOAD_H_
