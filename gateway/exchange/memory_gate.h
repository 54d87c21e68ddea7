// Turns requests away while the process uses more memory than it may. See gateway/server/memory_guard, which measures.
#ifndef PENSTOCK_GATEWAY_EXCHANGE_MEMORY_GATE_H_
#define PENSTOCK_GATEWAY_EXCHANGE_MEMORY_GATE_H_

#include <atomic>

#include "gateway/exchange/gate.h"

namespace penstock {

class MemoryGate final : public Gate {
 public:
  // `over`: more is in use than allowed. Outlives it.
  explicit MemoryGate(const std::atomic<bool>& over) : over_(over) {}

  Verdict Check(const Request& /*request*/, Waiter& /*waiter*/) const override {
    if (!over_.load(std::memory_order_relaxed)) return Verdict::Pass();
    return Verdict::Refuse({absl::UnavailableError("the gateway has no memory left for another request"),
                            /*unprocessed=*/true});
  }

 private:
  const std::atomic<bool>& over_;
};

}  // namespace penstock

#endif  // PENSTOCK_GATEWAY_EXCHANGE_MEMORY_GATE_H_
