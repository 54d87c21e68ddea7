#include "gateway/net/tls_reload.h"

#include <utility>

namespace penstock::net {

TlsReload::TlsReload(Loop& loop, TlsServer& tls, Listener listener)
    : loop_(loop), tls_(tls), listener_(std::move(listener)) {
  loop_.Arm(this, kInterval);
}

void TlsReload::OnTimer() {
  Look();
  loop_.Arm(this, kInterval);
}

void TlsReload::Look() {
  const absl::StatusOr<bool> reloaded = tls_.ReloadIfChanged();
  if (!reloaded.ok() || *reloaded) listener_(reloaded);
}

}  // namespace penstock::net
